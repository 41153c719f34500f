"""How large a model may be: its weights, counted before each layer is made, and its outputs."""

import contextlib
import contextvars
import math
from collections.abc import Iterator

from aecli.errors import BadRequest

MAX_WEIGHTS = 10**9  # 4 GB in float32, and a training needs four times that
MAX_VALUES = 2**27  # of one layer's output for one image: 64 maps of 1448x1448, 0.5 GB in float32
MAX_BYTES = 8 * 2**30  # of images that are made at once
ADVICE = "take smaller network.widths, network.filters or model.latent_dim"


class TooLarge(BadRequest):
    """More weights or values than there may be."""


_left: contextvars.ContextVar[int | None] = contextvars.ContextVar("weights left", default=None)


@contextlib.contextmanager
def at_most(weights: int = MAX_WEIGHTS) -> Iterator[None]:
    """The layers made inside may have so many weights together, or what an outer limit leaves."""
    outer = _left.get()
    token = _left.set(weights if outer is None else min(weights, outer))
    try:
        yield
    finally:
        _left.reset(token)


def count(weights: int) -> None:
    """To be called before a layer of so many weights is made. Raises BadRequest."""
    left = _left.get()
    if left is None:
        return
    if weights > left:
        raise TooLarge(
            f"the model is too large: a layer of {weights:,} weights, where at most {left:,} more "
            f"may be made\n{ADVICE}"
        )
    _left.set(left - weights)


def check_values(*parts, copies: int = 1) -> None:
    """Of each layer's output for one image, before any is computed. Raises BadRequest.

    parts: Keras models. copies: how often an image passes through them at once. An attention makes
    its scores, too.
    """
    for layer in (layer for part in parts for layer in part.layers):
        outputs = layer.output if isinstance(layer.output, list) else [layer.output]
        for shape in (*(output.shape[1:] for output in outputs), _scores(layer)):
            if math.prod(shape) * copies > MAX_VALUES and copies > 1:
                raise TooLarge(
                    f"{copies:,} draws an image are too many: a layer makes {math.prod(shape):,} "
                    f"numbers of each, and at most {MAX_VALUES:,} may be made in all"
                )
            if math.prod(shape) > MAX_VALUES:
                raise TooLarge(
                    f"the model is too large: a layer makes {math.prod(shape):,} numbers of one "
                    f"image, {'x'.join(map(str, shape))}, where at most {MAX_VALUES:,} may be made"
                    "\ntake smaller images, or smaller network.filters"
                )


def check_step(batch_size: int, *parts) -> None:
    """Of the scores that the attentions of one training step keep. Raises BadRequest.

    What else a step keeps grows with an image's points, these with their square.
    """
    each = 4 * sum(math.prod(_scores(layer)) for part in parts for layer in part.layers)
    if batch_size * each > MAX_BYTES:
        raise BadRequest(
            f"trainer.batch_size={batch_size} is too large: the attentions make scores of "
            f"{batch_size * each / 2**30:,.1f} GiB, where at most {MAX_BYTES >> 30} may be\n"
            f"take trainer.batch_size={max(1, MAX_BYTES // each)} or fewer points: a larger "
            "network.patch_size, smaller images"
        )


def _scores(layer) -> tuple[int, ...]:
    """The shape of an attention's scores for one image, heads x points x points; (0,) of others."""
    if not hasattr(layer, "num_heads"):
        return (0,)
    query, key = layer.input[:2]
    return layer.num_heads, query.shape[1], key.shape[1]


def check_count(values: int, key: str = "model.codebook_size") -> None:
    """Of the numbers that are made of one image at once, as `key` says. Raises BadRequest."""
    if values > MAX_VALUES:
        raise TooLarge(
            f"the model is too large: it makes {values:,} numbers of one image, where at most "
            f"{MAX_VALUES:,} may be made\ntake a smaller {key}"
        )


def check_images(n: int, shape: tuple[int, ...]) -> None:
    """Of n images [*shape] that are made at once, in float32. Raises BadRequest."""
    if (needed := 4 * n * math.prod(shape)) > MAX_BYTES:
        raise BadRequest(
            f"{n:,} images of {'x'.join(map(str, shape))} take {needed / 2**30:,.1f} GiB, more "
            f"than {MAX_BYTES >> 30}; ask for fewer"
        )
