"""The common look: sizes, titles, numbers of axes. Inches here are those of text of 10 points."""

import functools
import io
import math
import re
from collections.abc import Callable
from typing import Any, Literal

import matplotlib
import matplotlib.style
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import LogFormatterSciNotation, MaxNLocator

from aecli import look
from aecli.figures import fitting, palettes
from aecli.visible import in_a_line

USUAL = 6.7  # inches across, for which the heights of plots are stated
WORDS = 1.0  # inches of such a height that are text
TITLE = 0.3  # inches that the line above a figure takes
LINE = 0.19  # of a legend
NARROW = 5.5  # less has no room for a legend beside what it explains
LETTERS = 36  # of a title that fills half of it
SEQUENTIAL, DIVERGING = "viridis", "RdBu_r"

SUPERSCRIPTS = str.maketrans("-\N{MINUS SIGN}0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
TIMES = "\N{MULTIPLICATION SIGN}"


def rc() -> dict[str, Any]:
    """Matplotlib's settings of the look that is used."""
    used = look.current()
    sizes = {
        "axes.titlesize": 10, "axes.labelsize": 10, "xtick.labelsize": 9, "ytick.labelsize": 9,
        "legend.fontsize": 9, "figure.titlesize": 12, "lines.linewidth": 1.5, "font.size": 10,
        "lines.markersize": 6, "patch.linewidth": 1, "axes.linewidth": 0.8, "grid.linewidth": 0.8,
        "axes.titlepad": 6, "axes.labelpad": 4,
    }  # fmt: skip
    for axis in ("xtick", "ytick"):
        sizes |= {f"{axis}.major.size": 3.5, f"{axis}.major.width": 0.8, f"{axis}.major.pad": 3.5}
        sizes |= {f"{axis}.minor.size": 2, f"{axis}.minor.width": 0.6, f"{axis}.minor.pad": 3.4}
    return {
        **{name: pt(size) for name, size in sizes.items()},
        **({} if used.font is None else {"font.family": used.font}),
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=palettes.LINES),
        "image.cmap": used.cmap or SEQUENTIAL,
        "text.parse_math": False,  # a label or a file's name may be any text
    }


def pt(points: float) -> float:
    """So many points, where text of 10 has the size that the look asks for."""
    return points * look.current().scale


def width() -> float:
    """How wide a figure is."""
    used = look.current()
    return used.inches / used.scale


def max_height() -> float:
    """How high a figure may be; tall images make a narrower picture instead."""
    used = look.current()
    return used.max_height / used.scale


def high(inches: float) -> float:
    """How high a plot is that has so many inches where a figure is USUAL wide."""
    wanted = WORDS + (inches - WORDS) * width() / USUAL
    return min(wanted, max_height())


def signed(values) -> dict[str, Any]:
    """The colour map and its limits for values of both signs: 0 in the middle."""
    far = float(abs(values[values == values]).max(initial=0.0)) or 1.0  # NaN is no value
    return {"cmap": look.current().cmap or DIVERGING, "vmin": -far, "vmax": far}


def in_style(draw: Callable[..., Figure]) -> Callable[..., Figure]:
    """The same look whatever matplotlibrc the user has."""

    @functools.wraps(draw)
    def drawn(*arguments, **options) -> Figure:
        with matplotlib.style.context(["default", rc()]):
            figure = draw(*arguments, **options)
            plain_powers(figure)
            fitting.fit(figure, pt(10) / 72)
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


class Displayed(Figure):
    """A figure that a notebook shows as a picture by itself."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png")
        return picture.getvalue()


def new_figure(run, title: str, height: float) -> Figure:
    """An empty figure, width() x height, titled with what it shows and run.title."""
    figure = empty_figure(height if look.current().title else height - TITLE)
    _titled(figure, f"{title}: {run.title}")
    return figure


def empty_figure(height: float) -> Figure:
    """A figure, width() x height, without a title."""
    used = look.current()
    size = used.inches, used.scale * height
    figure = Displayed(figsize=size, dpi=used.dpi, layout="constrained")
    engine = figure.get_layout_engine()
    assert isinstance(engine, ConstrainedLayoutEngine)  # of "constrained"
    engine.set(w_pad=0.08 * used.scale, h_pad=0.06 * used.scale)
    FigureCanvasAgg(figure)
    return figure


def _titled(figure: Figure, text: str) -> None:
    """Above the figure, where the look has titles; in its file in any case."""
    figure.said = text  # pyright: ignore[reportAttributeAccessIssue]  # what look.save writes down
    if look.current().title:
        figure.suptitle(text, parse_math=False)


def note(ax, text: str) -> None:
    """Say above its axes how a figure came about, where the look has titles."""
    if look.current().title:
        ax.set_title(text)


def name_shown(figure: Figure, name: str | None) -> None:
    """Say in the title what is shown, where that is not the data of the run's training."""
    if name is None:
        return
    title = getattr(figure, "said", figure.get_suptitle())
    short = name if len(name) <= LETTERS else f"... {name[-LETTERS:]}"
    with matplotlib.style.context(["default", rc()]):
        _titled(figure, f"{title}, {in_a_line(f'shown {short}')}")
        fitting.fit(figure, pt(10) / 72)


def whole_numbers(axis, at_most: int | Literal["auto"] = "auto") -> None:
    """Put the ticks of a Matplotlib axis at whole numbers, whatever ticks it has had."""
    axis.set_major_locator(MaxNLocator(at_most, steps=[1, 2, 5, 10], integer=True))


def fitted(rows: int, columns: int, beside: float, above: float) -> tuple[float, float]:
    """How large a picture of rows x columns pixels gets, with room left beside and above.

    Returns (height of the figure, width of the picture).
    """
    across = min(width() - beside, (max_height() - above) * columns / rows)
    return across * rows / columns + above, across


def legend_below(figure, handles: Any = None, names: Any = None, **how) -> None:
    """A legend under all axes, in as many columns as there is room for; by its lines it grows."""
    how = {"frameon": False} | how
    if handles is None:
        handles, names = figure.axes[0].get_legend_handles_labels()
    columns = fitting.columns(figure, names)
    whole, lines = figure.get_figure(root=True), math.ceil(len(names) / columns)
    across, high = whole.get_size_inches()
    whole.set_size_inches(across, high + pt(LINE) * (lines - 1))
    figure.legend(handles, names, loc="outside lower center", ncols=columns, **how)


def with_intervals(ax, x, means, halves, **how) -> None:
    """Points at `means` with bars of `halves` to both sides, of those that are no NaN.

    Where none is a number there is no sign of a bar either, in the legend as well.
    """
    how = {"marker": "o", "markersize": pt(4), "linewidth": pt(1.2)} | how
    if all(half != half for half in halves):
        ax.plot(x, means, **how)
    else:
        ax.errorbar(x, means, halves, capsize=pt(3), **how)
