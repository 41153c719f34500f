"""aecli encode: images to codes."""

import pathlib

from omegaconf import DictConfig

from aecli.io import answers, request, tables
from aecli.io.destination import Destination


def main(cfg: DictConfig) -> None:
    print(encode(cfg))


def encode(cfg: DictConfig) -> pathlib.Path:
    """Write "code" [N, *code_shape], and file and label where known; returns the file.

    Of a model with a codebook the code is whole numbers, [N, *stored_shape].
    """
    run = request.opened(cfg)
    to = Destination(run, cfg.output, "codes.npz", tables.SUFFIXES)
    tables.check(to.suffix)
    images = request.images(run, cfg)
    codes = answers.encoded(run, images, (cfg.seed or 0) if cfg.sample else None)
    path = to.path()
    tables.write(path, request.beside(images) | {"code": codes})
    return path
