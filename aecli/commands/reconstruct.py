"""aecli reconstruct: images through the model."""

import dataclasses
import pathlib

import numpy as np
from omegaconf import DictConfig

from aecli.io import answers, conditions, pictures, request, sentences
from aecli.io.destination import Destination


def main(cfg: DictConfig) -> None:
    print(reconstruct(cfg))


def reconstruct(cfg: DictConfig) -> pathlib.Path:
    """Write the expected images [N, H, W, C] of the codes of images; returns the file or folder.

    Their values are those of the training's files, before any scaling; bytes are in [0, 1]. The
    points that a series lacks stay NaN. Sentences are written beside those that the model was
    given, and the first are printed. A stated label is told to the decoder in place of each
    image's own.
    """
    run = request.opened(cfg)
    form = sentences if run.spec.kind == "text" else pictures
    to = Destination(run, cfg.output, f"reconstructed{form.SUFFIXES[0]}", form.SUFFIXES)
    form.check(to.suffix, run.data_shape)
    images = request.images(run, cfg, relabels=True)
    form.check(to.suffix, run.data_shape, len(images))
    seed, label = (cfg.seed or 0) if cfg.sample else None, conditions.stated(run, cfg.label)
    if label is not None:
        told = dataclasses.replace(images, labels=np.full(len(images), label))
    else:
        told = images
    made = answers.reconstructed(run, images, seed, told.labels)
    path = to.path()
    known = {k: array for k, array in request.beside(told).items() if k != "file"}
    if run.learnt.vocabulary is not None:
        rows = {"sentence": images.x, "reconstruction": made}
        sentences.show(run.learnt.vocabulary, rows)
        sentences.write(path, run.learnt.vocabulary, rows, known)
        return path
    x, limits = request.in_file_units(run, made)
    pictures.write(path, x, limits, images.files, columns=request.columns(run, x), **known)
    return path
