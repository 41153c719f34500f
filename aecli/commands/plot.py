"""aecli plot-...: find the run, draw one figure of it, write it."""

import pathlib
import sys

from omegaconf import DictConfig

from aecli import build, look, runs
from aecli.console import quiet
from aecli.errors import BadRequest, NotApplicable
from aecli.io import request

OWN = ("run", "outputs", "seed", "dataset", "noise", *look.KEYS)  # the others are the figure's


def main(cfg: DictConfig, command: str) -> None:
    name = command.removeprefix("plot-")
    plot(cfg, {"loss": "loss_curve"}.get(name, name))


@look.drawing
def plot(cfg: DictConfig, name: str) -> pathlib.Path:
    """Draw figure `name` of the run that cfg asks for into its eval/<time>/; returns the file.

    The path goes to stdout. Figures that the training wrote are left as they are.
    """
    node = {key: value for key, value in build.plain(cfg).items() if key not in OWN}
    try:
        draw = build.component(node, "figures")
        run = runs.open_run(cfg)
        if cfg.run is None:
            print(f"run    {run.folder} (the latest finished one)", file=sys.stderr)
        if draw.uses_model:
            quiet.import_tensorflow_quietly(run.config.trainer.threads)
        figure = draw(run)
    except BadRequest as error:  # at the root of a plot command the key is n, not figures.n
        raise error.moved("figures", "") from None
    except NotApplicable as reason:
        raise NotApplicable(f"figure {name} {reason}") from None
    from aecli.figures import style

    style.name_shown(figure, request.shown(cfg))
    path = run.save_figure(figure, name, run.new_eval_folder())
    print(path)
    return path
