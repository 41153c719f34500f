"""Whether images that are neighbours by their codes are neighbours by their (clean) pixels."""

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.metrics.baselines import flat
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trustworthiness(Metric):
    """trustworthiness of the codes (Venna & Kaski 2001), by scikit-learn."""

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {
        "trustworthiness": Quantity(
            "", HIGHER, "whether neighbours by code are neighbours by pixels, of 1"
        )
    }

    n: Annotated[int, Field(ge=2, description="images, at most; time grows as n^2")] = 2000
    k: Annotated[int, Field(ge=1, description="neighbours")] = 5

    def __call__(self, evaluation: Evaluation) -> Figures:
        return self._of(evaluation, evaluation.codes)

    def baselines(self, evaluation: Evaluation) -> dict[str, Figures]:
        return {evaluation.pca_name: self._of(evaluation, evaluation.pca_codes)}

    def _of(self, evaluation: Evaluation, codes: np.ndarray) -> Figures:
        from sklearn.manifold import trustworthiness

        rows = evaluation.some(self.n)
        if len(rows) <= 2 * self.k:
            raise NotApplicable(f"needs more than {2 * self.k} images")
        pixels, code = (flat(a[rows]) for a in (evaluation.target, codes))
        return {"trustworthiness": float(trustworthiness(pixels, code, n_neighbors=self.k))}
