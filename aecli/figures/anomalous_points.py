"""A recording along time, the scores of its points below it, and what is anomalous in it."""

import numpy as np
from matplotlib.figure import Figure

from aecli.datasets.windows import Windows
from aecli.figures import lines, style
from aecli.figures.anomalies import ANOMALOUS, NORMAL

MARK = 200  # of the axis, at least so much is marked: one point of many would not be seen


@style.in_style
def along_time(run, x: np.ndarray, windows: Windows, found: dict, values: dict, known) -> Figure:
    """The channels that are drawn, in the files' units; below them the scores and the threshold.

    x: the windows [N, 1, T, C]; found: the table of the points; values: threshold and unit; known:
    [M] bool, which of these points are anomalous, None where that is not known.
    """
    figure = style.new_figure(run, "Anomalies over time", style.high(4.2))
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=[3, 2])
    recording = whole(lines.in_file_units(run, x), windows)
    t = np.arange(len(recording))
    for channel in range(recording.shape[1]):
        top.plot(t, recording[:, channel], color=lines.COLOURS[channel], linewidth=style.pt(0.6))
    score = np.full(windows.points, np.nan)
    score[found["point"]] = found["score"]
    bottom.plot(t, score, color="0.25", linewidth=style.pt(0.8), label="score")
    limit = values["threshold"]
    label = f"threshold {limit:.3g}"
    bottom.axhline(limit, color="black", linestyle="--", linewidth=style.pt(1.0), label=label)
    said = found["verdict"] == "anomalous"
    marks = [(bottom, said, NORMAL, 0.25, "above the threshold")]
    if known is not None:
        marks += [(ax, known, ANOMALOUS, 0.35, "anomalous, by label") for ax in (top, bottom)]
    for ax, rows, colour, alpha, name in marks:
        for start, stop in spans(found["point"][rows], windows.points / MARK):
            shown = None if ax is top else name
            ax.axvspan(start, stop, color=colour, alpha=alpha, linewidth=0, label=shown)
            name = None
    top.set_ylabel("value" if run.spec.shape[-1] == 1 else lines.channels_note(run))
    bottom.set(xlabel="point", ylabel="score", xlim=(t[found["point"][0]], found["point"][-1]))
    if "points" in values and "auroc" in values["points"]:
        told = values["points"]
        top.set_title(
            f"of the points: AUROC {told['auroc']:.3f}, average precision "
            f"{told['average_precision']:.3f}, best F1 {told['best_f1']:.3f}"
        )
    style.legend_below(figure, *bottom.get_legend_handles_labels())
    return figure


def whole(x: np.ndarray, windows: Windows) -> np.ndarray:
    """Windows [N, T, C] -> the recording [points, C] that they were cut from, NaN between them."""
    recording = np.full((windows.points, x.shape[-1]), np.nan)
    for start, window in zip(windows.starts, x, strict=True):
        recording[start : start + windows.length] = window
    return recording


def spans(points: np.ndarray, least: float) -> list[tuple[float, float]]:
    """Sorted points -> (start, stop) of each run of them, `least` wide or more."""
    if not len(points):
        return []
    breaks = np.flatnonzero(np.diff(points) > 1) + 1
    found = []
    for run in np.split(points, breaks):
        wider = max(0.0, least - len(run)) / 2
        found.append((run[0] - 0.5 - wider, run[-1] + 0.5 + wider))
    return found
