"""What aecli eval, detect and probe have found of a run, as their newest folders have it."""

import json
import pathlib
from collections.abc import Iterator
from typing import Any

from aecli.component import check_arguments
from aecli.errors import BadRequest
from aecli.page.content import Table, number
from aecli.quantity import ABOUT
from aecli.untrusted import tables as stored
from aecli.untrusted.bounded import read_text

MAX_BYTES = 1_000_000
MEANING = "what it is"
Values = dict[str, float | None]


def _numbers(baselines: dict[str, Values], about: stored.Stated): ...


def _probe(rows: list[dict[str, str | int | float | None]], about: stored.Stated): ...


def found(folder: pathlib.Path) -> Iterator[tuple[dict[str, Any], str]]:
    """(metrics.json, its folder) of each evaluation that can be read, the newest first."""
    for path in sorted(folder.glob("eval/*/metrics.json"), reverse=True):
        try:
            values = json.loads(read_text(path, MAX_BYTES))
        except (BadRequest, ValueError, RecursionError):
            continue
        if isinstance(values, dict):
            yield values, str(path.parent.relative_to(folder))


def tables(folder: pathlib.Path) -> list[Table]:
    """The newest of each kind: figures beside their baselines, what was detected, with labels and
    without, accuracy of classifiers."""
    kinds = {
        "Beside simple models": (_is_eval, _figures),
        "Anomalies: aecli detect": (lambda v: "threshold" in v and "auroc" in v, _detected),
        "Scores: aecli detect": (lambda v: "threshold" in v and "auroc" not in v, _detected),
        "Labels told from the codes: aecli probe": (lambda v: "rows" in v and "train_images" in v,
                                                    _accuracies),
    }  # fmt: skip
    made = []
    for title, (is_one, table) in kinds.items():
        for values, place in found(folder):
            try:
                if is_one(values):
                    made.append(table(title, values, place))
                    break
            except (BadRequest, TypeError, AttributeError):
                continue
    return made


def _is_eval(values: dict[str, Any]) -> bool:
    plain = "baselines" in values and "split" in values
    return plain and "sections" not in values and "threshold" not in values


def _figures(title: str, values: dict[str, Any], place: str) -> Table:
    """A row a figure that a baseline has as well."""
    others = values["baselines"].values()
    names = [name for name in values if any(name in other for other in others)]
    split = values.get("split")
    return _table(title, values, names, place if split is None else f"{split} split, {place}")


def _detected(title: str, values: dict[str, Any], place: str) -> Table:
    """A row a figure that says what it is; of which data and by which score, above."""
    of = [f"score {values['score']}"] if isinstance(values.get("score"), str) else []
    if isinstance(values.get("origin"), str):
        of.append(f"{values.get('images', '?')} of {values['origin']}")
    if isinstance(values.get("normal"), list):
        of.append(f"normal: {', '.join(map(str, values['normal']))}")
    values = {"baselines": {}} | values
    others = values["baselines"].values()
    names = [n for n in values if n in values.get(ABOUT, {}) or any(n in o for o in others)]
    return _table(title, values, names, "; ".join([*of, place]))


def _table(title: str, values: dict[str, Any], names: list[str], note: str) -> Table:
    """The figures of these names beside the baselines', with their meaning at the end."""
    about = values.get(ABOUT, {})
    check_arguments(_numbers, {"baselines": values["baselines"], "about": about})
    others, measured = values["baselines"], stored.quantities(about)
    names = [name for name in names if isinstance(values[name], int | float)]
    rows = [
        [
            measured[name].label(name) if name in measured else name,
            *(number(one.get(name)) for one in (values, *others.values())),
            measured[name].meaning if name in measured else "",
        ]
        for name in names
    ]
    return Table(title, ["", "this model", *others, MEANING], rows, note=note)


def _accuracies(title: str, values: dict[str, Any], place: str) -> Table:
    check_arguments(_probe, {"rows": values["rows"]})
    rows = values["rows"]
    methods = [k for k in rows[0] if f"{k}_std" in rows[0]]
    made = [
        [
            str(row["features"]),
            str(row["labels"]),
            *(_percent(row[key], row.get(f"{key}_std")) for key in methods),
        ]
        for row in rows
    ]
    headers = ["features", "labels", *(key.replace("_", " ") for key in methods)]
    note = f"accuracy on the test split in %, mean ± standard deviation over draws, {place}"
    return Table(title, headers, made, note=note)


def _percent(mean: float, std: float | None) -> str:
    return f"{100 * mean:.2f}" + (f" ± {100 * std:.2f}" if std else "")
