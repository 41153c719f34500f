"""AutoencoderDetector: which rows are unlike those of the training."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import OutlierMixin

from aecli.errors import BadRequest
from aecli.sklearn.estimator import Autoencoding
from aecli.sklearn.lazily import programs


class AutoencoderDetector(OutlierMixin, Autoencoding):
    """Finds outliers as rows that an autoencoder of the training rows does not give back.

    contamination: the share of the training rows that lies beyond the threshold, in (0, 0.5]; else
    as AutoencoderTransformer. criterion: "reconstruction", the mean squared error a column in the
    unit of `scale`; "elbo", the negative ELBO in nats (model="vae"); "distance" from the centre
    (model="deep_svdd"); None: the model's own.

    offset_: score_samples at the threshold; decision_function is what lies above it. As PyOD has
    them: decision_scores_, of the training rows, the higher the less normal; threshold_ among them;
    labels_, 1 of an outlier and 0 of an inlier. decision_function and predict are scikit-learn's:
    the lower the less normal, and -1 of an outlier.
    """

    kept: ClassVar[tuple[str, ...]] = (
        *Autoencoding.kept, "offset_", "threshold_", "decision_scores_", "labels_",
    )  # fmt: skip

    def __init__(
        self, model: str = "ae", *, contamination: float = 0.1,
        criterion: str | None = None, network: str = "mlp", latent_dim: int | None = None,
        epochs: int = 50,
        batch_size: int = 64, learning_rate: float = 0.001, scale: str | None = "standard",
        overrides: Mapping[str, Any] | None = None, random_state: Any = None, verbose: int = 0,
    ):  # fmt: skip
        super().__init__(
            model, network=network, latent_dim=latent_dim, epochs=epochs, batch_size=batch_size,
            learning_rate=learning_rate, scale=scale, overrides=overrides,
            random_state=random_state, verbose=verbose,
        )  # fmt: skip
        self.contamination = contamination
        self.criterion = criterion

    def fit(self, X, y=None):
        """Train on rows X [N, D]; y is not looked at. Raises BadRequest for a setting."""
        if not 0 < self.contamination <= 0.5:
            raise BadRequest(f"contamination must be in (0, 0.5]; got {self.contamination!r}")
        return super().fit(X, y)

    def _after(self, X):
        self.decision_scores_ = self._outlyingness(X)
        share = 100.0 * (1.0 - self.contamination)
        self.threshold_ = float(np.percentile(self.decision_scores_, share))
        self.offset_ = -self.threshold_
        self.labels_ = (self.decision_scores_ > self.threshold_).astype(int)

    def _outlyingness(self, X: np.ndarray) -> np.ndarray:
        program = programs()
        return self._ask(program.outlyingness(self.criterion), self._scaled(X))

    def score_samples(self, X):
        """[N], the lower the less normal. X: rows [N, D]."""
        return -self._outlyingness(self._rows(X))

    def decision_function(self, X):
        """[N], how far score_samples is above the threshold: below 0 of an outlier."""
        return self.score_samples(X) - self.offset_

    def predict(self, X):
        """[N], -1 of an outlier and 1 of an inlier."""
        return np.where(self.decision_function(X) < 0, -1, 1)
