"""What a run's model makes of examples and of codes: the same for a command and for Python."""

import dataclasses
import math

import numpy as np

from aecli.errors import BadRequest, NotApplicable
from aecli.io import conditions
from aecli.io.given import Images
from aecli.runs import Run, sampling
from aecli.samplers.base import Sampler


def encoded(run: Run, images: Images, seed: int | None = None) -> np.ndarray:
    """[N, *code_shape]; of a model with a codebook whole numbers, [N, *stored_shape].

    seed: for a draw from the posterior, None: its mean. Raises NotApplicable.
    """
    if run.model.codebook_size is None or seed is not None:
        return run.model.encode(images.x, seed, images.labels)
    return run.model.encode_indices(images.x, images.labels)


def decoded(run: Run, codes: np.ndarray, name: str, label=None) -> np.ndarray:
    """The expected examples [N, H, W, C] of codes [N, ...] as `encoded` gives them.

    name: of the codes, for messages; label: what a conditional model is told. Raises BadRequest.
    """
    model, shape = run.model, run.model.stored_shape
    if codes[0].size != math.prod(shape):
        raise BadRequest(
            f"{name} has codes of {codes[0].size} numbers; this run's have {math.prod(shape)}"
        )
    codes = codes.reshape(-1, *shape)
    if model.codebook_size is None:
        return model.decode(codes, label)
    if not (codes == codes.astype("int32")).all():
        raise BadRequest(
            f"{name} has codes that are not whole; this run's are the numbers of vectors in "
            f"a codebook, 0 to {model.codebook_size - 1}"
        )
    return model.decode_indices(codes.astype("int32"), label)


def reconstructed(
    run: Run, images: Images, seed: int | None = None, told: np.ndarray | None = None
) -> np.ndarray:
    """The expected examples [N, H, W, C] of the codes of examples.

    The points that a series lacks stay NaN. told: the labels [N] that the decoder is told, None:
    each example's own.
    """
    codes = run.model.encode(images.x, seed, images.labels)
    made = run.model.decode(codes, images.labels if told is None else told)
    if run.learnt.gaps and run.learnt.vocabulary is None:
        made = np.where(np.isnan(images.x), images.x, made)
    return made


@dataclasses.dataclass(frozen=True)
class Generated:
    """x: [n, H, W, C] as the model makes them; labels: [n], None where it is told none.

    origin: what the codes were drawn from, in words.
    """

    x: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    origin: str


def generated(
    run: Run, n: int, seed: int = 0, sampler: Sampler | None = None, label: int | None = None
) -> Generated:
    """n new examples. label: of all; None: those of the training in turn. Raises NotApplicable."""
    labels = conditions.in_turn(run, n) if label is None else np.full(n, label)
    try:
        codes, origin = sampling.new_codes(run, n, seed, sampler)
    except NotApplicable as reason:
        raise NotApplicable(f"generate {reason}") from None
    return Generated(run.model.decode(codes, labels), codes, labels, origin)
