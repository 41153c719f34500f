"""aecli plot-...: find the run, draw one figure of it, write it."""

import pathlib

from omegaconf import DictConfig

from aecli.errors import BadRequest
from aecli.io import request

FORMATS = ("png", "svg", "pdf")


def main(cfg: DictConfig, command: str) -> None:
    name = command.removeprefix("plot-")
    plot(cfg, {"loss": "loss_curve"}.get(name, name))


def plot(cfg: DictConfig, name: str) -> pathlib.Path:
    """Draw figure `name` of the run that cfg asks for into its eval/<time>/; returns the file.

    The path goes to stdout. Figures that the training wrote are left as they are.
    """
    if cfg.format not in FORMATS:
        raise BadRequest(f"format must be png, svg or pdf; got {cfg.format!r}")
    from aecli.figures import asked, style

    run, figure = asked.drawn(cfg, name, lambda: request.opened(cfg))
    style.name_shown(figure, request.shown(cfg))
    path = run.save_figure(figure, name, cfg.format, run.new_eval_folder())
    print(path)
    return path
