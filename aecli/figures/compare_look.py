"""What the figures of a leaderboard share: their look, their words, their axes."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, NullFormatter

from aecli.comparison.leaderboard import Leaderboard, Row
from aecli.comparison.settings import Setting
from aecli.comparison.values import ABSENT, in_order, is_number, shown
from aecli.figures import palettes
from aecli.figures.style import in_style as in_style
from aecli.figures.style import width

MANY = 8  # what one legend or picture can tell apart
TICKS = 10  # values that are each named on an axis
LETTERS = 60  # of a label
DECADES = 100  # a quantity that spans more is drawn on a logarithmic axis
COLOURS = palettes.LINES[:MANY]
GREY = "0.75"


def row_label(settings: list[Setting], values: list) -> str:
    """latent_dim=2 beta=4; without the settings that the row's runs do not have."""
    pairs = [(setting.short, shown(v)) for setting, v in zip(settings, values, strict=True)]
    return " ".join(f"{key}={text}" for key, text in pairs if text != ABSENT)


def row_labels(board: Leaderboard) -> list[str]:
    """Of each row; with its place in front where they are too long to be written out."""
    labels = [row_label(board.settings, row.values) or board.title for row in board.rows]
    if max(map(len, labels)) <= LETTERS:
        return labels
    return [shortened(f"{n}: {label}") for n, label in enumerate(labels, start=1)]


def shortened(text: str) -> str:
    return text if len(text) <= LETTERS else f"{text[: LETTERS - 2].rstrip()} …"


def values_of(rows: list[Row], place: int) -> list:
    """The distinct values of the setting at a place, in order."""
    return in_order([row.values[place] for row in rows])


def is_logarithmic(values: list) -> bool:
    """Whether positive numbers were chosen by ratio.

    They go by just one ratio, as 2, 4, 8; or span a decade or more with steps of about one ratio,
    as 1, 2, 5, 10; or span three decades.
    """
    numbers = sorted({float(value) for value in values if is_number(value)})
    if len(numbers) < 2 or len(numbers) < len(values) or numbers[0] <= 0:
        return False
    steps = np.diff(np.log(numbers))
    span = numbers[-1] / numbers[0]
    least, most = steps.min(), steps.max()
    by_one_ratio = len(steps) > 1 and most < 1.01 * least
    return bool(by_one_ratio or span >= 1000 or (span >= 10 and most <= 1.5 * least))


def set_x(ax, values: list) -> Callable[[Any], float]:
    """Lay out the x axis for a setting's distinct values; returns where a value lies on it."""
    if not all(is_number(value) for value in values):
        texts = [shown(value) for value in values]
        many = len(texts) > 5 or sum(map(len, texts)) > 60
        turned = {"rotation": 30, "ha": "right", "rotation_mode": "anchor"} if many else {}
        ax.set_xticks(range(len(texts)), texts, **turned)
        ax.set_xlim(-0.5, len(texts) - 0.5)
        return lambda value: float(texts.index(shown(value)))
    if is_logarithmic(values):
        ax.set_xscale("log")
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if len(values) <= TICKS:
        ax.set_xticks(values, [shown(value) for value in values])
        ax.xaxis.minorticks_off()
    return float


def padded(numbers: list[float], logarithmic: bool) -> tuple[float, float]:
    """Limits of an axis with some room at both ends."""
    low, high = min(numbers), max(numbers)
    if logarithmic:
        room = (high / low) ** 0.06
        return low / room, high * room
    room = 0.06 * (high - low) or 0.06 * abs(high) or 1.0
    return low - room, high + room


def set_y(ax, numbers: list[float]) -> None:
    """Logarithmic where positive values span more than DECADES."""
    if numbers and min(numbers) > 0 and max(numbers) > DECADES * min(numbers):
        ax.set_yscale("log")
    ax.grid(alpha=0.3)


def legend_below(labels: list[str]) -> tuple[float, dict]:
    """-> its height in inches, the arguments for figure.legend."""
    columns = max(1, min(4, int(13 * width()) // (max(map(len, labels)) + 7)))
    how = {"loc": "outside lower center", "ncols": columns, "frameon": False}
    return 0.2 * math.ceil(len(labels) / columns) + 0.15, how
