"""aecli pack: a run as a folder that can be given away."""

import pathlib

from omegaconf import DictConfig

from aecli import typed
from aecli.io import request


def main(cfg: DictConfig) -> None:
    folder = pack(cfg)
    said = typed.setting("run", folder)
    print(f"{folder}\nopen it: aecli.load({str(folder)!r}), or {said} in any command")


def pack(cfg: DictConfig) -> pathlib.Path:
    """Write the pack; returns its folder. Raises BadRequest, CannotWrite."""
    from aecli.packing.folder import packed

    run = request.opened(cfg)
    return packed(run, cfg.output, cfg.licence, cfg.data_licence, cfg.with_figures)
