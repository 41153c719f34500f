"""The page of a sweep: its leaderboard and figures."""

import pathlib

from aecli import runs
from aecli.comparison import report
from aecli.comparison.leaderboard import Leaderboard
from aecli.page.content import Page, Table
from aecli.page.of_run import command


def _models(board: Leaderboard, best: runs.Run) -> str:
    """All that were trained, by name: ae, vae and iwae on mnist."""
    pairs = [record.title.partition(" on ") for row in board.rows for record in row.records]
    models, datasets = (list(dict.fromkeys(pair[i] for pair in pairs)) for i in (0, 2))
    return f"{_joined(models)} on {_joined(datasets)}" if pairs else best.title


def _joined(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def page(board: Leaderboard, place: str, figures: list[pathlib.Path]) -> Page:
    headers, rows = report.table(board)
    table = Table("Leaderboard", headers, [list(map(str, row)) for row in rows])
    table.note, table.below = report.headline(board), report.below(board)
    folders = [record.entry.folder for row in board.rows for record in row.records]
    best = runs.Run(folders[0])
    return Page(
        title=f"{len(folders)} runs: {_models(board, best)}",
        place=place,
        command=f"# the best of them\n{command(best)}",
        tables=[table],
        figures=[(path.stem.replace("_", " "), path) for path in figures],
        folded=[("the command of each run", "\n".join(command(runs.Run(f)) for f in folders))],
    )
