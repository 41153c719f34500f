"""aecli generate: new images, decoded from random codes."""

import math
import pathlib
import sys
from typing import Annotated, Literal

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import runs
from aecli.commands import usage
from aecli.errors import BadRequest, NotApplicable
from aecli.exchange import conditions, pictures
from aecli.exchange.destination import Destination

ROWS = 10_000  # training images that a mixture is fitted to, at most
VALUES = 2**26  # and numbers, of these images or of their codes


def main(cfg: DictConfig) -> None:
    print(generate(cfg))


def generate(cfg: DictConfig) -> pathlib.Path:
    """Write n images [n, H, W, C], and generated.png in eval/<time>/; returns the file or folder.

    An .npz also holds their codes, "code" [n, *code_shape], and what a model was told, "label" [n]:
    the stated label, else those of the training in turn.
    """
    usage.check(cfg, _keys)
    run = usage.opened(cfg)
    to = Destination(run, cfg.output, "generated.npz", pictures.SUFFIXES)
    pictures.check(to.suffix, run.data_shape, cfg.n)
    if cfg.prior == "gmm":
        run.splits  # noqa: B018  (bad data is refused before TensorFlow's seconds)
    usage.wake(run)
    label = conditions.stated(run, cfg.label)
    labels = conditions.in_turn(run, cfg.n) if label is None else np.full(cfg.n, label)
    codes, how = _codes(run, cfg)
    x = run.model.decode(codes, labels)
    path = to.path()
    made, limits = usage.in_file_units(run, x)
    known = {} if labels is None else {"label": conditions.names(run, labels)}
    pictures.write(path, made, limits, code=codes, **known)
    folder = path.parent if cfg.output is None else run.new_eval_folder()
    if label is not None:
        how += f"; label {conditions.name(run, label)}"
    _draw(run, x, how, folder, conditions.known(run) if label is None else [])
    return path


def _keys(
    n: Annotated[int, Field(ge=1, le=2**20, description="images")],
    prior: Literal["auto", "model", "gmm"],
    components: Annotated[int, Field(ge=1, le=1000, description="Gaussians of prior=gmm")],
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...


def _codes(run: runs.Run, cfg: DictConfig) -> tuple[np.ndarray, str]:
    """-> codes [n, *code_shape], and in words where they come from."""
    if not run.model.has_prior:
        try:
            run.model.check_has_density()
        except NotApplicable as reason:
            raise NotApplicable(f"generate {reason}") from None
    if cfg.prior == "model" and not run.model.has_prior:
        raise NotApplicable(
            f"prior=model: a model {run.status.get('model', '')} has no prior\n"
            "take prior=gmm, a mixture fitted to the codes of its training images"
        )
    if cfg.prior == "model" or (cfg.prior == "auto" and run.model.has_prior):
        return np.asarray(run.model.sample_prior(cfg.n, cfg.seed)), "codes drawn from the prior"
    from aecli.models.mixture import MAX_UNITS, Mixture

    code_size = math.prod(run.model.code_shape)
    most = max(1, min(ROWS, VALUES // max(code_size, math.prod(run.data_shape))))
    if cfg.components > min(most, len(run.splits.train)):
        count = min(most, len(run.splits.train))
        raise BadRequest(f"components={cfg.components} are more than the {count:,} training codes")
    x, _, labels = run.examples("train", n=most, random=True)
    seed = 0 if run.model.has_random_codes else None
    mixture = Mixture(run.model.encode(x, seed, labels), cfg.components)
    how = f"codes drawn from {cfg.components} Gaussians fitted to {len(x):,} training codes"
    if mixture.share < 1:
        how += (
            f"\nin {MAX_UNITS} principal components: {100 * mixture.share:.1f} % of their variance"
        )
    print(f"prior  {how.replace(chr(10), '; ')}", file=sys.stderr)
    return mixture.draw(cfg.n, cfg.seed), how


def _draw(run: runs.Run, x: np.ndarray, how: str, folder: pathlib.Path, told: list[int]) -> None:
    """told: the labels that the images have in turn; each gets a column, where they fit."""
    from aecli.figures import samples

    names = [conditions.name(run, label) for label in told]
    try:
        path = run.save_figure(samples.sheet(run, x, how, names), "generated", folder=folder)
        print(f"figure {path}", file=sys.stderr)
    except NotApplicable as reason:
        print(f"no figure: it {reason}", file=sys.stderr)
