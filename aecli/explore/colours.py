"""The colours of the points, by what is known of them, and what the colours mean."""

from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from aecli.figures.palettes import PETROFF, of_classes

MOST = 20  # numbers that get a colour each
SEEN = (0.12, 0.95)  # of the scale: what is seen on white and on black
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def by_value(name: str, values: list) -> dict[str, Any]:
    """A colour for each value: of names as unlike as can be, of numbers in their order.

    More than MOST numbers share a scale; names never do.

    {"name", "colours": [N] as #rrggbb, "legend": [[colour, text]], "unit": ""}
    """
    known = sorted(set(values), key=_in_order)
    is_numbers = not isinstance(known[0], str)
    if is_numbers and len(known) > MOST:
        return by_number(name, np.array(values, float))
    if is_numbers:
        palette = matplotlib.colormaps["viridis"](np.linspace(*SEEN, len(known)))
    elif len(known) <= len(PETROFF):
        palette = of_classes(len(known))
    elif len(known) <= MOST:
        palette = matplotlib.color_sequences["tab20"]
    else:
        palette = matplotlib.colormaps["turbo"](np.linspace(0.05, 0.95, len(known)))
    colour = {v: to_hex(palette[i]) for i, v in enumerate(known)}
    legend = [[colour[v], str(v)] for v in known]
    return {"name": name, "colours": [colour[v] for v in values], "legend": legend, "unit": ""}


def by_number(name: str, values: np.ndarray, unit: str = "") -> dict[str, Any]:
    """A scale by rank, its quarters marked by their values: a few large ones leave the rest apart.

    As by_value gives, "scale" in place of its legend: [[colour, value]] from the lowest on.
    """
    scale = matplotlib.colormaps["viridis"](np.linspace(*SEEN, 101))
    edges = np.quantile(values, np.linspace(0, 1, 101))
    at = np.searchsorted(edges, values, side="left").clip(0, 100)
    marks = zip(QUARTERS, np.quantile(values, QUARTERS), strict=True)
    legend = [[to_hex(scale[round(100 * t)]), f"{v:.3g}"] for t, v in marks]
    return {"name": name, "colours": [to_hex(c) for c in scale[at]], "scale": legend,
            "unit": unit}  # fmt: skip


def _in_order(value):
    """Texts that are numbers by their number: 2 before 10."""
    is_number = isinstance(value, str) and value.isdecimal()
    return (0, int(value), "") if is_number else (1, 0, value) if isinstance(value, str) else value
