"""How many weights a model may have, counted before each layer is made."""

import contextlib
import contextvars
from collections.abc import Iterator

from aecli.errors import BadRequest

MAX_WEIGHTS = 10**9  # 4 GB in float32, and a training needs four times that
ADVICE = "take smaller network.widths, network.filters or model.latent_dim"


class TooLarge(BadRequest):
    """More weights than there may be."""


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
