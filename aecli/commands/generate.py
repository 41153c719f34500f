"""aecli generate: new images, decoded from random codes."""

import pathlib
import sys
from typing import Annotated, Any

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import look, runs
from aecli.errors import NotApplicable
from aecli.io import conditions, pictures, request, sentences
from aecli.io.destination import Destination
from aecli.runs import sampling


def main(cfg: DictConfig) -> None:
    print(generate(cfg))


@look.drawing
def generate(cfg: DictConfig) -> pathlib.Path:
    """Write n images [n, H, W, C], and generated.png in eval/<time>/; returns the file or folder.

    An .npz also holds their codes, "code" [n, *code_shape], and what a model was told, "label" [n]:
    the stated label, else those of the training in turn. Of sentences the first are printed, and
    there is no figure.
    """
    request.check(cfg, _keys)
    run = request.opened(cfg)
    form = sentences if run.spec.kind == "text" else pictures
    to = Destination(run, cfg.output, f"generated{form.SUFFIXES[0]}", form.SUFFIXES)
    form.check(to.suffix, run.data_shape, cfg.n)
    sampler = request.sampler(cfg)
    request.wake(run)
    label = conditions.stated(run, cfg.label)
    labels = conditions.in_turn(run, cfg.n) if label is None else np.full(cfg.n, label)
    try:
        codes, origin = sampling.new_codes(run, cfg.n, cfg.seed, sampler)
    except NotApplicable as reason:
        raise NotApplicable(f"generate {reason}") from None
    how = f"codes drawn from {origin}"
    print(how.replace("\n", "; "), file=sys.stderr)
    x = run.model.decode(codes, labels)
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


def _keys(
    n: Annotated[int, Field(ge=1, le=2**20, description="images")],
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...


def _draw(run: runs.Run, x: np.ndarray, how: str, folder: pathlib.Path, told: list[int]) -> None:
    """told: the labels that the images have in turn; each gets a column, where they fit."""
    from aecli.figures import samples

    names = [conditions.name(run, label) for label in told]
    try:
        path = run.save_figure(samples.sheet(run, x, how, names), "generated", folder=folder)
        print(f"figure {path}", file=sys.stderr)
    except NotApplicable as reason:
        print(f"no figure: it {reason}", file=sys.stderr)
