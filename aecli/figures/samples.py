"""Images decoded from random codes."""

import dataclasses
import math
from typing import Annotated

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field

from aecli.figures import images, style
from aecli.figures.base import RunFigure

SHOWN = 100  # images of a sheet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples(RunFigure):
    """n x n images decoded from random codes.

    The codes come from the prior; for a model without one, from the Gaussian with the mean and
    the full covariance of the test codes, and the figure says so.
    """

    n: Annotated[int, Field(ge=1, le=50, description="images a side")] = 8
    sample_seed: Annotated[int, Field(ge=0, description="of the random codes")] = 0

    def draw(self, run):
        images.require_images(run.model.data_shape)
        x, target, _ = run.examples(n=5000)
        if run.model.has_prior:
            pictures = run.model.sample(self.n**2, self.sample_seed)
            how = "codes drawn from the prior"
        else:
            run.model.check_has_density()
            codes = gaussian_like(run.model.encode(x), self.n**2, self.sample_seed)
            pictures = run.model.decode(codes)
            how = f"no prior: codes drawn from a Gaussian fitted to {len(x):,} test codes"

        return _sheet(
            run, "Decoded random codes", pictures, self.n, how, images.shown_range(target)
        )


@style.in_style
def sheet(run, x: np.ndarray, how: str) -> Figure:
    """The first SHOWN of the images [N, H, W, C] in rows; how: where their codes come from."""
    images.require_images(x.shape[1:])
    shown = x[:SHOWN]
    columns = math.ceil(math.sqrt(len(shown)))
    empty = np.full((-len(shown) % columns, *x.shape[1:]), np.nan, "float32")
    if len(shown) < len(x):
        how = f"the first {len(shown)} of {len(x):,}; {how}"
    limits = images.shown_range(np.clip(shown, *run.data_range))
    return _sheet(run, "Generated images", np.concatenate([shown, empty]), columns, how, limits)


def _sheet(run, title: str, x: np.ndarray, columns: int, how: str, limits) -> Figure:
    """Rows of `columns` images each; limits: what is black and white."""
    picture = images.tile(x.reshape(-1, columns, *x.shape[1:]), images.gap_for(x.shape[2]))
    inches, _ = style.fitted(*picture.shape[:2], beside=0.5, above=0.9)
    figure = style.new_figure(run, title, inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    ax.set(title=how, xlabel=images.range_note(limits))
    return figure


def gaussian_like(codes: np.ndarray, n: int, seed: int) -> np.ndarray:
    """n draws [n, *code_shape] of the Gaussian with the mean and covariance of codes [N, ...].

    A standard normal [n, N] times the centred codes, over sqrt(N - 1), has just that covariance,
    without the d x d matrix that a large grid code would need.
    """
    flat = codes.reshape(len(codes), -1)
    mean = flat.mean(axis=0)
    epsilon = np.random.default_rng(seed).standard_normal((n, len(flat)), dtype="float32")
    draws = mean + epsilon @ (flat - mean) / np.sqrt(max(1, len(flat) - 1))
    return draws.reshape(n, *codes.shape[1:]).astype("float32")
