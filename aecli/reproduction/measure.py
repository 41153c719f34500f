"""What a finished run reaches: a row's figures, in the unit in which they were published."""

import math

import numpy as np

from aecli import build, runs
from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.io import request
from aecli.metrics.base import Evaluation
from aecli.metrics.card import filled
from aecli.reproduction.known import KNOWN
from aecli.reproduction.row import Figure, Row


def measured(
    run: runs.Run, row: Row, config_dir: str | None = None
) -> list[tuple[float | None, float | None]]:
    """(ours, published or known) of each figure of the row; ours is None where there is none.

    Raises BadRequest where aecli eval, or the history, has no such figure.
    """
    cfg = composed("eval", parse("eval", row.eval).overrides, config_dir).config
    request.wake(run)
    evaluation = Evaluation(run, cfg.split)
    card = filled(evaluation, build.components(cfg.metrics, "metrics"), strict=True).figures()
    return [
        (_ours(figure, card, evaluation), _theirs(figure, evaluation)) for figure in row.figures
    ]


def _theirs(figure: Figure, evaluation: Evaluation) -> float | None:
    return KNOWN[figure.known](evaluation) if figure.known else figure.published


def _ours(figure: Figure, card: dict, evaluation: Evaluation) -> float | None:
    value = _found(figure, card, evaluation.run)
    return None if value is None else value * _factor(figure, evaluation)


def _found(figure: Figure, card: dict, run: runs.Run) -> float | None:
    if figure.epoch is not None:
        column = _of(run.history, figure.name, "history.csv")
        return column[figure.epoch - 1] if figure.epoch <= len(column) else None
    if figure.of is None:
        return _of(card, figure.name, "aecli eval")
    rows = {name: row for name, row in card["baselines"].items() if name.startswith(figure.of)}
    if not rows:
        raise BadRequest(f"aecli eval has no baseline {figure.of}; it has: {[*card['baselines']]}")
    return _of(next(iter(rows.values())), figure.name, figure.of)


def _of(values: dict, name: str, where: str):
    if name not in values:
        raise BadRequest(f"{where} has no figure {name}; it has: {', '.join(values)}")
    return values[name]


def _factor(figure: Figure, evaluation: Evaluation) -> float:
    if figure.times == "pixels":
        return float(math.prod(evaluation.run.data_shape))
    if figure.times == "per_variance":
        train = evaluation.run.examples("train")[1]
        return 1.0 / float(np.var(train, dtype="float64"))
    return float(figure.times)
