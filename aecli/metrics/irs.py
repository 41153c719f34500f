"""The interventional robustness score (Suter 2019)."""

import dataclasses
from typing import Annotated, ClassVar

from pydantic import Field

from aecli.metrics.base import Figures
from aecli.metrics.disentanglement.irs import irs
from aecli.metrics.disentanglement.of_run import Count, FactorMetric
from aecli.metrics.disentanglement.represented import Represented
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class IRS(FactorMetric):
    """How little a code unit moves while its own factor stays and the others change.

    Over n images, by the `quantile` of the deviations from the mean at each value of the factor, as
    a share of the largest deviation of all; units count by that largest one.

    Ambiguous: the paper takes the maximum (quantile=1), disentanglement_lib 0.99 and no published
    count of images; it also puts factors of more than 20 values into 20 bins, here each value is
    its own. The quantile of a bell curve is far below its maximum: a unit of pure noise scores
    about 0.3. Codes in another unit weigh more.
    """

    about: ClassVar[dict[str, Quantity]] = {
        "irs": Quantity("", HIGHER, "how still a unit is while its factor is, of 1"),
        "irs_active": Quantity("", "", "code units that vary at all"),
    }

    n: Count = 10_000
    quantile: Annotated[float, Field(gt=0, le=1, description="1: the maximum, as in the paper")] = (
        0.99
    )

    def score(self, of: Represented) -> Figures:
        score, active = irs(*of.sample(self.n, self.rng()), self.quantile)
        return {"irs": score, "irs_active": active}
