"""aecli decode: codes to images."""

import math
import pathlib

from omegaconf import DictConfig

from aecli import runs
from aecli.commands import usage
from aecli.errors import BadRequest
from aecli.exchange import conditions, pictures
from aecli.exchange.codes import read_codes
from aecli.exchange.destination import Destination


def main(cfg: DictConfig) -> None:
    print(decode(cfg))


def decode(cfg: DictConfig) -> pathlib.Path:
    """Write the expected images [N, H, W, C] of the codes in a file; returns the file or folder."""
    if cfg.input is None:
        raise BadRequest("input is needed: a file of codes, as aecli encode writes them")
    run: runs.Run = usage.opened(cfg)
    to = Destination(run, cfg.output, "decoded.npz", pictures.SUFFIXES)
    codes = read_codes(cfg.input)
    pictures.check(to.suffix, run.data_shape, len(codes))
    usage.wake(run)
    shape = run.model.code_shape
    if codes[0].size != math.prod(shape):
        raise BadRequest(
            f"input={cfg.input} has codes of {codes[0].size} numbers; "
            f"this run's have {math.prod(shape)}"
        )
    label = conditions.of_codes(run, cfg.input, cfg.label)
    made = run.model.decode(codes.reshape(-1, *shape), label)
    x, limits = usage.in_file_units(run, made)
    path = to.path()
    pictures.write(path, x, limits)
    return path
