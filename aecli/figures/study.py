"""The figures of a study: scores by model, by strength, and what goes with what."""

import math

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from aecli.errors import NotApplicable
from aecli.figures import compare_look as look
from aecli.figures import style

ACROSS = 3  # panels in a row
PANEL = 1.75  # inches, the height of one


@style.in_style
def scores_by_model(results, ceiling: dict[str, float]) -> Figure:
    """Every training as a dot, a panel a score, models across; the true factors as a line."""
    figure, axes = _panels(results, "Scores by model", results.scores, room=0.5)
    shades = matplotlib.colormaps[matplotlib.rcParams["image.cmap"]]
    for ax, score in zip(axes, results.scores, strict=False):
        for place, arm in enumerate(results.arms):
            strengths = results.strengths(arm)
            for n, strength in enumerate(strengths):
                values = results.column(score)[results.rows(arm, strength)]
                beside = 0.5 * (n / max(1, len(strengths) - 1) - 0.5)
                colour = shades(0.9 * n / max(1, len(strengths) - 1))
                ax.plot(
                    [place + beside] * len(values),
                    values,
                    ".",
                    color=colour,
                    markersize=style.pt(5),
                )
        _limits(ax, results, score, ceiling)
        ax.set_xticks(range(len(results.arms)), results.arms, rotation=30, ha="right",
                      rotation_mode="anchor")  # fmt: skip
        ax.set_xlim(-0.5, len(results.arms) - 0.5)
    figure.supxlabel(f"dot: a training; darker: weaker{_dashed(ceiling)}", fontsize=style.pt(9))
    return figure


@style.in_style
def score_against_strength(results, ceiling: dict[str, float]) -> Figure:
    """Mean over seeds with its 95 % interval, a panel a score, a line a model.

    Strengths of several models are no one quantity: across is the place among a model's own.
    """
    figure, axes = _panels(results, "Scores against strength", results.scores, room=0.9)
    for ax, score in zip(axes, results.scores, strict=False):
        for n, arm in enumerate(results.arms):
            found = [results.at(arm, value, score) for value in results.strengths(arm)]
            means = [math.nan if one.mean is None else one.mean for one in found]
            halves = [math.nan if one.half is None else one.half for one in found]
            xs = np.arange(len(found)) + 0.06 * (n - (len(results.arms) - 1) / 2)
            colour = look.COLOURS[n % len(look.COLOURS)]
            style.with_intervals(ax, xs, means, halves, color=colour, label=arm)
        _limits(ax, results, score, ceiling)
        most = max(len(results.strengths(arm)) for arm in results.arms)
        ax.set_xticks(range(most), [str(place + 1) for place in range(most)])
    note = f"strength, from the weakest; bars: 95 % interval{_dashed(ceiling)}"
    handles, labels = axes[0].get_legend_handles_labels()
    _, how = look.legend_below(labels)
    figure.legend(handles, labels, title=note, **how)
    return figure


@style.in_style
def rank_correlations(results) -> Figure:
    """Spearman's rank correlation of scores, and of what is known without factors, with scores."""
    down = [*results.scores, *results.criteria]
    found = results.correlations(down, results.scores)
    if not np.isfinite(found).any():
        raise NotApplicable("needs three finished trainings")
    figure = style.new_figure(
        results, "Rank correlation over all trainings", 0.34 * len(down) + 1.6
    )
    ax = figure.add_subplot()
    image = ax.imshow(found, cmap=style.signed(found)["cmap"], vmin=-1, vmax=1, aspect="auto")
    for (i, j), value in np.ndenumerate(found):
        if np.isfinite(value):
            ax.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=style.pt(9),
                    color="white" if abs(value) > 0.6 else "black")  # fmt: skip
    ax.axhline(len(results.scores) - 0.5, color="black", linewidth=style.pt(1.5))
    ax.set_yticks(range(len(down)), down)
    ax.set_xticks(range(len(results.scores)), results.scores, rotation=25, ha="right",
                  rotation_mode="anchor")  # fmt: skip
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    figure.colorbar(image, ax=ax, label="Spearman's rho; 1: the same order", pad=0.02)
    return figure


def _panels(results, title: str, names: list[str], room: float):
    """-> figure, an axes for each name, each labelled."""
    if not names:
        raise NotApplicable("needs a finished training with a score")
    rows = math.ceil(len(names) / ACROSS)
    figure = style.new_figure(results, title, PANEL * rows + room + 0.5)
    axes = figure.subplots(rows, min(ACROSS, len(names)), squeeze=False).ravel()
    for ax, name in zip(axes, names, strict=False):
        ax.set_title(name)
        ax.grid(alpha=0.3, axis="y")
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    return figure, axes


def _limits(ax, results, score: str, ceiling: dict[str, float]) -> None:
    values = results.column(score)
    known = [*values[np.isfinite(values)].tolist(), *([ceiling[score]] if score in ceiling else [])]
    if score in ceiling:
        ax.axhline(ceiling[score], color="0.4", linestyle="--", linewidth=style.pt(1))
    low, high = look.padded(known, False)
    bottom, top = ax.get_ylim()  # the intervals are inside
    ax.set_ylim(min(low, bottom), max(high, top))


def _dashed(ceiling: dict[str, float]) -> str:
    return "; dashed: the true factors" if ceiling else ""
