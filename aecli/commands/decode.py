"""aecli decode: codes to images."""

import math
import pathlib

import numpy as np
from omegaconf import DictConfig

from aecli import runs
from aecli.errors import BadRequest
from aecli.io import conditions, pictures, request, sentences
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
    made = _decoded(run.model, codes, cfg.input, label)
    path = to.path()
    if run.learnt.vocabulary is not None:
        sentences.write(path, run.learnt.vocabulary, {"sentence": made}, {})
        return path
    x, limits = request.in_file_units(run, made)
    pictures.write(path, x, limits, columns=request.columns(run, x))
    return path


def _decoded(model, codes: np.ndarray, file: str, label) -> np.ndarray:
    """The images of codes [N, ...] as aecli encode writes them. Raises BadRequest."""
    shape = model.stored_shape
    if codes[0].size != math.prod(shape):
        raise BadRequest(
            f"input={file} has codes of {codes[0].size} numbers; this run's have {math.prod(shape)}"
        )
    codes = codes.reshape(-1, *shape)
    if model.codebook_size is None:
        return model.decode(codes, label)
    if not (codes == codes.astype("int32")).all():
        raise BadRequest(
            f"input={file} has codes that are not whole; this run's are the numbers of vectors in "
            f"a codebook, 0 to {model.codebook_size - 1}"
        )
    return model.decode_indices(codes.astype("int32"), label)
