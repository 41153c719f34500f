"""Where the error of a table's rows lies: each column's share of it, by kind of row."""

import numpy as np
from matplotlib.figure import Figure

from aecli.figures import style
from aecli.figures.anomalies import ANOMALOUS, NORMAL

MOST = 15  # columns that are drawn
LETTERS = 28  # of a column's name


@style.in_style
def by_feature(run, shares: np.ndarray, columns: list[str], kinds: dict[str, np.ndarray]) -> Figure:
    """The mean share [N, D] of each column in its row's error, for each kind of row.

    kinds: {name: [N] bool}, the anomalous ones last; of those without a row nothing is drawn.
    Columns are in order of the last kind's means; what those that are left have is said.
    """
    kinds = {name: rows for name, rows in kinds.items() if rows.any()}
    means = np.array([shares[rows].mean(axis=0) for rows in kinds.values()])
    order = np.argsort(-means[-1], kind="stable")
    shown, rest = order[:MOST], order[MOST:]
    names = [shorter(columns[i]) for i in shown]
    figure = style.new_figure(run, "Where the error lies", 1.3 + 0.27 * max(3, len(names)))
    ax = figure.add_subplot()
    places, thick = np.arange(len(names)), 0.8 / len(kinds)
    for i, (name, rows) in enumerate(kinds.items()):
        at = places + (i - (len(kinds) - 1) / 2) * thick
        colour = ANOMALOUS if name.startswith("anomalous") else NORMAL
        label = f"{name} ({int(rows.sum()):,})"
        ax.barh(at, 100 * means[i, shown], thick, color=colour, alpha=0.75, label=label)
    equal = 100 / len(columns)
    ax.axvline(equal, color="black", linestyle="--", linewidth=style.pt(1), label="an equal share")
    if len(rest):
        left = zip(kinds, means[:, rest].sum(axis=1), strict=True)
        said = ", ".join(f"{name.partition(' ')[0]} {100 * share:.0f} %" for name, share in left)
        style.note(ax, f"the {len(rest)} other columns together: {said}")
    ax.set_yticks(places, names)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("share of the row's squared error, mean over the rows (%)")
    style.legend_below(figure)
    return figure


def shorter(name: str) -> str:
    """A column's name that leaves room for the bars: its ends, where it is long."""
    half = LETTERS // 2 - 1
    return name if len(name) <= LETTERS else f"{name[:half]}...{name[-half:]}"
