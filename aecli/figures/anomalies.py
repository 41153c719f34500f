"""The scores of normal and anomalous images, and the images at both ends."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from aecli.dataspec import NOUNS, DataSpec
from aecli.errors import NotApplicable
from aecli.figures import images, lines, palettes, style

COLUMNS = 10  # images shown of each end
BINS = 60  # at most
DECADE = 10  # scores that span more are drawn on a logarithmic axis
NORMAL, ANOMALOUS, UNKNOWN = *palettes.LINES[:2], "0.4"


@style.in_style
def anomalies(run, x, scores, values: dict, anomalous=None) -> Figure:
    """Histograms of scores [N] with the threshold, and the most and the least normal images.

    x: [N, H, W, C]; values: threshold, quantile and unit; anomalous: [N] bool, None where that is
    not known. Where the data is no image, the histograms alone.
    """
    try:
        of_series = lines.are_series(run.spec)
        if not of_series:
            images.require_images(DataSpec.of(x.shape[1:]))
    except NotApplicable:
        figure = style.new_figure(run, "Anomaly scores", style.high(3.2))
        _histograms(figure.add_subplot(), scores, values, anomalous, NOUNS[run.spec.kind])
        return figure
    count = min(COLUMNS, len(x))
    across = (style.width() - 0.6) / COLUMNS
    side = across if of_series else across * x.shape[1] / x.shape[2]
    strip = min(side, 2.0) + 0.45
    plot = style.high(3.1)
    figure = style.new_figure(run, "Anomaly scores", plot + 2 * strip)
    top, *strips = figure.subfigures(3, 1, squeeze=False, height_ratios=[plot, strip, strip])[:, 0]
    _histograms(top.add_subplot(), scores, values, anomalous, NOUNS[run.spec.kind])
    order, limits = np.argsort(scores, kind="stable"), images.shown_range(np.nan_to_num(x))
    ends = {"most normal": order[:count], "least normal": order[::-1][:count]}
    for part, (title, rows) in zip(strips, ends.items(), strict=True):
        _strip(part, title, rows, x, scores, anomalous, limits)
    return figure


def _histograms(ax, scores, values: dict, anomalous, noun: str) -> None:
    """Each kind as shares of its own examples; noun: what these are."""
    limit = values["threshold"]
    low, high = float(min(scores.min(), limit)), float(max(scores.max(), limit))
    logarithmic = low > 0 and high > DECADE * low
    between = np.geomspace if logarithmic else np.linspace
    count = min(BINS, max(12, int(2 * np.sqrt(len(scores)))))
    bins = between(low, high if high > low else low + 1.0, count)
    kinds = {noun: (scores, UNKNOWN)}
    if anomalous is not None:
        kinds = {
            "normal": (scores[~anomalous], NORMAL),
            "anomalous": (scores[anomalous], ANOMALOUS),
        }
    for name, (part, colour) in kinds.items():
        if len(part):
            weights = np.full(len(part), 100 / len(part))
            label = f"{name} ({len(part):,})"
            ax.hist(part, bins, weights=weights, color=colour, alpha=0.55, label=label)
    label = f"threshold {limit:.3g} ({values['quantile']:g} quantile)"
    ax.axvline(limit, color="black", linestyle="--", linewidth=style.pt(1.2), label=label)
    if logarithmic:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set(xlabel=f"score: {values['unit']}", ylabel=f"{noun} (% of their kind)")
    if "auroc" in values:
        ax.set_title(f"AUROC {values['auroc']:.3f}")
    style.legend_below(ax.figure)


def _strip(part, title: str, rows, x, scores, anomalous, limits) -> None:
    part.suptitle(title, fontsize=style.pt(10), x=0.02, ha="left")
    for ax, row in zip(
        part.subplots(1, COLUMNS), [*rows, *[None] * (COLUMNS - len(rows))], strict=True
    ):
        ax.set_axis_off()
        if row is None:
            continue
        if x.shape[1] == 1:  # a series: what is no image has no strip
            lines.draw(ax, x[row][None, ..., : lines.CHANNELS], limits)
        else:
            images.show(ax, x[row], limits)
        colour = UNKNOWN if anomalous is None else (ANOMALOUS if anomalous[row] else NORMAL)
        ax.set_title(f"{scores[row]:.3g}", fontsize=style.pt(8), color=colour, pad=style.pt(2))
