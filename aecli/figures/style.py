"""The common look: sizes, titles, and the colours of labels."""

import functools
import re
from collections.abc import Callable
from typing import Literal

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from aecli.visible import in_a_line

WIDTH = 6.7  # inches; 800 pixels at DPI
DPI = 120
MAX_HEIGHT = 9.0  # inches; tall images make a narrower picture instead
LETTERS = 36  # of a title that fills half of WIDTH
RC = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "legend.fontsize": 9,
    "figure.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "image.cmap": "viridis",
    "text.parse_math": False,  # a label or a file's name may be any text
}

SUPERSCRIPTS = str.maketrans("-\N{MINUS SIGN}0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TIMES = "\N{MULTIPLICATION SIGN}"


def in_style(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """The same look whatever matplotlibrc the user has."""

    @functools.wraps(draw)
    def drawn(*arguments, **options) -> Figure:
        with matplotlib.style.context(["default", RC]):
            figure = draw(*arguments, **options)
            plain_powers(figure)
            figure.draw_without_rendering()  # ticks are made late: they must see this style
        return figure

    return drawn


class Powers(LogFormatterSciNotation):
    """10⁻³ as characters, which Matplotlib writes as mathematics."""

    def __call__(self, x, pos=None):
        text = super().__call__(x, pos)
        parts = re.fullmatch(r"\$\\mathdefault\{(.*?)(\\times)?(\d+)\^\{(.*)\}\}\$", text)
        if parts is None:
            return text
        factor, times, base, power = parts.groups()
        return f"{factor}{TIMES if times else ''}{base}{power.translate(SUPERSCRIPTS)}"


def plain_powers(figure: Figure) -> None:
    """Powers on the logarithmic axes that have Matplotlib's own numbers."""
    for axis in [axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)]:
        for place in ("major", "minor"):
            old = getattr(axis, f"get_{place}_formatter")()
            if isinstance(old, LogFormatterSciNotation):
                new = Powers(labelOnlyBase=old.labelOnlyBase)
                getattr(axis, f"set_{place}_formatter")(new)


def new_figure(run, title: str, height: float) -> Figure:
    """An empty figure, WIDTH x height inches, titled with what it shows and run.title."""
    figure = empty_figure(height)
    figure.suptitle(f"{title}: {run.title}")
    return figure


def empty_figure(height: float) -> Figure:
    """A figure, WIDTH x height inches, without a title."""
    figure = Figure(figsize=(WIDTH, height), dpi=DPI, layout="constrained")
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # of "constrained"
    engine.set(w_pad=0.08, h_pad=0.06)
    FigureCanvasAgg(figure)
    return figure


def name_shown(figure: Figure, name: str | None) -> None:
    """Say in the title what is shown, where that is not the data of the run's training."""
    if name is None:
        return
    title, short = figure.get_suptitle(), name if len(name) <= LETTERS else f"... {name[-LETTERS:]}"
    text = in_a_line(f"shown {short}")
    between = ", " if len(title) + len(text) < 2 * LETTERS else "\n"
    with matplotlib.style.context(["default", RC]):
        figure.suptitle(f"{title}{between}{text}", parse_math=False)


def whole_numbers(axis, at_most: int | Literal["auto"] = "auto") -> None:
    """Put the ticks of a Matplotlib axis at whole numbers, whatever ticks it has had."""
    axis.set_major_locator(MaxNLocator(at_most, steps=[1, 2, 5, 10], integer=True))


def fitted(rows: int, columns: int, beside: float, above: float) -> tuple[float, float]:
    """How large a picture of rows x columns pixels gets, with room left beside and above (inches).

    Returns (height of the figure, width of the picture) in inches.
    """
    width = min(WIDTH - beside, (MAX_HEIGHT - above) * columns / rows)
    return width * rows / columns + above, width


def label_colours(labels: np.ndarray, names: tuple[str, ...] | None):
    """How to colour integer labels [N].

    Returns (index [N] of each label's colour, colour map, norm, label names); more than 20 labels
    share a continuous map, with norm and names None and the label itself as index.
    """
    values, index = np.unique(labels, return_inverse=True)
    if len(values) > 20:
        return labels, matplotlib.colormaps["viridis"], None, None
    palette = matplotlib.color_sequences["tab10" if len(values) <= 10 else "tab20"]
    colours = ListedColormap(palette[: len(values)])
    norm = BoundaryNorm(np.arange(len(values) + 1) - 0.5, len(values))
    known = names if names and values.min() >= 0 and values.max() < len(names) else None
    return index, colours, norm, [known[v] if known else str(v) for v in values]
