"""How well the values of each factor are told from the codes, as aecli probe wrote it down."""

import json
import pathlib

from aecli.component import check_arguments
from aecli.errors import BadRequest
from aecli.page.content import Table, number
from aecli.untrusted.bounded import read_text

MAX_BYTES = 1_000_000
TITLE = "Accuracy by factor"


def _stored(factors: list[dict[str, str | int | float]]): ...


def tables(folder: pathlib.Path) -> list[Table]:
    """Of the newest probe in a run's folder that has factors, one table or none."""
    for path in sorted(folder.glob("eval/*/metrics.json"), reverse=True):
        try:
            found = json.loads(read_text(path, MAX_BYTES))
            if isinstance(found, dict) and found.get("factors"):
                check_arguments(_stored, {"factors": found["factors"]}, file=path)
                return [_table(found["factors"], str(path.parent.relative_to(folder)))]
        except (BadRequest, ValueError, RecursionError):
            continue
    return []


def _table(factors: list[dict], place: str) -> Table:
    names = list(factors[0])
    rows = [
        [value if isinstance(value, str) else number(value) for value in map(row.get, names)]
        for row in factors
    ]
    return Table(TITLE, [name.replace("_", " ") for name in names], rows, note=f"of {place}")
