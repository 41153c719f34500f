"""aecli plot-...: find the run, draw one figure of it, write it."""

import pathlib

from omegaconf import DictConfig

from aecli import look
from aecli.io import request


def main(cfg: DictConfig, command: str) -> None:
    name = command.removeprefix("plot-")
    plot(cfg, {"loss": "loss_curve"}.get(name, name))


@look.drawing
def plot(cfg: DictConfig, name: str) -> pathlib.Path:
    """Draw figure `name` of the run that cfg asks for into its eval/<time>/; returns the file.

    The path goes to stdout. Figures that the training wrote are left as they are.
    """
    from aecli.figures import asked, style

    run, figure = asked.drawn(cfg, name, lambda: request.opened(cfg))
    style.name_shown(figure, request.shown(cfg))
    path = run.save_figure(figure, name, run.new_eval_folder())
    print(path)
    return path
