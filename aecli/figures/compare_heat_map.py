"""The metric over two settings."""

import matplotlib
import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from aecli.comparison import report
from aecli.comparison.leaderboard import Leaderboard
from aecli.comparison.values import shown
from aecli.errors import NotApplicable
from aecli.figures import compare_look as look
from aecli.figures import style

SIDE = 10  # values of a setting at most: more would not be legible
CELL = 0.55  # inches, the height of one


@look.in_style
def heat_map(board: Leaderboard) -> Figure:
    """Mean and 95 % interval of the metric, the first setting down and the second across.

    Brighter is better; the best cell is framed. Combinations without a finished run stay white.
    """
    down, across = (look.values_of(board.rows, place) for place in (0, 1))
    if max(len(down), len(across)) > SIDE:
        raise NotApplicable(f"needs two settings of at most {SIDE} values")
    if len(board.rows) * 2 <= len(down) * len(across):
        raise NotApplicable("needs most combinations of the two settings")
    means = np.full((len(down), len(across)), np.nan)
    texts = {}
    for row, text in zip(board.rows, report.cells(board, board.metric), strict=True):
        cell = _index(down, row.values[0]), _index(across, row.values[1])
        summary = row.summaries[board.metric]
        means[cell] = np.nan if summary.mean is None else summary.mean
        texts[cell] = text
    if not np.isfinite(means).any():
        raise NotApplicable(f"needs runs with {board.metric}")
    title = f"{board.metric} by {board.settings[0].short} and {board.settings[1].short}"
    figure = style.new_figure(board, title, CELL * len(down) + 1.5)
    ax = figure.add_subplot()
    colours = matplotlib.colormaps[matplotlib.rcParams["image.cmap"]]
    colours = colours if board.higher_is_better else colours.reversed()
    image = ax.imshow(means, cmap=colours, norm=_norm(means), aspect="auto")
    for cell, text in texts.items():
        if np.isfinite(means[cell]):
            _write(ax, cell, text, colours(image.norm(means[cell])), len(across))
    _frame(ax, _index(down, board.rows[0].values[0]), _index(across, board.rows[0].values[1]))
    ax.set_yticks(range(len(down)), [shown(value) for value in down])
    look.set_x(ax, [shown(value) for value in across])
    ax.set(ylabel=board.settings[0].key, xlabel=board.settings[1].key)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    figure.colorbar(image, ax=ax, label=board.metric_label, pad=0.02)
    return figure


def _index(values: list, value) -> int:
    return [shown(one) for one in values].index(shown(value))


def _norm(means: np.ndarray) -> Normalize:
    low, high = np.nanmin(means), np.nanmax(means)
    if low > 0 and high > look.DECADES * low:
        return LogNorm(low, high)
    return Normalize(low, high if high > low else low + abs(low) * 1e-6 + 1e-12)


def _write(ax, cell: tuple[int, int], text: str, colour, columns: int) -> None:
    """The mean, and in a second line the interval where there is room for it."""
    mean, _, half = text.partition(" ± ")
    luminance = 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]
    lines = f"{mean}\n± {half}" if half and columns <= 7 else mean
    ax.text(cell[1], cell[0], lines, ha="center", va="center", fontsize=style.pt(9),
            color="black" if luminance > 0.5 else "white")  # fmt: skip


def _frame(ax, row: int, column: int) -> None:
    ax.add_patch(Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, fill=False, edgecolor="red",
                           linewidth=style.pt(2)))  # fmt: skip
