"""The one order in which the callbacks of a training are called."""

from collections.abc import Mapping
from typing import Any

FIRST = (
    "clock",  # keeps the place; the others read its seconds and learning rate in the logs
    "agreement",  # makes the logs of several workers equal: the others decide by them
    "lines",
)
LAST = (  # after those that were chosen, in the order in which they were chosen
    "pruning",  # an epoch that is saved has been reported
    "checkpoint",  # saves what all before it remember
    "interruption",  # saves by the checkpoint, which then has seen the step
    "bar",
    "restore",  # Keras's own callbacks forget everything when a training begins
)


def in_order(callbacks: Mapping[str, Any]) -> dict[str, Any]:
    """Returns {name: callback} in the order in which they are to be called; None is left out."""
    chosen = [name for name in callbacks if name not in (*FIRST, *LAST)]
    names = [name for name in (*FIRST, *chosen, *LAST) if callbacks.get(name) is not None]
    return {name: callbacks[name] for name in names}
