"""aecli generate: new images, decoded from random codes."""

import pathlib
import sys
from typing import Annotated

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import runs
from aecli.commands import usage
from aecli.errors import NotApplicable
from aecli.exchange import pictures
from aecli.exchange.destination import Destination
from aecli.runs import sampling


def main(cfg: DictConfig) -> None:
    print(generate(cfg))


def generate(cfg: DictConfig) -> pathlib.Path:
    """Write n images [n, H, W, C], and generated.png in eval/<time>/; returns the file or folder.

    An .npz also holds their codes, "code" [n, *code_shape].
    """
    usage.check(cfg, _keys)
    run = usage.opened(cfg)
    to = Destination(run, cfg.output, "generated.npz", pictures.SUFFIXES)
    pictures.check(to.suffix, run.data_shape, cfg.n)
    sampler = usage.sampler(cfg)
    usage.wake(run)
    codes, origin = sampling.new_codes(run, cfg.n, cfg.seed, sampler)
    how = f"codes drawn from {origin}"
    print(how.replace("\n", "; "), file=sys.stderr)
    x = run.model.decode(codes)
    path = to.path()
    made, limits = usage.in_file_units(run, x)
    pictures.write(path, made, limits, code=codes)
    _draw(run, x, how, path.parent if cfg.output is None else run.new_eval_folder())
    return path


def _keys(
    n: Annotated[int, Field(ge=1, le=2**20, description="images")],
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...


def _draw(run: runs.Run, x: np.ndarray, how: str, folder: pathlib.Path) -> None:
    from aecli.figures import samples

    try:
        path = run.save_figure(samples.sheet(run, x, how), "generated", folder=folder)
        print(f"figure {path}", file=sys.stderr)
    except NotApplicable as reason:
        print(f"no figure: it {reason}", file=sys.stderr)
