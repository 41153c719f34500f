"""Optuna's own figures of a study, at the size of the others."""

import warnings
from typing import Any

import matplotlib
import matplotlib.style
import numpy as np
from matplotlib.ticker import MaxNLocator, NullFormatter

from aecli import look
from aecli.figures import style
from aecli.files import made_folder, replacing
from aecli.tuning import engine
from aecli.tuning.space import Param
from aecli.tuning.studies import Study

HEIGHT = 3.6  # inches
BESIDE = 4  # panels of the slices in style.width()
LONG = 6  # characters of a label that is turned
FAR = 4  # times as far from the best as the median is
GREY = "#b0b0b0"


def draw(study: Study) -> list[str]:
    """Write those that the trials so far allow into the study's figures/; returns their names."""
    matplotlib.use("agg")  # Optuna draws through pyplot
    from matplotlib import pyplot

    engine.imported()
    journal = study.journal()
    drawings = {"history": _history, "slice": _slices} if journal.ranked else {}
    if len({trial.value for trial in journal.ranked}) > 1 and len(study.terms.params) > 1:
        drawings["importance"] = _importance
    made_folder(study.figures)
    for name, drawing in drawings.items():
        with warnings.catch_warnings(), matplotlib.style.context(["default", style.rc()]):
            warnings.simplefilter("ignore")  # an axis of a single value
            figure = drawing(study, journal.study)
            for ax in figure.axes:
                _plain(ax)
            style.plain_powers(figure)
            one = name == "slice" and len(figure.axes) == 2  # with a grid inside a grid
            figure.set_layout_engine("tight" if one else "constrained")
            figure.set_facecolor("white")
            figure.set_dpi(look.current().dpi)
            with replacing(study.figures / f"{name}.{look.current().format}") as temporary:
                look.current().save(figure, temporary)
            pyplot.close(figure)
    return list(drawings)


def _titled(ax: Any, text: str) -> None:
    if look.current().title:
        ax.set_title(text, loc="left", fontsize=style.pt(10))


def _sized(figure: Any, across: float, high: float) -> None:
    figure.set_size_inches(across * look.current().scale, high * look.current().scale)


def _history(study: Study, optunas: Any) -> Any:
    from optuna.visualization.matplotlib import plot_optimization_history

    ax: Any = plot_optimization_history(optunas, target_name=study.terms.metric)
    ax.set(title="", xlabel="trial")
    far = _focus(ax, study)
    _titled(ax, f"Completed trials, and the best so far{far}")
    ax.lines[0].set(drawstyle="steps-post", label="best so far")
    ax.legend(loc="best")
    style.whole_numbers(ax.xaxis)
    _sized(ax.figure, style.width(), style.high(HEIGHT))
    return ax.figure


def _importance(study: Study, optunas: Any) -> Any:
    from optuna.visualization.matplotlib import plot_param_importances

    ax: Any = plot_param_importances(optunas)
    _titled(ax, f"What {study.terms.metric} depends on")
    ax.set(xlabel="importance (share)", ylabel="")
    ax.get_legend().remove()
    _sized(ax.figure, style.width(), 1.2 + 0.35 * len(study.terms.params))
    return ax.figure


def _slices(study: Study, optunas: Any) -> Any:
    from optuna.visualization.matplotlib import plot_slice

    drawn: Any = plot_slice(optunas, target_name=study.terms.metric)  # axes, or one alone
    axes = np.ravel(drawn)
    figure = axes[0].figure
    axes[0].set_title("")
    far = _focus(axes[0], study)  # they share the axis
    if look.current().title:
        title = f"Completed trials, value by value{far}"
        figure.suptitle(title, x=0.02, ha="left", fontsize=style.pt(10))
    params = {param.key: param for param in study.terms.params}
    for ax in axes:
        _whole_range(ax, params[ax.get_xlabel()])
        ax.set_xlabel(ax.get_xlabel().replace(".", ".\n", 1))
    colours = figure.axes[-1]
    style.whole_numbers(colours.yaxis)
    colours.set_ylabel("trial")
    _sized(figure, style.width() * max(1, len(axes) / BESIDE), style.high(HEIGHT))
    return figure


def _focus(ax: Any, study: Study) -> str:
    """Values far from the best would flatten the others: they are left out, and counted."""
    values = np.array([trial.value for trial in study.journal().ranked])
    spread = np.abs(np.median(values) - values[0])
    far = np.abs(values - values[0]) > FAR * spread
    if not spread or not far.any():
        return ""
    ends = [values[0], values[~far][-1]]
    margin = 0.05 * np.ptp(ends)
    ax.set_ylim(min(ends) - margin, max(ends) + margin)
    return f" (worse ones beyond the axis: {far.sum()})"


def _whole_range(ax: Any, param: Param) -> None:
    """What was searched, not only what was met."""
    if param.kind == "choice":
        labels = [text.get_text().strip("'") for text in ax.get_xticklabels()]
        ax.set_xticks(ax.get_xticks(), labels)
        ax.set_xlim(-0.4, len(labels) - 0.6)
        if max(map(len, param.texts)) > LONG:
            ax.tick_params(axis="x", labelrotation=90)
        return
    low, high = param.bounds
    if param.log:
        margin = (high / low) ** 0.04
        ax.set_xlim(low / margin, high * margin)
        ax.xaxis.set_minor_formatter(NullFormatter())
        return
    margin = 0.04 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.xaxis.set_major_locator(MaxNLocator(4, integer=param.kind == "int"))


def _plain(ax: Any) -> None:
    """As the other figures, where Optuna takes a style of its own."""
    ax.set_facecolor("white")
    ax.set_axisbelow(True)
    ax.grid(color=GREY, alpha=0.3)
    for side, spine in ax.spines.items():
        spine.set(visible=side in ("left", "bottom"), color="black")
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(size=style.pt(10), color="black")
    for number in ax.texts:
        number.set_fontsize(style.pt(9))
    ax.tick_params(colors="black", labelsize=style.pt(9))
