"""Accuracy of simple classifiers against the number of labels, one line a feature set."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from aecli.figures import style
from aecli.metrics.probe_curve import METHODS


@style.in_style
def probe_curve(run, rows: list[dict], classes: int) -> Figure:
    """rows: of metrics.probe_curve; a bar is the standard deviation over the draws."""
    figure = style.new_figure(run, "Labels told from features", style.high(3.8))
    axes = figure.subplots(1, len(METHODS), sharey=True)
    sets = {row["features"]: [] for row in rows}
    for row in rows:
        sets[row["features"]].append(row)
    ticks = sorted({row["labels"] / classes for row in rows})
    for ax, (method, title) in zip(axes, METHODS.items(), strict=True):
        for name, mine in sets.items():
            means = [100 * row[method] for row in mine]
            spreads = [100 * (row[f"{method}_std"] or np.nan) for row in mine]
            counts = [row["labels"] / classes for row in mine]
            style.with_intervals(ax, counts, means, spreads, label=name)
        ax.set_xscale("log")
        ax.set_xticks(ticks, [f"{tick:,.0f}" for tick in ticks])
        ax.xaxis.set_minor_formatter(NullFormatter())
        ax.set(title=title, xlabel="labels a class")
        ax.grid(alpha=0.3)
    axes[0].set_ylabel("test accuracy (%)")
    style.legend_below(figure, *axes[0].get_legend_handles_labels())
    return figure
