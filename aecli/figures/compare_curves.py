"""The validation losses of all runs, by epoch."""

import numpy as np
from matplotlib.figure import Figure

from aecli import runs
from aecli.comparison.leaderboard import Leaderboard
from aecli.errors import BadRequest, NotApplicable
from aecli.figures import compare_look as look
from aecli.figures import style


@look.in_style
def loss_curves(board: Leaderboard) -> Figure:
    """val_loss by epoch; a colour a row of the leaderboard, a line a run.

    The best look.MANY rows are named, the others are grey. The early epochs above all that comes
    after the tenth part of the training are cut off, so that the differences can be seen.
    """
    curves = [[c for c in map(_curve, row.records) if c is not None] for row in board.rows]
    if not any(curves):
        raise NotApplicable("needs a history.csv with val_loss")
    labels = look.row_labels(board)
    named = labels[: look.MANY] + [f"{len(labels) - look.MANY} more"] * (len(labels) > look.MANY)
    below, how = look.legend_below(named)
    figure = style.new_figure(board, "Validation loss by epoch", style.high(3.9) + below)
    ax = figure.add_subplot()
    for n, (mine, label) in reversed(list(enumerate(zip(curves, labels, strict=True)))):
        colour = look.COLOURS[n] if n < look.MANY else look.GREY
        for epochs, losses in mine:
            marker = "o" if len(losses) == 1 else None
            ax.plot(
                epochs, losses, color=colour, linewidth=style.pt(1.2), alpha=0.85, marker=marker
            )
        ax.plot([], [], color=colour, label=label if n < look.MANY else None)
    if len(labels) > look.MANY:
        ax.plot([], [], color=look.GREY, label=named[-1])
    _limit(ax, [losses for mine in curves for _, losses in mine])
    if board.loss_differs_by:
        style.note(ax, f"not one quantity in all runs: they differ in {_joined(board)}")
    ax.set(xlabel="epoch", ylabel=board.quantities["val_loss"].label("val_loss"))
    style.whole_numbers(ax.xaxis)
    handles, names = ax.get_legend_handles_labels()
    by_name = dict(zip(names, handles, strict=True))
    figure.legend([by_name[name] for name in named], named, **how)
    return figure


def _curve(record) -> tuple[np.ndarray, np.ndarray] | None:
    """Epochs and val_loss [E], NaN where it is not finite."""
    try:
        history = runs.Run(record.entry.folder).history
    except BadRequest:
        return None
    if not history.get("val_loss") or "epoch" not in history:
        return None
    losses = np.asarray(history["val_loss"], float)
    return np.asarray(history["epoch"], float), np.where(np.isfinite(losses), losses, np.nan)


def _joined(board: Leaderboard) -> str:
    return ", ".join(board.loss_differs_by)


def _limit(ax, curves: list[np.ndarray]) -> None:
    """The y axis spans what comes after the first tenth of each curve."""
    late = np.concatenate([curve[len(curve) // 10 :] for curve in curves])
    late = late[np.isfinite(late)]
    if not len(late):
        return
    look.set_y(ax, list(late))
    if ax.get_yscale() == "linear":
        ax.set_ylim(*look.padded(list(late), False))
