"""Modularity (Ridgeway & Mozer 2018)."""

import dataclasses
from typing import ClassVar, Literal

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement.modularity import modularity
from aecli.metrics.disentanglement.mutual_information import discretised, mutual_information
from aecli.metrics.disentanglement.of_run import Count, FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.metrics.mig import Bins
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Modularity(FactorMetric):
    """Whether each code unit has information of one factor alone, a mean over units.

    Information by `bins` bins of the codes of n images, as disentanglement_lib.

    Ambiguous: a unit without any information counts as 0 there; dead_units=left_out takes the mean
    over the others. One of pure noise has some by chance, most of the factor with most values, and
    seems modular.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "modularity": Quantity("", HIGHER, "whether a code unit knows of one factor alone, of 1")
    }

    n: Count = 10_000
    bins: Bins = 20
    dead_units: Literal["zero", "left_out"] = "zero"

    def score(self, of: Represented) -> Figures:
        codes, values = of.sample(self.n, self.rng())
        information = mutual_information(discretised(codes, self.bins), values)
        return {"modularity": modularity(information, self.dead_units == "zero")}
