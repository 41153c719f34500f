"""What a dictionary explains by how few of its units, and whether it is the true one."""

import dataclasses
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.datasets.dictionary import Dictionary as Generated
from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.models.watched import EXPLAINED_VARIANCE, L0, UNUSED
from aecli.networks.dictionary import Dictionary as Matrices
from aecli.quantity import HIGHER, Quantity


@dataclasses.dataclass(frozen=True, kw_only=True)
class Dictionary(Metric):
    """l0, explained_variance, unused, cosine and length of the reconstructions; recovery.

    For models with network=dictionary. Recovery, where the data are of dataset=dictionary: each
    true direction's largest cosine to a direction of the model.
    """

    section: ClassVar[str] = "codes"
    about: ClassVar[dict[str, Quantity]] = {
        "l0": L0,
        "explained_variance": EXPLAINED_VARIANCE,
        "unused": UNUSED,
        "cosine": Quantity("", HIGHER, "of reconstruction and example, on average"),
        "length_ratio": Quantity("", "", "of the reconstruction over the example, on average"),
        "mean_max_cosine": Quantity("", HIGHER, "of the true directions to the nearest learnt one"),
        "recovered": Quantity("", HIGHER, "share of the true directions with such a cosine"),
    }

    threshold: Annotated[
        float, Field(gt=0, lt=1, description="cosine above which a direction is recovered")
    ] = 0.9

    def __call__(self, evaluation: Evaluation) -> Figures:
        check(evaluation.run.model)
        is_active = evaluation.codes != 0
        x, again = (a.reshape(len(a), -1) for a in (evaluation.target, evaluation.reconstruction))
        figures: Figures = {
            "l0": float(is_active.sum(axis=1).mean()),
            "explained_variance": explained_variance(x, again),
            "unused": float((~is_active.any(axis=0)).mean()),
            **agreement(x, again),
        }
        if isinstance(evaluation.run.dataset, Generated):
            found = recovery(evaluation.run.dataset.true_directions(), learnt(evaluation.run.model))
            figures["mean_max_cosine"] = float(found.mean())
            figures["recovered"] = float((found > self.threshold).mean())
        return figures

    def notes(self, evaluation: Evaluation) -> list[str]:
        units = evaluation.run.model.code_shape[0]
        notes = [f"{units:,} directions of {np.prod(evaluation.run.data_shape):,} numbers"]
        if isinstance(evaluation.run.dataset, Generated):
            true = evaluation.run.dataset.directions
            notes.append(f"recovered: of {true:,} true ones, cosine above {self.threshold:g}")
        return notes


def check(model) -> None:
    """Raises NotApplicable for a model without a dictionary."""
    if not isinstance(model.network, Matrices):
        raise NotApplicable("needs a model with network=dictionary, as model=top_k")


def learnt(model) -> np.ndarray:
    """The directions of a model with network=dictionary, [n, numbers of an example].

    Of a likelihood with further parameters that part of them which moves the mean.
    """
    kernel = np.asarray(model.decoder.get_layer("params").kernel)
    shaped = kernel.reshape(len(kernel), *model.decoder.output.shape[1:])
    return shaped[..., : model.data_shape[-1]].reshape(len(kernel), -1)


def explained_variance(x: np.ndarray, again: np.ndarray) -> float | None:
    """1 - sum_d Var(x_d - again_d) / sum_d Var(x_d), of [N, D] twice; None where nothing varies."""
    x, again = x.astype("float64"), again.astype("float64")
    total = x.var(axis=0).sum()
    return float(1.0 - (x - again).var(axis=0).sum() / total) if total > 0 else None


def agreement(x: np.ndarray, again: np.ndarray) -> Figures:
    """Means over [N, D] twice of the cosine, and of the ratio of the lengths; empty rows aside."""
    lengths = [np.linalg.norm(a.astype("float64"), axis=1) for a in (x, again)]
    both = np.minimum(*lengths) > 0
    cosines = np.einsum("nd,nd->n", x, again)[both] / (lengths[0] * lengths[1])[both]
    some = lengths[0] > 0
    return {
        "cosine": float(cosines.mean()) if both.any() else None,
        "length_ratio": float((lengths[1][some] / lengths[0][some]).mean()) if some.any() else None,
    }


def recovery(true: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Each true direction's largest cosine [n] to those found; [n, D] and [m, D].

    Source: the mean maximal cosine similarity of Sharkey et al. 2022.
    """
    unit = [a / np.maximum(np.linalg.norm(a, axis=1, keepdims=True), 1e-12) for a in (true, found)]
    return (unit[0] @ unit[1].T).max(axis=1)
