"""Run: a trained autoencoder as a Python session uses it."""

import pathlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from aecli import build, look, runs
from aecli.api import composed, shown
from aecli.api.detection import Detection
from aecli.api.further import Further
from aecli.api.opened import Path
from aecli.api.plainly import plainly
from aecli.io import request
from aecli.untrusted import tables

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from aecli.models.base import Autoencoder


class Run(Further):
    """A finished training: what its model makes of data, how good it is, and its folder.

    X: an array [N, ...] of examples like those of the training, or a data frame (pandas, polars)
    for a run on a table, its columns by name; for a text a list of sentences. Numbers are in the
    unit of the training's data, before any scaling; bytes may be given as 0..255 or in [0, 1], and
    come back so. labels: [N], or one for all, for a model that is told labels (model="cvae").
    Raises BadRequest for other data, NotApplicable for what the model cannot be asked.
    """

    # ---- data through the model ------------------------------------------------------------

    def encode(self, X: Any, labels: Any = None, *, seed: int | None = None) -> np.ndarray:
        """Returns the codes, [N, *code_shape] float32; of a codebook whole numbers.

        seed: for a draw from the posterior; None: its mean.
        """
        from aecli.io import answers

        with plainly("encode"):
            return answers.encoded(self._run, self._given(X, labels).images, seed)

    def decode(self, codes: Any, labels: Any = None) -> np.ndarray:
        """Returns the expected examples of codes [N, ...], as `encode` gives them."""
        with plainly("decode"):
            request.wake(self._run)
            from aecli.io import answers, arrays

            z = arrays.codes(self._run, codes)
            told = arrays.told(self._run, labels, len(z))
            return arrays.given_back(self._run, answers.decoded(self._run, z, "the array", told))

    def reconstruct(self, X: Any, labels: Any = None) -> Any:
        """Returns the expected examples of X's codes, in X's kind, shape and unit."""
        from aecli.io import answers

        with plainly("reconstruct"):
            given = self._given(X, labels)
            return given.back(self._run, answers.reconstructed(self._run, given.images))

    def generate(
        self, n: int = 64, *, seed: int = 0, label: int | str | None = None,
        sampler: str | None = None, **settings: Any,
    ) -> Any:  # fmt: skip
        """Returns n new examples, decoded from codes of the prior.

        sampler: another density of the codes, as `aecli list sampler` has them ("gmm"; None: the
        model's own prior, or gmm where it has none); settings: its keys, components=20. label: of a
        model that is told labels; None: each in turn.
        """
        said = {f"sampler.{key}": value for key, value in settings.items()}
        said |= {"n": n, "seed": seed, "label": label, "sampler": sampler}
        with plainly("generate"):
            cfg = composed.config("generate", said)
            request.check(cfg, request.of_generate)
            density = request.sampler(cfg)
            request.wake(self._run)
            from aecli.io import answers, arrays, conditions

            told = conditions.stated(self._run, label)
            new = answers.generated(self._run, n, seed, density, told)
            return arrays.given_back(self._run, new.x)

    # ---- how like the training -------------------------------------------------------------

    def score(self, X: Any, labels: Any = None, *, score: str | None = None) -> np.ndarray:
        """Returns how unlike the training's each example is, [N] float64: high is anomalous.

        score: reconstruction (mean squared error a pixel), elbo (negative, in nats), mahalanobis,
        distance; None: the model's own.
        """
        with plainly("detect"):
            _check_detection(score=score)
            given = self._given(X, labels, beyond=True)
            from aecli.metrics.detection.values import asked_of

            return asked_of(self._run, score, None).scores(self._run, given.images)

    def detect(
        self, X: Any, labels: Any = None, *, score: str | None = None,
        quantile: float | None = None, contamination: float | None = None,
        normal: Sequence[int | str] | None = None, seed: int = 0,
    ) -> Detection:  # fmt: skip
        """Returns a score and a verdict for each example, as `aecli detect`.

        An example is anomalous whose score is above the threshold: `quantile` of the scores of the
        validation part (None: as the run keeps it, else 0.95), or the score that the share
        `contamination` of it exceeds. labels, normal: which of the labels are normal; then the
        metrics say how right it was.
        """
        asked = list(normal) if normal is not None else None
        with plainly("detect"):
            _check_detection(
                score=score, quantile=quantile, contamination=contamination, normal=asked, seed=seed
            )
            given = self._given(X, labels, beyond=True, are_told=False)
            from aecli.api import detection

            limits = quantile, contamination
            return detection.detected(self._run, given.images, score, asked, limits, seed)

    # ---- how good --------------------------------------------------------------------------

    def evaluate(
        self, X: Any = None, labels: Any = None, *, split: str = "test", card: str = "basic",
        metrics: str | Sequence[str] | None = None, sampler: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """Returns {metric: value, ..., "baselines": {name: {metric: value}}, "about": ...}.

        X: None: the run's own `split` (train, val, test). metrics: as `aecli list metrics`; card:
        "full": every one that fits.
        """
        said = {"split": split, "card": card, "sampler": sampler, "metrics": _listed(metrics)}
        with plainly("eval"):
            cfg = composed.config("eval", said)
            from aecli.metrics import evaluating

            evaluating.metrics_of(cfg)
            return evaluating.evaluate(self._shown(X, labels), cfg)

    def figure(self, name: str, X: Any = None, labels: Any = None, **settings: Any) -> "Figure":
        """Returns a figure as a matplotlib.figure.Figure, nothing written.

        name: as `aecli list figures` has them: "loss_curve", "reconstructions", "manifold" ... X:
        examples in place of the run's test part. settings: its keys, as manifold's n=20.
        """
        with plainly(f"plot-{name}"):
            cfg = composed.figure(name, settings)
            from aecli.figures import asked

            with look.of(cfg).used():
                return asked.drawn(cfg, name, lambda: self._shown(X, labels))[1]

    @property
    def metrics(self) -> dict[str, float | None]:
        """The figures that the training ended with, of the test part: {name: value}."""
        with plainly():
            return tables.read_metrics(self.folder / "metrics.json")

    @property
    def history(self) -> dict[str, list[float]]:
        """The columns of history.csv, a value each epoch: {"epoch": [...], "loss": [...], ...}."""
        with plainly():
            return self._run.history

    def pack(
        self, path: Path, *, licence: str | None = None, data_licence: str | None = None,
        with_figures: bool = True,
    ) -> pathlib.Path:  # fmt: skip
        """Writes a folder that can be given away, as `aecli pack`, and returns where it is."""
        with plainly("pack"):
            from aecli.packing.folder import packed

            return packed(self._run, str(path), licence, data_licence, with_figures)

    # ---- what it is ------------------------------------------------------------------------

    @property
    def folder(self) -> pathlib.Path:
        """Where its files are."""
        return self._run.folder

    @property
    def config(self) -> dict[str, Any]:
        """The whole config, every key with its value."""
        with plainly():
            return build.plain(self._run.config)

    @property
    def status(self) -> dict[str, Any]:
        """State, epochs done, data shape, warnings ...: status.json."""
        return self._run.status

    @property
    def model(self) -> "Autoencoder":
        """The Keras model with the weights of the best epoch, which takes scaled floats.

        `model.raw` takes what the files have.
        """
        with plainly():
            request.wake(self._run)
            return self._run.model

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r}: {shown.what(self._run)})"

    def _repr_html_(self) -> str:
        return shown.table(self._run)


def load(path: Path = "latest", outputs: Path = "outputs") -> Run:
    """Returns the run at a path, or "latest": the newest finished one under `outputs`.

    Raises BadRequest.
    """
    with plainly():
        found = runs.find(None if str(path) == "latest" else str(path), str(outputs))
    return Run(found.folder)


def _listed(metrics: str | Sequence[str] | None) -> list[str] | None:
    return [metrics] if isinstance(metrics, str) else None if metrics is None else list(metrics)


def _check_detection(**values: Any) -> None:
    from aecli.metrics.detection import keys

    keys.check(values)
