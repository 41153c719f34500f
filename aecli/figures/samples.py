"""Images decoded from random codes."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Annotated

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field, InstanceOf

from aecli.figures import images, lines, style
from aecli.figures.base import RunFigure
from aecli.io import conditions
from aecli.runs import sampling
from aecli.samplers.base import Sampler

SHOWN = 100  # images of a sheet
MOST = 25  # labels, of which each has a row or a column


@dataclasses.dataclass(frozen=True, kw_only=True)
class Samples(RunFigure):
    """n x n images decoded from random codes: sampling.new_codes, and the figure says which.

    A model that is told labels decodes n codes with each label of the training: one row a label.
    """

    n: Annotated[int, Field(ge=1, le=50, description="images a side")] = 8
    sample_seed: Annotated[int, Field(ge=0, description="of the random codes")] = 0
    sampler: InstanceOf[Sampler] | None = None

    def draw(self, run):
        of_series = lines.are_series(run.model.spec)
        _, target, _ = run.examples(n=5000)
        model, told = run.model, conditions.known(run)[:MOST]
        count = self.n if told else self.n**2
        codes, origin = sampling.new_codes(run, count, self.sample_seed, self.sampler)
        how = f"codes drawn from {origin}" + (", the same for each label" if told else "")
        codes = np.concatenate([codes] * max(1, len(told)))
        pictures = model.decode(codes, np.repeat(told, self.n) if told else None)
        if of_series:
            names = [f"label {conditions.name(run, label)}" for label in told] or None
            limits = lines.limits_of(lines.in_file_units(run, target))
            cells = pictures.reshape(-1, self.n, *pictures.shape[1:])
            return lines.sheet(run, "Decoded random codes", cells, limits, names, title=how)
        limits = images.shown_range(target)
        figure = _sheet(run, "Decoded random codes", pictures, self.n, how, limits)
        if told:
            height, width = pictures.shape[1:3]
            names = [f"label {conditions.name(run, label)}" for label in told]
            images.name_rows(figure.axes[0], names, height, images.gap_for(width))
        return figure


@style.in_style
def sheet(run, x: np.ndarray, how: str, names: Sequence[str] = ()) -> Figure:
    """The first SHOWN of the images [N, H, W, C] in rows; how: where their codes come from.

    names: of the labels that they have in turn, which become the columns where they fit.
    """
    of_series = lines.are_series(run.spec)
    shown = x[:SHOWN]
    is_by_label = 1 < len(names) <= min(MOST, len(shown))
    columns = len(names) if is_by_label else math.ceil(math.sqrt(len(shown)))
    empty = np.full((-len(shown) % columns, *x.shape[1:]), np.nan, "float32")
    if len(shown) < len(x):
        how = f"the first {len(shown)} of {len(x):,}; {how}"
    if is_by_label:
        how += "; one column a label"
    made = np.concatenate([shown, empty])
    if of_series:
        limits = lines.limits_of(lines.in_file_units(run, np.clip(shown, *run.data_range)))
        cells = made.reshape(-1, columns, *x.shape[1:])
        tops = list(names) if is_by_label else None
        return lines.sheet(run, "Generated series", cells, limits, columns=tops, title=how)
    limits = images.shown_range(np.clip(shown, *run.data_range))
    figure = _sheet(run, "Generated images", made, columns, how, limits)
    if is_by_label:
        images.name_columns(figure.axes[0], list(names), x.shape[2])
    return figure


def _sheet(run, title: str, x: np.ndarray, columns: int, how: str, limits) -> Figure:
    """Rows of `columns` images each; limits: what is black and white."""
    picture = images.tile(x.reshape(-1, columns, *x.shape[1:]), images.gap_for(x.shape[2]))
    inches, _ = style.fitted(*picture.shape[:2], beside=0.5, above=0.9)
    figure = style.new_figure(run, title, inches)
    ax = figure.add_subplot()
    images.show(ax, picture, limits)
    style.note(ax, how)
    ax.set_xlabel(images.range_note(limits))
    return figure
