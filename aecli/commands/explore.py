"""aecli explore: a run's codes in the browser, served from this machine."""

import os
import pathlib
import sys
import webbrowser
from typing import Annotated, Literal

from omegaconf import DictConfig
from pydantic import Field

from aecli.errors import BadRequest
from aecli.files import write_text
from aecli.io import request
from aecli.io.destination import Destination

LEAST = 2  # examples


def main(cfg: DictConfig) -> None:
    made = explore(cfg)
    if isinstance(made, pathlib.Path):
        print(made)
        return
    if made.note:
        print(made.note, file=sys.stderr)
    print(made.address, flush=True)
    if cfg.open and (sys.platform != "linux" or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)):
        webbrowser.open(made.address)
    made.run()


def explore(cfg: DictConfig):
    """Returns the file of static=FILE.html, or else a Server that is to be run."""
    request.check(cfg, _keys)
    from aecli.explore import document

    document.check_installed()
    run = request.opened(cfg)
    to = None
    if cfg.static is not None:
        to = Destination(run, cfg.static, "explore.html", [".html"], key="static")
    found = request.images(run, cfg)
    if len(found) < LEAST:
        raise BadRequest(
            f"{run.spec.counted(len(found))}: a plane needs {LEAST} at least\n"
            "leave input out and, of an image, drop it on the page"
        )
    from aecli.explore.answers import Answers
    from aecli.explore.gathered import gather
    from aecli.explore.server import Server

    gathered = gather(run, found, cfg.plane, cfg.max_points)
    page = document.page(run, gathered, is_live=to is None)
    if to is None:
        return Server(page, Answers(run, gathered), cfg.port)
    path = to.path()
    write_text(path, page)
    return path


def _keys(
    plane: Literal["auto", "pca", "tsne"],
    max_points: Annotated[int, Field(ge=2, le=10_000, description="examples")],
    static: Annotated[str, Field(min_length=1)] | None,
    port: Annotated[int, Field(ge=0, le=65535)],
    open: bool,
): ...
