"""aecli generate: new images, decoded from random codes."""

import pathlib
import sys
from typing import Any

import numpy as np
from omegaconf import DictConfig

from aecli import runs
from aecli.errors import NotApplicable
from aecli.io import answers, conditions, pictures, request, sentences
from aecli.io.destination import Destination


def main(cfg: DictConfig) -> None:
    print(generate(cfg))


def generate(cfg: DictConfig) -> pathlib.Path:
    """Write n images [n, H, W, C], and generated.png in eval/<time>/; returns the file or folder.

    An .npz also holds their codes, "code" [n, *code_shape], and what a model was told, "label" [n]:
    the stated label, else those of the training in turn. Of sentences the first are printed, and
    there is no figure.
    """
    request.check(cfg, request.of_generate)
    run = request.opened(cfg)
    form = sentences if run.spec.kind == "text" else pictures
    to = Destination(run, cfg.output, f"generated{form.SUFFIXES[0]}", form.SUFFIXES)
    form.check(to.suffix, run.data_shape, cfg.n)
    sampler = request.sampler(cfg)
    request.wake(run)
    label = conditions.stated(run, cfg.label)
    new = answers.generated(run, cfg.n, cfg.seed, sampler, label)
    x, codes, labels = new.x, new.codes, new.labels
    how = f"codes drawn from {new.origin}"
    print(how.replace("\n", "; "), file=sys.stderr)
    path = to.path()
    known: dict[str, Any] = {} if labels is None else {"label": conditions.names(run, labels)}
    if run.learnt.vocabulary is not None:
        sentences.show(run.learnt.vocabulary, {"sentence": x})
        sentences.write(path, run.learnt.vocabulary, {"sentence": x}, {"code": codes, **known})
        return path
    made, limits = request.in_file_units(run, x)
    pictures.write(path, made, limits, columns=request.columns(run, made), code=codes, **known)
    folder = path.parent if cfg.output is None else run.new_eval_folder()
    if label is not None:
        how += f"; label {conditions.name(run, label)}"
    _draw(run, x, how, folder, conditions.known(run) if label is None else [])
    return path


def _draw(run: runs.Run, x: np.ndarray, how: str, folder: pathlib.Path, told: list[int]) -> None:
    """told: the labels that the images have in turn; each gets a column, where they fit."""
    from aecli.figures import samples

    names = [conditions.name(run, label) for label in told]
    try:
        path = run.save_figure(samples.sheet(run, x, how, names), "generated", folder=folder)
        print(f"figure {path}", file=sys.stderr)
    except NotApplicable as reason:
        print(f"no figure: it {reason}", file=sys.stderr)
