"""The mutual information gap (Chen 2018)."""

import dataclasses
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.metrics.base import Figures
from aecli.metrics.disentanglement import mig
from aecli.metrics.disentanglement.mutual_information import (
    discretised,
    entropy,
    mutual_information,
)
from aecli.metrics.disentanglement.of_run import Count, FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity

Bins = Annotated[int, Field(ge=2, description="equally wide bins of a code, over its own range")]


@dataclasses.dataclass(frozen=True, kw_only=True)
class MIG(FactorMetric):
    """Mean over factors of (I1 - I2) / H(v): the information of the two codes that know most of it.

    estimator=bins: of the codes without draws of n images, counted in `bins` bins each, as
    disentanglement_lib. posterior: by the aggregate posterior of draws, as in the paper, over n
    images and, for each value of each factor, n_given.

    Ambiguous: one outlier moves every bin; 20 bins cannot hold 40 orientations, so the true factors
    do not score 1. The paper's mixtures are of all images, its dSprites leaves the shape out; of
    n_given images the information comes out too high where posteriors are narrow. Two codes with
    the same information give 0, however clean.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "mig": Quantity("", HIGHER, "mutual information gap, as a share of the factor's entropy")
    }

    estimator: Literal["bins", "posterior"] = "bins"
    n: Count = 10_000
    bins: Bins = 20
    n_given: Count = 1_000

    def score(self, of: Represented) -> Figures:
        rng = self.rng()
        if self.estimator == "bins":
            codes, values = of.sample(self.n, rng)
            information = mutual_information(discretised(codes, self.bins), values)
            return {"mig": float(mig.gaps(information, entropy(values)).mean())}
        if of.posterior is None:
            raise NotApplicable(
                "estimator=posterior needs a Gaussian posterior, as model=vae; else estimator=bins"
            )
        information = mig.posterior_information(of, self.n, self.n_given, rng)
        return {"mig": float(mig.gaps(information, np.log(of.sizes)).mean())}
