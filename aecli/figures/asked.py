"""A figure as the config of a plot command asks for it."""

from collections.abc import Callable

from matplotlib.figure import Figure
from omegaconf import DictConfig

from aecli import build
from aecli.errors import BadRequest, NotApplicable
from aecli.io import request
from aecli.runs import Run

OWN = ("run", "outputs", "format", "seed", "dataset", "noise")  # the other keys are the figure's


def drawn(cfg: DictConfig, name: str, opened: Callable[[], Run]) -> tuple[Run, Figure]:
    """The run that `opened` opens, and the figure `name` of it, nothing written.

    Raises BadRequest, NotApplicable.
    """
    node = {key: value for key, value in build.plain(cfg).items() if key not in OWN}
    try:
        draw = build.component(node, "figures")
        run = opened()
        if draw.uses_model:
            request.wake(run)
        return run, draw(run)
    except BadRequest as error:  # at the root of a plot command the key is n, not figures.n
        raise error.moved("figures", "") from None
    except NotApplicable as reason:
        raise NotApplicable(f"figure {name} {reason}") from None
