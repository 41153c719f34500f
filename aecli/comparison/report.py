"""A leaderboard in words: a table, CSV, JSON."""

import csv
import io
import math
import pathlib
import statistics

from aecli.comparison.interval import LEVEL, Summary
from aecli.comparison.leaderboard import Leaderboard, Row, leaderboard
from aecli.comparison.settings import differences
from aecli.comparison.sources import of_sweep
from aecli.comparison.values import shown
from aecli.io.tables import cell
from aecli.runs import sweeps

RUNS_SHOWN = 5  # in one line of the table; CSV and JSON name all
KEYS_SHOWN = 5  # of those that go with an option; JSON names all


def leaderboard_of_sweep(folder: pathlib.Path | str, metric: str | None = None) -> str:
    """The leaderboard of a sweep's finished jobs as text of several lines.

    metric: what to rank by; None chooses. Raises BadRequest where no job is done.
    """
    board = leaderboard(of_sweep(sweeps.find(str(folder))), metric)
    headers, rows = table(board)
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [headers, *rows]
    ]
    return "\n".join([headline(board), *lines, *below(board)])


def headline(board: Leaderboard) -> str:
    """What the table shows."""
    count, better = len(board.records), board.quantities[board.metric].better
    what = f"{count} run{'s' * (count > 1)} of {board.title} by {board.metric_label}"
    what += f", {better} is better" if better else ""
    return what + ("; mean ± half the 95 % interval over seeds" * board.has_repetitions)


def table(board: Leaderboard, metrics: list[str] | None = None) -> tuple[list, list]:
    """-> headers, rows of text: settings, seeds, metrics (all, or these), runs."""
    metrics = board.metrics if metrics is None else metrics
    headers = [*(setting.key for setting in board.settings), "seeds", *metrics, "runs"]
    numbers = zip(*(cells(board, metric) for metric in metrics), strict=True)
    return headers, [
        [*(shown(value) for value in row.values), str(len(row.records)), *mine, _runs(row)]
        for row, mine in zip(board.rows, numbers, strict=True)
    ]


def below(board: Leaderboard) -> list[str]:
    """The lines under the table: what to know of it, and the runs that are not in it."""
    lines = [f"note: {note}" for note in board.notes]
    for choice, keys in board.follows.items():
        more = f" and {len(keys) - KEYS_SHOWN} more" if len(keys) > KEYS_SHOWN else ""
        lines.append(f"note: with {choice} go {', '.join(keys[:KEYS_SHOWN])}{more}")
    if board.left_out:
        lines.append(f"left out, {len(board.left_out)} of {len(board.source.entries)} runs:")
    queued = [one.entry.label for one in board.left_out if one.state == "queued"]
    for one in board.left_out:
        parts = [one.entry.label, one.entry.line, f"{one.state}: {one.reason}".rstrip(": ")]
        if one.state != "queued":
            lines.append("  " + "  ".join(part for part in parts if part))
    return lines + [f"  queued: {' '.join(queued)}"] * bool(queued)


def cells(board: Leaderboard, metric: str) -> list[str]:
    """One metric of every row, to as many places as show two digits of the median interval.

    0.0123 ± 0.0011; without ± where no row has two runs, and - where there is nothing to tell.
    """
    summaries = [row.summaries[metric] for row in board.rows]
    halves = [summary.half for summary in summaries if summary.half]
    places = 1 - math.floor(math.log10(statistics.median(halves))) if halves else None
    return [_cell(summary, places, board.has_repetitions) for summary in summaries]


def _cell(value: Summary, places: int | None, with_half: bool) -> str:
    form = ".5g" if places is None or places > 9 else f".{max(0, places)}f"
    if value.mean is None:
        return "-"
    half = "-" if value.half is None else f"{value.half:{form}}"
    return f"{value.mean:{form}}" + f" ± {half}" * with_half


def as_csv(board: Leaderboard) -> str:
    """A line a row: settings, seeds (how many), each metric and its _ci95, runs."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = [name for metric in board.metrics for name in (metric, f"{metric}_ci95")]
    writer.writerow([*(setting.key for setting in board.settings), "seeds", *columns, "runs"])
    for row in board.rows:
        pairs = [(s.mean, s.half) for s in (row.summaries[metric] for metric in board.metrics)]
        runs = " ".join(str(record.entry.folder) for record in row.records)
        values = [
            *(cell(shown(v)) for v in row.values),
            len(row.records),
            *sum(pairs, ()),
            cell(runs),
        ]
        writer.writerow(values)
    return text.getvalue()


def as_json(board: Leaderboard) -> dict:
    """What the CSV has, the value of every seed, and what was left out, as plain values."""
    keys = [setting.key for setting in board.settings]
    found = {
        "title": board.title,
        "metric": board.metric,
        "higher_is_better": board.higher_is_better,
        "level": LEVEL,
        "units": {m: board.quantities[m].unit for m in board.metrics if board.quantities[m].unit},
        "settings": keys,
        "follows": board.follows,
        "rows": [_plain(row, keys, board.metrics) for row in board.rows],
        "left_out": [
            {"run": str(one.entry.folder), "state": one.state, "reason": one.reason}
            for one in board.left_out
        ],
        "notes": board.notes,
    }
    if board.pair:
        found["differs"] = {k: list(values) for k, values in differences(*board.pair).items()}
    return found


def _runs(row: Row) -> str:
    labels = [record.entry.label for record in row.records]
    more = f" and {len(labels) - RUNS_SHOWN} more" if len(labels) > RUNS_SHOWN else ""
    return " ".join(labels[:RUNS_SHOWN]) + more


def _plain(row: Row, keys: list[str], metrics: list[str]) -> dict:
    return {
        "settings": dict(zip(keys, row.values, strict=True)),
        "seeds": [record.seed for record in row.records],
        "runs": [str(record.entry.folder) for record in row.records],
        "metrics": {
            metric: {
                "mean": row.summaries[metric].mean,
                "ci95": row.summaries[metric].half,
                "values": [record.metrics.get(metric) for record in row.records],
            }
            for metric in metrics
        },
    }
