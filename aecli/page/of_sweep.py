"""The page of a sweep: its leaderboard and figures."""

import pathlib

from aecli import runs
from aecli.comparison import report
from aecli.comparison.leaderboard import Leaderboard
from aecli.page.content import Page, Table
from aecli.page.of_run import command


def page(board: Leaderboard, place: str, figures: list[pathlib.Path]) -> Page:
    headers, rows = report.table(board)
    table = Table("Leaderboard", headers, [list(map(str, row)) for row in rows])
    table.note, table.below = report.headline(board), report.below(board)
    folders = [record.entry.folder for row in board.rows for record in row.records]
    best = runs.Run(folders[0])
    return Page(
        title=f"{len(folders)} runs, {best.title}",
        place=place,
        command=f"# the best of them\n{command(best)}",
        tables=[table],
        figures=[(path.stem.replace("_", " "), path) for path in figures],
        folded=[("the command of each run", "\n".join(command(runs.Run(f)) for f in folders))],
    )
