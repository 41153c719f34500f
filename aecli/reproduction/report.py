"""The rows, and what came of one, in words and for JSON."""

import math
from typing import Any

from aecli import runs, typed
from aecli.console.wanted import Wanted
from aecli.reproduction import verdict
from aecli.reproduction.row import Figure, Row
from aecli.reproduction.verdict import Judged


def listing(rows: dict[str, Row]) -> tuple[list[str], list[list[str]]]:
    """-> headers and rows of text, the shortest training first."""
    ordered = sorted(rows.items(), key=lambda item: item[1].minutes)
    cells = [
        [name, _published(row), _count(row.epochs), time_of(row), row.about]
        for name, row in ordered
    ]
    return ["row", "published", "epochs", "on 2 cores", "what"], cells


def listed(name: str, row: Row) -> dict[str, Any]:
    """A row for JSON."""
    return {
        "row": name, "about": row.about, "source": row.source, "differs": row.differs or None,
        "epochs": row.epochs, "minutes": row.minutes, "needs": row.needs,
        "figures": [
            {"figure": one.label, "published": one.published, "known": one.known, "unit": one.unit,
             "tolerance": one.tolerance, "better": one.better}
            for one in row.figures
        ],
        "train": typed.command("train", *row.train), "eval": typed.command("eval", *row.eval),
    }  # fmt: skip


def result(
    name: str, row: Row, figures: list[Judged], made: list[runs.Run], asked: list[Wanted]
) -> dict[str, Any]:
    """All that is known of a measurement, for JSON."""
    seconds = [math.fsum(run.history.get("seconds", [])) for run in made]
    return {
        **{key: value for key, value in listed(name, row).items() if key != "figures"},
        "train": typed.command("train", *asked[0].words),
        "verdict": verdict.overall(figures),
        "figures": [verdict.plain(one) for one in figures],
        "runs": [str(run.folder) for run in made],
        "training_seconds": math.fsum(seconds),
    }


def text(result: dict[str, Any]) -> str:
    """A measurement in lines."""
    lines = [f"{result['row']}   {result['about']}", f"source  {result['source']}"]
    if result["differs"]:
        lines.append(f"differs {result['differs']}")
    lines.append(f"train   {result['train']}")
    headers = ["", "published", "ours", "tolerance", "epochs published", "ours", "verdict"]
    table = [headers, *(_cells(one) for one in result["figures"])]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        lines.append("  ".join(cells).rstrip())
    seconds, count = result["training_seconds"], len(result["runs"])
    lines.append(
        f"{result['verdict']}   {count} run{'s' * (count > 1)}, {seconds:.0f}s of training"
    )
    return "\n".join(lines)


def _cells(one: dict[str, Any]) -> list[str]:
    unit = f" {one['unit']}" if one["unit"] else ""
    published = f"{_number(one['published'])}{unit}{' (computed)' * one['is_computed']}"
    half = one["half_interval"]
    ours = _number(one["ours"]) + ("" if half is None else f" ± {half:.2g} ({one['seeds']} seeds)")
    note = ""
    if one["verdict"] == verdict.SHORTER and one["ours"] is not None:
        note = f", the value {'within' if one['is_within_tolerance'] else 'not within'} tolerance"
    return [
        one["figure"], published, ours, _number(one["tolerance"]),
        _count(one["published_epochs"]), str(one["epochs"]), one["verdict"] + note,
    ]  # fmt: skip


def time_of(row: Row) -> str:
    """How long its training takes on 2 cores: 3 min, or the word for what nobody waits for."""
    if row.needs != "minutes":
        return row.needs
    return "< 1 min" if row.minutes < 1 else f"{row.minutes:.0f} min"


def _published(row: Row) -> str:
    return ", ".join(_stated(figure) for figure in row.figures)


def _stated(figure: Figure) -> str:
    if figure.known:
        return f"{figure.label} as computed"
    return f"{figure.label} {_number(figure.published)} {figure.unit}".rstrip()


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.5g}"


def _count(value: int | None) -> str:
    return "-" if value is None else str(value)
