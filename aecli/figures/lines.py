"""Series as lines: beside their reconstruction, and many small ones on a sheet."""

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from aecli.dataspec import DataSpec
from aecli.figures import images, palettes, style

CHANNELS = 3  # of a series, that are drawn
COLUMNS = 2  # of pairs
GAP = 0.15  # between cells of a sheet, of their side
HEIGHT = (0.22, 0.75)  # inches of a cell of a sheet, at least and at most
COLOURS = palettes.LINES


def are_series(spec: DataSpec) -> bool:
    """Whether an example is drawn as lines.

    Raises NotApplicable where it cannot be drawn as an image either.
    """
    if spec.kind == "series":
        return True
    images.require_images(spec)
    return False


def in_file_units(run, x: np.ndarray) -> np.ndarray:
    """[..., 1, T, C] as the model sees them -> [..., T, C] as in the files, the channels drawn."""
    return run.learnt.unscaled(x)[..., 0, :, :CHANNELS]


def limits_of(x: np.ndarray) -> tuple[float, float]:
    """(lowest, highest) value that is drawn of series [..., T, C]; NaN is none."""
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def channels_note(run) -> str:
    """What a reader must be told of the channels; nothing for one."""
    count = run.spec.shape[-1]
    if count == 1:
        return ""
    return "all channels" if count <= CHANNELS else f"channels 0 to {CHANNELS - 1} of {count}"


def pairs(run, title: str, rows: dict[str, np.ndarray]) -> Figure:
    """A small plot for each example: all that `rows` has of it, and the error shaded.

    rows: {name: [n, 1, T, C]}; the first is the original, the last what is compared with it.
    """
    shown = {name: in_file_units(run, x) for name, x in rows.items()}
    first, *between, last = shown
    count, points, channels = shown[first].shape
    columns = min(COLUMNS, count)
    deep = -(-count // columns)
    note = channels_note(run)
    figure = style.new_figure(run, title, min(style.max_height(), 1.15 * deep + 1.0))
    axes = figure.subplots(deep, columns, sharex=True, sharey=True, squeeze=False)
    t = np.arange(points)
    for ax in axes.flat[count:]:
        ax.set_axis_off()
    for row, ax in enumerate(axes.flat[:count]):
        for channel in range(channels):
            colour = "black" if channels == 1 else COLOURS[channel]
            made = COLOURS[0] if channels == 1 else COLOURS[channel]
            values = {name: x[row, :, channel] for name, x in shown.items()}
            for name in between:
                ax.plot(t, values[name], color="0.7", linewidth=style.pt(0.8), label=name)
            ax.fill_between(
                t, values[first], values[last], color=made, alpha=0.3, linewidth=0, label="error"
            )
            ax.plot(t, values[first], color=colour, linewidth=style.pt(1.0), label=first)
            ax.plot(
                t, values[last], color=made, linewidth=style.pt(1.2), linestyle="--", label=last
            )
    handles, names = axes.flat[0].get_legend_handles_labels()
    kinds = dict(zip(reversed(names), reversed(handles), strict=True))  # one of each
    kinds = {name: kinds[name] for name in (first, *between, last, "error")}
    style.legend_below(figure, [*kinds.values()], [*kinds])
    for ax in axes[-1]:
        ax.set_xlabel("point" + (f"; {note}" if note else ""))
    return figure


def sheet(
    run,
    heading: str,
    x: np.ndarray,
    limits: tuple[float, float],
    rows: list[str] | None = None,
    columns: list[str] | None = None,
    **words: str,
) -> Figure:
    """Series [R, K, 1, T, C] as the model made them, in R rows of K small plots on one axes.

    limits: the values, in the files' units, at the lower and the upper edge of each; rows, columns:
    their names; words: title, xlabel and ylabel of the axes.
    """
    values = in_file_units(run, x)
    deep, wide = values.shape[:2]
    side = float(np.clip((style.width() - 1.5) / wide * 0.8, *HEIGHT))
    notes = [words.pop("xlabel", ""), channels_note(run)]
    notes.append(f"each from {limits[0]:.3g} to {limits[1]:.3g}")
    height = min(style.max_height(), side * deep + 1.5)
    figure = style.new_figure(run, heading, height)
    ax = figure.add_subplot()
    draw(ax, values, limits)
    step = 1 + GAP
    if rows is not None:
        ax.set_yticks([-row * step + 0.5 for row in range(deep)], rows)
    if columns is not None:
        every = int(np.ceil(wide / 12))
        at = [column * step + 0.5 for column in range(0, wide, every)]
        ax.set_xticks(at, columns[::every])
    style.note(ax, words.pop("title", ""))
    ax.set(xlabel="; ".join(filter(None, notes)), **words)
    return figure


def draw(ax, values: np.ndarray, limits: tuple[float, float]) -> None:
    """Series [R, K, T, C], row 0 at the top, without ticks or frame; cell [r, c] is at
    (c, -r) * (1 + GAP), with sides of 1."""
    deep, wide, points, channels = values.shape
    low, high = limits
    heights = np.clip((values - low) / (high - low), -GAP / 2, 1 + GAP / 2)
    t = np.linspace(0, 1, points)
    step = 1 + GAP
    for channel in range(channels):
        cells = heights[..., channel] - step * np.arange(deep)[:, None, None]
        across = np.broadcast_to(t + step * np.arange(wide)[:, None], cells.shape)
        lines = np.stack([across, cells], axis=-1).reshape(-1, points, 2)
        ax.add_collection(
            LineCollection(list(lines), colors=[COLOURS[channel]], linewidths=style.pt(0.9)),
            autolim=False,
        )
    ax.set(xlim=(-GAP, wide * step), ylim=(-(deep - 1) * step - GAP, 1 + GAP), xticks=[], yticks=[])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
