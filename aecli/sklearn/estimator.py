"""What the estimators share: their parameters, fit, and the folder that they are kept in."""

import functools
import json
import os
import pathlib
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, check_random_state, validate_data

from aecli.errors import BadRequest
from aecli.sklearn import stored
from aecli.sklearn.lazily import programs

FLOATS: Any = [np.float64, np.float32]
SCALES = (None, "standard", "minmax", "robust")
TAKEN = ("model", "network", "loss", "noise", "optimizer", "schedule", "trainer")
SEEDS = 2**31 - 1


class Autoencoding(BaseEstimator):
    """Base of the estimators: a model that is trained in memory on rows [N, D].

    Its weights are arrays, and pickle, joblib and copy take it as they take any estimator.
    """

    n_features_in_: int
    feature_names_in_: np.ndarray
    kept: ClassVar[tuple[str, ...]] = ("loss_curve_",)  # numbers of a fit that save writes

    def __init__(
        self, model: str = "ae", *, network: str = "mlp", latent_dim: int | None = None,
        epochs: int = 50, batch_size: int = 64, learning_rate: float = 0.001,
        scale: str | None = "standard", overrides: Mapping[str, Any] | None = None,
        random_state: Any = None, verbose: int = 0,
    ):  # fmt: skip
        self.model = model
        self.network = network
        self.latent_dim = latent_dim
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale = scale
        self.overrides = overrides
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X, y=None):
        """Train on rows X [N, D]; y is not looked at. Raises BadRequest for a setting."""
        rows: Any = validate_data(self, X, dtype=FLOATS, ensure_min_samples=2)
        program = programs()
        with program.BUSY:
            config = self._configured(rows.shape[1])
            x = self._fit_scale(rows)
            found = program.program(config, rows.shape[1], len(x))
            found.model.check_range(float(x.min()), float(x.max()))
            self.loss_curve_: list[float]
            self._config, self._examples = config, len(x)
            self._weights, self.loss_curve_ = found.fit(config, x, self._counted)
        self._after(rows)
        return self

    def _after(self, X: np.ndarray) -> None:
        """What is learnt of the training rows once the model is trained."""

    def _ask(self, question: Any, *arrays: np.ndarray) -> np.ndarray:
        program = programs()
        with program.BUSY:
            found = program.program(self._config, self.n_features_in_, self._examples)
            return found.ask(self._weights, question, *arrays)

    def _rows(self, X: Any) -> np.ndarray:
        """X as fit has seen it, [N, D]. Raises NotFittedError, ValueError."""
        check_is_fitted(self)
        found: Any = validate_data(self, X, dtype=FLOATS, reset=False)
        return found

    def _counted(self, epochs: int) -> Any:
        from tqdm.auto import trange

        return trange(epochs, desc="epochs", disable=not self.verbose)

    # ---- the config ------------------------------------------------------------------------------

    def _configured(self, columns: int) -> dict[str, Any]:
        seed = self.random_state
        if not isinstance(seed, int | np.integer):
            seed = check_random_state(seed).randint(SEEDS)
        overrides = dict(self.overrides or {})
        config = json.loads(_composed(json.dumps([self._stated(), overrides])))
        if self.latent_dim is None and "model.latent_dim" not in overrides:
            _narrow(config["model"], columns)
        return config | {"seed": int(seed)}

    def _stated(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "network": self.network,
            "loss": "mse",
            "latent_dim": self.latent_dim,
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "learning_rate": self.learning_rate,
        }

    # ---- the scale -------------------------------------------------------------------------------

    def _fit_scale(self, X: np.ndarray) -> np.ndarray:
        from aecli.datasets.scaling import fitted

        if self.scale not in SCALES:
            raise BadRequest(f"scale must be one of {SCALES}; got {self.scale!r}")
        x = X.astype(np.float32)
        if self.scale is None:
            offset, divisor = np.zeros(X.shape[1]), np.ones(X.shape[1])
        else:
            found: Any = fitted("X", x.reshape(len(x), 1, -1, 1), self.scale, "feature")
            offset, divisor = found.offset.ravel(), found.divisor.ravel()
        self._offset, self._divisor = offset.astype(np.float32), divisor.astype(np.float32)
        return self._scaled(X)

    def _scaled(self, X: np.ndarray) -> np.ndarray:
        return (X.astype(np.float32) - self._offset) / self._divisor

    def _unscaled(self, x: np.ndarray) -> np.ndarray:
        return x * self._divisor + self._offset

    # ---- the folder ------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike) -> pathlib.Path:
        """Write it to a folder that is not there yet, as numbers and words: nothing is pickled.

        Returns the folder. Raises BadRequest where something is there already.
        """
        check_is_fitted(self)
        return stored.write(pathlib.Path(path).expanduser(), self)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Any:
        """The estimator in a folder that save wrote. Raises BadRequest for any other."""
        return stored.read(pathlib.Path(path).expanduser(), cls)


@functools.lru_cache(64)
def _composed(text: str) -> str:
    """The parts of a training's config that concern one in memory, as JSON; of words as JSON."""

    from aecli import build
    from aecli.api.plainly import plainly
    from aecli.api.words import words
    from aecli.console.wanted import wanted

    stated, overrides = json.loads(text)
    for key in overrides:
        if key.split(".")[0].partition("@")[0] not in TAKEN:
            raise BadRequest(
                f"overrides[{key!r}]: an estimator trains in memory, and takes {', '.join(TAKEN)}; "
                "a run with the rest: aecli.train(X, ...)"
            )
    said = words((overrides,), stated)
    with plainly("train", said):
        config = wanted(said, [], None).config
    found = build.plain(config)
    parts = {key: node for key, node in found.items() if key.endswith("_optimizer")}
    return json.dumps(parts | {key: found[key] for key in TAKEN}, sort_keys=True)


def _narrow(node: dict[str, Any], columns: int) -> None:
    """Make the code at most half as wide as a row, unless few of its units are active."""
    from aecli import targets

    kind: Any = targets.checked(node, "model")
    if isinstance(node.get("latent_dim"), int) and not kind.is_sparse:
        node["latent_dim"] = max(1, min(node["latent_dim"], columns // 2))
