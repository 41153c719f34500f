"""A leaderboard by task: a table for each section of the report card, its best marked."""

from typing import Any

from aecli import targets
from aecli.comparison import report, telling
from aecli.comparison.interval import Summary
from aecli.comparison.leaderboard import Leaderboard
from aecli.comparison.measure import LOSS, changing
from aecli.comparison.values import shown
from aecli.console import catalog, subgroups
from aecli.errors import BadRequest
from aecli.metrics.card import SECTIONS
from aecli.quantity import HIGHER

MARK = " *"
CONDITION = "model.condition"
LEGEND = "* the best, where its 95 % interval overlaps with no other's; without one, none is told"


def sections(board: Leaderboard) -> dict[str, list[str]]:
    """{section: its figures of merit that some run has}, in the order of the report card.

    The loss and its terms are in none: they are other quantities for other models. What the metrics
    name is imported: for some that is TensorFlow.
    """
    found: dict[str, list[str]] = {}
    for option in catalog.options("metrics"):
        try:
            metric: Any = targets.checked(subgroups.mapping(option.file), "metrics")
        except BadRequest:  # of a plug-in that is not there
            continue
        names = [n for n, told in metric.about.items() if n in board.metrics and told.better]
        found.setdefault(metric.section, []).extend(names)
    order = [*SECTIONS, *(name for name in found if name not in SECTIONS)]
    return {name: found[name] for name in order if found.get(name)}


def table(board: Leaderboard, metrics: list[str]) -> tuple[list[str], list[list[str]]]:
    """-> headers, rows of text: settings, seeds, the metrics with ^ or v for the better way."""
    arrows = [f"{m} {'^' if _is_higher(board, m) else 'v'}" for m in metrics]
    headers = [*(setting.key for setting in board.settings), "seeds", *arrows]
    columns = [_marked(board, metric) for metric in metrics]
    rows = []
    for i, row in enumerate(board.rows):
        cells = [column[i] for column in columns]
        if any(cell != "-" for cell in cells):  # a model without a prior has no likelihood
            rows.append([*(shown(value) for value in row.values), str(len(row.records)), *cells])
    return headers, rows


def as_markdown(board: Leaderboard, found: dict[str, list[str]]) -> str:
    """All tables, for a README."""
    parts = []
    for section, metrics in found.items():
        headers, rows = table(board, metrics)
        lines = [headers, ["---"] * len(headers), *rows]
        parts.append(f"## {section}\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines))
        parts += [f"- {line}" for line in below(board, section)]
    told = [f"{LEGEND}. ± half the 95 % interval over seeds.", *notes(board, found)]
    return "\n\n".join([f"# {board.title}", *parts, *told, *report.below(board)]) + "\n"


def below(board: Leaderboard, section: str) -> list[str]:
    """What stands below the table of a section: of samples, how many images tell runs apart."""
    return telling.lines(board) if section == "samples" else []


def leader(summaries: list[Summary], higher: bool) -> int | None:
    """Which row is better than all others with intervals that do not overlap; None: none is."""
    known = [(i, s.mean, s.half) for i, s in enumerate(summaries) if s.mean is not None]
    if len(known) < 2:
        return None
    pick = max if higher else min
    best, mean, half = pick(known, key=lambda one: one[1])
    for i, other, its in known:
        if i != best and (half is None or its is None or abs(other - mean) <= half + its):
            return None
    return best


def likelihoods(board: Leaderboard, metric: str) -> list[str]:
    """The keys by which the likelihood differs among the runs that have a figure in its nats."""
    havers = [record for record in board.records if record.metrics.get(metric) is not None]
    if not board.quantities[metric].by_objective:
        return []
    found = changing([one.leaves for one in havers], [one.kept for one in havers], LOSS)
    told = {one.leaves.get(CONDITION) for one in havers}
    return [*found, *([CONDITION] if len(told) > 1 else [])]  # log p(x|y) is not log p(x)


def notes(board: Leaderboard, found: dict[str, list[str]]) -> list[str]:
    """What to know of the tables: where no best can be told."""
    names = [name for section in found.values() for name in section if likelihoods(board, name)]
    if not names:
        return []
    keys = ", ".join(likelihoods(board, names[0])[:3])
    return [f"no best of {', '.join(names)}: under another {keys} they are other quantities"]


def _marked(board: Leaderboard, metric: str) -> list[str]:
    cells = report.cells(board, metric)
    if likelihoods(board, metric):
        return cells
    best = leader([row.summaries[metric] for row in board.rows], _is_higher(board, metric))
    return [cell + MARK * (i == best) for i, cell in enumerate(cells)]


def _is_higher(board: Leaderboard, metric: str) -> bool:
    return board.quantities[metric].better == HIGHER
