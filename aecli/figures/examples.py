"""Some examples of data, whatever they are: a mosaic, lines, or rows as a heat map."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from aecli.datasets.splits import Split
from aecli.dataspec import DataSpec
from aecli.errors import OfOtherData
from aecli.figures import images, lines, style

COLUMNS = 5  # of images
SERIES = 2  # of series, side by side
REACH = 3  # standard deviations of a column, from the palest to the darkest colour
LETTERS = 14  # of a label above an image


@style.in_style
def draw(name: str, spec: DataSpec, part: Split, labels: list[str] | None, learnt=None) -> Figure:
    """The examples of a part in one figure; labels: one for each, None without.

    learnt: mean and standard deviation [D] of a table's columns. Raises OfOtherData for text, and
    NotApplicable for images that no screen shows.
    """
    if spec.kind == "text":
        raise OfOtherData("sentences are not drawn")
    if spec.kind == "table":
        return _rows(name, spec, part, labels, learnt)
    if spec.kind == "series":
        return _series(name, part, labels)
    return _images(name, spec, part, labels)


def _figure(name: str, noun: str, height: float) -> Figure:
    figure = style.empty_figure(height)
    figure.suptitle(f"{noun} of {name}")
    return figure


def _images(name: str, spec: DataSpec, part: Split, labels: list[str] | None) -> Figure:
    images.require_images(spec)
    x = part.pixels()
    wide = min(COLUMNS, len(x))
    deep = -(-len(x) // wide)
    limits = images.shown_range(x)
    above = 0.25 if labels else 0.05
    side = min((style.width() - 0.4) / wide, (style.max_height() - 0.8) / deep - above)
    side = min(side, side * spec.shape[1] / spec.shape[0])
    figure = _figure(name, "Images", (side * spec.shape[0] / spec.shape[1] + above) * deep + 0.7)
    axes = figure.subplots(deep, wide, squeeze=False)
    for place, ax in enumerate(axes.flat):
        if place >= len(x):
            ax.set_axis_off()
            continue
        images.show(ax, x[place], limits)
        if labels:
            ax.set_title(_short(labels[place]), parse_math=False)
    if note := images.range_note(limits):
        figure.supxlabel(note, fontsize=9)
    return figure


def _series(name: str, part: Split, labels: list[str] | None) -> Figure:
    x = part.x[:][:, 0, :, : lines.CHANNELS]
    wide = min(SERIES, len(x))
    deep = -(-len(x) // wide)
    figure = _figure(name, "Series", min(style.max_height(), 1.05 * deep + 0.9))
    axes = figure.subplots(deep, wide, sharex=True, sharey=True, squeeze=False)
    for place, ax in enumerate(axes.flat):
        if place >= len(x):
            ax.set_axis_off()
            continue
        for channel, values in enumerate(x[place].T):
            ax.plot(values, color=lines.COLOURS[channel], linewidth=1.0)
        if labels:
            ax.set_title(_short(labels[place]), parse_math=False)
    drawn = f"; channels 0 to {lines.CHANNELS - 1}" if part.x.shape[-1] > lines.CHANNELS else ""
    for ax in axes[-1]:
        ax.set_xlabel(f"point{drawn}")
    return figure


def _rows(name: str, spec: DataSpec, part: Split, labels: list[str] | None, learnt) -> Figure:
    """Each column by its own mean and standard deviation; a gap is grey."""
    mean, stddev = learnt
    x = (part.x[:].reshape(len(part), -1) - mean) / np.where(stddev > 0, stddev, 1)
    few = spec.names is not None and len(spec.names) <= images.NAMED
    figure = _figure(name, "Rows", 0.25 * len(x) + (2.6 if few else 1.4))
    ax = figure.subplots()
    colours = matplotlib.colormaps["RdBu_r"].with_extremes(bad="0.6")
    drawn = ax.imshow(x, aspect="auto", cmap=colours, vmin=-REACH, vmax=REACH)
    if few and spec.names is not None:
        names = [
            n if len(n) <= images.LETTERS else n[: images.LETTERS - 1] + "…" for n in spec.names
        ]
        ax.set_xticks(range(len(names)), names, rotation=90, fontsize=8, parse_math=False)
    else:
        ax.set_xlabel("column")
        style.whole_numbers(ax.xaxis, at_most=6)
    ids = [str(one) for one in (range(len(x)) if part.ids is None else part.ids)]
    if labels:
        ids = [f"{one}  {_short(label)}" for one, label in zip(ids, labels, strict=True)]
    ax.set_yticks(range(len(x)), ids, parse_math=False)
    ax.set_ylabel("row" + (", label" if labels else ""))
    figure.colorbar(
        drawn, ax=ax, label="standard deviations\nfrom the mean; grey: missing", extend="both"
    )
    return figure


def _short(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 1]}…"
