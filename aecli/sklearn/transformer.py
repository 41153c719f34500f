"""AutoencoderTransformer: rows to codes and back."""

import numpy as np
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils.validation import check_array, check_is_fitted

from aecli.errors import BadRequest
from aecli.sklearn.estimator import FLOATS, Autoencoding
from aecli.sklearn.lazily import programs


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, Autoencoding):
    """Turns rows of numbers into the codes of an autoencoder, and codes into rows.

    model, network: options, as `aecli list model` shows them. latent_dim: numbers a code; None: as
    the model's preset has it, at most half the columns. epochs, batch_size, learning_rate: of the
    training. scale: "standard", "minmax" or "robust", by column; None: X as it is. overrides: other
    keys as the command line has them, {"network.widths": [64, 16], "noise": "gaussian"}.
    random_state: an int gives the same result each time. verbose: 1 shows a bar.

    loss_curve_: the loss of each epoch, nats a row. n_features_in_, feature_names_in_.
    """

    def transform(self, X):
        """Codes [N, K] of rows [N, D], of the posterior the mean, in the type of X."""
        program = programs()
        X = self._rows(X)
        return self._ask(program.codes, self._scaled(X)).astype(X.dtype)

    def inverse_transform(self, X):
        """Rows [N, D], in the unit of the training's, of codes X [N, K]. Raises BadRequest."""
        program = programs()
        check_is_fitted(self)
        X = check_array(X, dtype=FLOATS)
        if X.shape[1] != self._n_features_out:
            raise BadRequest(f"codes have {self._n_features_out} numbers each; got {X.shape[1]}")
        return self._unscaled(self._ask(program.rows, X)).astype(X.dtype)

    @property
    def _n_features_out(self) -> int:
        program = programs()
        with program.BUSY:
            found = program.program(self._config, self.n_features_in_, self._examples)
            return int(np.prod(found.model.code_shape))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
