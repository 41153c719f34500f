"""How far the units of a code depend on each other; of any data, without factors."""

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.metrics.disentanglement import dependence
from aecli.metrics.disentanglement.of_run import UNITS
from aecli.metrics.mig import Bins
from aecli.quantity import LOWER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dependence(Metric):
    """How far codes are from independent units: a Gaussian of their covariance, and information.

    Total correlation and Wasserstein distance of the Gaussian from one of independent units, and
    the mean mutual information of two units.

    The codes are those of n images of the split, without draws; units that do not vary are left
    out. The unsupervised scores of disentanglement_lib, which draws the images from all factors.

    Ambiguous: a Gaussian sees linear dependence alone, and some rotation of the codes takes all of
    it away. Units that are multiples of each other have an infinite total correlation. Information
    by `bins` bins is above 0 by chance.
    """

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {
        "gaussian_total_correlation": Quantity(
            "nats", LOWER, "of a Gaussian with the codes' covariance; 0 if uncorrelated"
        ),
        "gaussian_wasserstein_correlation": Quantity(
            "", LOWER, "its squared distance from independent units, in units of the codes squared"
        ),
        "gaussian_wasserstein_correlation_norm": Quantity(
            "", LOWER, "that, as a share of the codes' variance"
        ),
        "code_information": Quantity(
            "nats", LOWER, "mean mutual information of two code units, by bins"
        ),
    }

    n: Annotated[int, Field(ge=2, description="images, at most")] = 10_000
    bins: Bins = 20

    def __call__(self, evaluation: Evaluation) -> Figures:
        units = math.prod(evaluation.run.model.code_shape)
        if not 2 <= units <= UNITS:
            raise NotApplicable(f"needs a code of 2 to {UNITS} units: this one has {units:,}")
        return self._of(evaluation, evaluation.codes)

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        return {evaluation.pca_name: self._of(evaluation, evaluation.pca_codes)}

    def _of(self, evaluation: Evaluation, codes: np.ndarray) -> Figures:
        rows = codes[evaluation.some(self.n)].reshape(-1, math.prod(codes.shape[1:]))
        rows = rows.astype("float64")
        rows = rows[:, np.ptp(rows, axis=0) > 0]
        if rows.shape[1] < 2:
            return dict.fromkeys(self.about)
        covariance = np.cov(rows.T)
        distance = dependence.wasserstein_correlation(covariance)
        return {
            "gaussian_total_correlation": dependence.total_correlation(covariance),
            "gaussian_wasserstein_correlation": distance,
            "gaussian_wasserstein_correlation_norm": distance / float(np.trace(covariance)),
            "code_information": dependence.information_between(rows, self.bins),
        }
