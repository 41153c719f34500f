"""aecli decode: codes to images."""

import pathlib

from omegaconf import DictConfig

from aecli import runs
from aecli.errors import BadRequest
from aecli.io import answers, conditions, pictures, request, sentences
from aecli.io.codes import read_codes
from aecli.io.destination import Destination


def main(cfg: DictConfig) -> None:
    print(decode(cfg))


def decode(cfg: DictConfig) -> pathlib.Path:
    """Write the expected images [N, H, W, C] of the codes in a file; returns the file or folder."""
    if cfg.input is None:
        raise BadRequest("input is needed: a file of codes, as aecli encode writes them")
    run: runs.Run = request.opened(cfg)
    form = sentences if run.spec.kind == "text" else pictures
    to = Destination(run, cfg.output, f"decoded{form.SUFFIXES[0]}", form.SUFFIXES)
    codes = read_codes(cfg.input)
    form.check(to.suffix, run.data_shape, len(codes))
    request.wake(run)
    label = conditions.of_codes(run, cfg.input, cfg.label)
    made = answers.decoded(run, codes, f"input={cfg.input}", label)
    path = to.path()
    if run.learnt.vocabulary is not None:
        sentences.write(path, run.learnt.vocabulary, {"sentence": made}, {})
        return path
    x, limits = request.in_file_units(run, made)
    pictures.write(path, x, limits, columns=request.columns(run, x))
    return path
