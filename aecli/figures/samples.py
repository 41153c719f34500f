"""Images decoded from random codes."""

import dataclasses
import math
from typing import Annotated

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field, InstanceOf

from aecli.figures import images, style
from aecli.figures.base import RunFigure
from aecli.runs import sampling
from aecli.samplers.base import Sampler

SHOWN = 100  # images of a sheet


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples(RunFigure):
    """n x n images decoded from random codes: sampling.new_codes, and the figure says which."""

    n: Annotated[int, Field(ge=1, le=50, description="images a side")] = 8
    sample_seed: Annotated[int, Field(ge=0, description="of the random codes")] = 0
    sampler: InstanceOf[Sampler] | None = None

    def draw(self, run):
        images.require_images(run.model.data_shape)
        _, target, _ = run.examples(n=5000)
        codes, origin = sampling.new_codes(run, self.n**2, self.sample_seed, self.sampler)
        pictures, limits = run.model.decode(codes), images.shown_range(target)
        how = f"codes drawn from {origin}"
        return _sheet(run, "Decoded random codes", pictures, self.n, how, limits)


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
