"""A study's results in words: tables for the terminal, Markdown, CSV, JSON."""

import csv
import io
import math
from typing import Any

import numpy as np

from aecli.comparison.interval import LEVEL, Summary
from aecli.study.results import Results

Table = tuple[list[str], list[list[str]]]
BEST = "Scores at each model's best strength: mean and 95 % interval over seeds (strength)"
EVERY = "Scores at each strength: mean and 95 % interval over seeds"
SPREAD = "Scores over all strengths and seeds: median (25 to 75 %)"
RANKS = "Rank correlation of the scores over all trainings (Spearman)"
CRITERIA = "Rank correlation of what is known without factors with the scores"
CHOICE = (
    "Choosing a strength without factors: which share of the way from a random strength to the "
    "best one is won, mean over models"
)


def tables(results: Results, ceiling: dict[str, float]) -> dict[str, Table]:
    """{title: (headers, rows)}; ceiling: {score: that of the true factors}."""
    found = {
        BEST: _best(results, ceiling), EVERY: _every(results), SPREAD: _spread(results)
    }  # fmt: skip
    if len(results.cells) >= 3:
        found[RANKS] = _ranks(results, results.scores)
        found[CRITERIA] = _ranks(results, results.criteria)
    if choice := _choice(results):
        found[CHOICE] = choice
    return found


def headline(results: Results) -> str:
    total = len(results.cells) + len(results.left_out)
    return f"{results.study.name} on {results.title}: {len(results.cells)} of {total} trainings"


def as_markdown(results: Results, found: dict[str, Table]) -> str:
    """All tables, for a README."""
    design, parts = results.study.design, []
    for title, (headers, rows) in found.items():
        lines = [headers, ["---"] * len(headers), *rows]
        parts.append(f"## {title}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
    told = [f"Source: {design.source}."] + [f"Differs: {design.differs}"] * bool(design.differs)
    told.append(f"Each: aecli train {' '.join(design.train)}")
    return "\n\n".join([f"# {headline(results)}", *told, *parts]) + "\n"


def as_csv(results: Results) -> str:
    """A line a training: model, strength, seed, then every figure."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "strength", "seed", *results.names])
    for cell, row in zip(results.cells, results.values, strict=True):
        values = ["" if math.isnan(value) else repr(float(value)) for value in row]
        writer.writerow([cell.arm, f"{cell.strength:g}", cell.seed, *values])
    return text.getvalue()


def as_json(results: Results, ceiling: dict[str, float]) -> dict[str, Any]:
    """What the tables show, as plain values."""
    scores, criteria = results.scores, results.criteria
    return {
        "study": results.study.name, "data": results.title, "level": LEVEL,
        "trainings": len(results.cells), "left_out": [one.entry.label for one in results.left_out],
        "true_factors": ceiling,
        "models": {
            arm: {
                f"{value:g}": {name: _plain(results.at(arm, value, name)) for name in results.names}
                for value in results.strengths(arm)
            }
            for arm in results.arms
        },
        "rank_correlations": {
            a: dict(zip(scores, row, strict=True))
            for a, row in zip(
                [*scores, *criteria], results.correlations([*scores, *criteria], scores).tolist(),
                strict=True,
            )
        },
        "chosen": [vars(one) for one in results.chosen()],
    }  # fmt: skip


def _best(results: Results, ceiling: dict[str, float]) -> Table:
    rows = []
    for arm in results.arms:
        cells = []
        for score in results.scores:
            found = results.best(arm, score)
            cells.append("-" if found is None else f"{_mean(found[1])} ({found[0]:g})")
        rows.append([arm, *cells])
    if ceiling:
        known = [f"{ceiling[s]:.3f}" if s in ceiling else "-" for s in results.scores]
        rows.append(["the true factors", *known])
    return ["model", *results.scores], rows


def _every(results: Results) -> Table:
    rows = []
    for arm in results.arms:
        key = results.study.design.arms[arm].strength.rpartition(".")[2]
        for value in results.strengths(arm):
            found = [_mean(results.at(arm, value, score)) for score in results.scores]
            rows.append([f"{arm} {key}={value:g}", *found])
    return ["model", *results.scores], rows


def _spread(results: Results) -> Table:
    rows = []
    for arm in results.arms:
        found = [results.spread(arm, score) for score in results.scores]
        cells = ["-" if q is None else f"{q[1]:.3f} ({q[0]:.3f} to {q[2]:.3f})" for q in found]
        rows.append([arm, *cells])
    return ["model", *results.scores], rows


def _ranks(results: Results, down: list[str]) -> Table:
    found = results.correlations(down, results.scores)
    rows = [[name, *map(_ranked, row)] for name, row in zip(down, found, strict=True)]
    return ["", *results.scores], rows


def _choice(results: Results) -> Table | None:
    """1: the best strength is chosen; 0: no better than any."""
    chosen, rows = results.chosen(), []
    for criterion in results.criteria:
        cells = []
        for score in results.scores:
            mine = [c for c in chosen if (c.criterion, c.score) == (criterion, score)]
            gains = [(c.reached - c.any_strength) / (c.best - c.any_strength)
                     for c in mine if c.best != c.any_strength]  # fmt: skip
            cells.append(f"{np.mean(gains):.2f}" if gains else "-")
        rows.append([criterion, *cells])
    return (["", *results.scores], rows) if chosen else None


def _mean(one: Summary) -> str:
    half = "" if one.half is None else f" ± {one.half:.3f}"
    return "-" if one.mean is None else f"{one.mean:.3f}{half}"


def _ranked(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.2f}"


def _plain(one: Summary) -> dict[str, Any]:
    return {"mean": one.mean, "ci95": one.half, "seeds": one.n}
