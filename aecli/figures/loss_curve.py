"""The losses by epoch."""

import dataclasses
from typing import ClassVar

import numpy as np

from aecli.errors import NotApplicable
from aecli.figures import style
from aecli.figures.base import RunFigure
from aecli.runs import quantities

NOT_TERMS = {"epoch", "seconds", "loss", "learning_rate"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class LossCurve(RunFigure):
    """Training and validation loss by epoch, the epoch marked that callbacks.checkpoint chose.

    Each term of the objective (reconstruction, kl ...) has a panel of its own when there is more
    than one, and so has what is watched beside it; terms are unweighted, and each has the unit that
    the run says. An axis is logarithmic where it spans more than two decades.
    """

    uses_model: ClassVar[bool] = False

    def draw(self, run):
        history = {name: np.asarray(column, float) for name, column in run.history.items()}
        if len(history.get("epoch", ())) == 0:
            raise NotApplicable("needs at least one finished epoch")
        terms = [n for n in history if n not in NOT_TERMS and not n.startswith("val_")]
        order = ["reconstruction", *run.status.get("columns", ())]  # what is watched comes last
        terms = sorted(terms, key=lambda n: order.index(n) if n in order else len(order))
        terms = terms if len(terms) > 1 else []

        figure = style.new_figure(
            run, "Loss by epoch", max(style.high(4.0), 1.7 * len(terms) + 0.6)
        )
        grid = figure.add_gridspec(max(1, len(terms)), 2 if terms else 1)
        main = figure.add_subplot(grid[:, 0])
        measured = quantities.of_columns(run.status, ["loss", *terms])
        self._curves(main, history, "loss")
        self._mark_best(main, history, _monitor(run))
        main.set(ylabel=measured["loss"].label("loss"), xlabel="epoch")
        if style.width() < style.NARROW:
            style.legend_below(figure)
        else:
            main.legend()
        for row, term in enumerate(terms):
            ax = figure.add_subplot(grid[row, 1], sharex=main)
            self._curves(ax, history, term)
            ax.set_title(measured[term].label(term.replace("_", " ")))
            ax.tick_params(labelbottom=row == len(terms) - 1)
        figure.axes[-1].set_xlabel("epoch")
        return figure

    def _curves(self, ax, history, name):
        drawn = []
        for column, label in ((name, "training"), (f"val_{name}", "validation")):
            values = history.get(column, np.array([np.nan]))
            if np.isfinite(values).any():
                marker = "o" if len(values) <= 20 else None  # one epoch is a point, not a line
                ax.plot(
                    history["epoch"], values, marker=marker, markersize=style.pt(3.5), label=label
                )
                drawn.append(values[np.isfinite(values)])
        ax.grid(alpha=0.3)
        style.whole_numbers(ax.xaxis)
        if len(history["epoch"]) == 1:
            ax.set_xticks(history["epoch"])
        if drawn and (low := np.concatenate(drawn).min()) > 0:
            ax.set_yscale("log" if np.concatenate(drawn).max() > 100 * low else "linear")

    def _mark_best(self, ax, history, monitor):
        """A star at the epoch of the lowest `monitor`, whose model is kept; None: no choice."""
        values = history.get(monitor, np.array([np.nan]))
        if not np.isfinite(values).any():
            return
        best = int(np.nanargmin(np.where(np.isfinite(values), values, np.nan)))
        name = "" if monitor == "val_loss" else f" {monitor}"
        label = f"best{name}: {values[best]:.4g} at epoch {history['epoch'][best]:.0f}"
        heights = [history[loss][best] for loss in ("val_loss", "loss") if loss in history]
        height = next((value for value in heights if np.isfinite(value)), np.nan)
        ax.plot(
            history["epoch"][best], height, "*",
            color="black", markersize=style.pt(10), linestyle="none", label=label,
        )  # fmt: skip


def _monitor(run) -> str | None:
    """The column of history.csv that chose the run's best epoch; None: its last one is kept."""
    checkpoint = (run.config.get("callbacks") or {}).get("checkpoint") or {}
    return checkpoint.get("monitor", "val_loss")  # without a checkpoint, as the run's status has it
