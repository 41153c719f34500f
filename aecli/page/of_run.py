"""The page of one run."""

import json
import pathlib
import re
import shlex
from typing import Any

from omegaconf import OmegaConf

from aecli import build, runs
from aecli.component import check_arguments
from aecli.dataspec import by
from aecli.errors import BadRequest
from aecli.page import of_asked, of_factors
from aecli.page.content import PICTURES, Page, Table, number
from aecli.quantity import ABOUT
from aecli.runs import quantities
from aecli.untrusted import tables
from aecli.untrusted.bounded import read_text

FIRST = ("loss_curve", "reconstructions")
MAX_EPOCHS = 200  # lines of the history
MAX_CARD_BYTES = 1_000_000


def page(run: runs.Run) -> Page:
    """From the small files of its folder; nothing is computed. Raises BadRequest."""
    status, config = run.status, run.config
    values = tables.read_metrics(run.folder / "metrics.json")
    measured = quantities.of_run(run, ["val_loss", *values])
    card, card_place = _card(run.folder)
    made = Page(
        title=run.title,
        place=str(run.folder),
        command=command(run),
        state=runs.state_of(run.folder),
        tiles_title="Test split, best epoch",
        tiles=[
            (name, number(value), measured[name].unit, measured[name].meaning)
            for name, value in values.items()
            if value is not None  # as bce of data that are not in [0, 1]
        ],
        summary=_summary(status, build.plain(config), measured["val_loss"].unit),
        figures=_figures(run.folder),
        folded=[
            ("config.yaml: every value of this run", OmegaConf.to_yaml(config)),
            *_history(run),
        ],
        warnings=[str(line) for line in status.get("warnings", [])],
    )
    if status.get("error"):
        made.warnings.append(str(status["error"]))
    of_card = _card_tables(card, card_place, run) if card else []
    known = [row for table in of_card for row in table.rows]
    asked = of_asked.tables(run.folder)
    made.tables = [table for table in asked if not all(row in known for row in table.rows)]
    made.tables += of_card
    made.tables += of_factors.tables(run.folder)
    return made


def command(run: runs.Run) -> str:
    """What makes it again, as typed into a shell."""
    words = runs.overrides(run.folder)
    return " ".join(["aecli train", *map(shlex.quote, words)])


def _summary(status: dict[str, Any], config: dict, unit: str) -> list[tuple[str, str]]:
    shape, (low, high) = status.get("data_shape", []), status.get("data_range", (0, 1))
    values = f"{by(shape)} in [{low:g}, {high:g}]"
    if status.get("dataset") == "text" and len(shape) == 3:  # whose values are numbers of tokens
        values = f"{shape[1]} tokens at most, of a vocabulary of {high + 1:,.0f}"
    parameters = status.get("parameters")
    best, val_loss = status.get("best_epoch"), status.get("val_loss")
    rows = {
        "model": status.get("model"),
        "data": f"{status.get('dataset', '?')}, {values}",
        "from": status.get("data_source"),
        "examples": _counts(status),
        "noise": status.get("noise"),
        **{group: _kind(config.get(group)) for group in ("network", "loss", "optimizer")},
        "parameters": f"{parameters:,}" if isinstance(parameters, int) else None,
        "recipe": status.get("experiment"),
        "epochs": f"{status.get('epochs_done', 0)}" + (f", the best {best}" if best else ""),
        "validation loss": f"{number(val_loss)} {unit}".strip() if val_loss else None,
        "started": _time(status.get("started")),
        "ended": _time(status.get("ended")),
    }
    return [(name, str(value)) for name, value in rows.items() if value not in (None, "none")]


def _counts(status: dict[str, Any]) -> str | None:
    """1,294 train, 144 val, 359 test; of runs of before these were kept, what there is."""
    counts = {part: status.get(f"{part}_count") for part in ("train", "val", "test")}
    known = [f"{n:,} {part}" for part, n in counts.items() if isinstance(n, int)]
    return ", ".join(known) or None


def _kind(node: Any) -> str | None:
    """The option of a node, as its class says: mlp of aecli.networks.mlp.MLP, adam of Keras's."""
    target = node.get("_target_") if isinstance(node, dict) else None
    if not isinstance(target, str):
        return None
    *_, module, name = ["", *target.split(".")]
    kind = module if target.startswith("aecli.") else name.lower()
    rate = node.get("learning_rate")
    return f"{kind}, learning rate {rate:g}" if isinstance(rate, int | float) else kind


def _time(stamp: str | None) -> str | None:
    return None if stamp is None else re.sub(r"\.\d+.*", "", str(stamp)).replace("T", " ")


def _figures(folder: pathlib.Path) -> list[tuple[str, pathlib.Path]]:
    """Those of the training, and the newest of each name that a later command drew."""
    places = [sorted((folder / "figures").glob("*")), sorted(folder.glob("eval/*/*"))]
    found = {path.stem: path for paths in places for path in paths if path.suffix in PICTURES}
    names = sorted(found, key=lambda name: (name not in FIRST, name))
    return [(name.replace("_", " "), found[name]) for name in names]


def _history(run: runs.Run) -> list[tuple[str, str]]:
    try:
        history = run.history
    except BadRequest:
        return []
    epochs = len(next(iter(history.values()), []))
    names = list(history)
    lines = ["  ".join(f"{name:>12.12}" for name in names)]
    for row in list(zip(*history.values(), strict=True))[-MAX_EPOCHS:]:
        lines.append("  ".join(f"{value:12.6g}" for value in row))
    shown = f", the last {MAX_EPOCHS}" if epochs > MAX_EPOCHS else ""
    return [(f"history.csv: {epochs} epochs{shown}", "\n".join(lines))]


# ---- the report card of aecli eval card=full -------------------------------------------------


def _stored_card(
    sections: dict[str, list[str]],
    baselines: dict[str, dict[str, float | None]],
    notes: dict[str, list[str]],
    split: str,
    images: int,
    about: tables.Stated,
): ...


def _card(folder: pathlib.Path) -> tuple[dict[str, Any] | None, str]:
    """The newest one that can be read, and where it is."""
    for path in sorted(folder.glob("eval/*/metrics.json"), reverse=True):
        try:
            found = json.loads(read_text(path, MAX_CARD_BYTES))
            if isinstance(found, dict) and "sections" in found:
                check_arguments(_stored_card, found, file=path)
                return found, str(path.parent.relative_to(folder))
        except (BadRequest, ValueError, RecursionError):
            continue
    return None, ""


def _card_tables(card: dict[str, Any], place: str, run: runs.Run) -> list[Table]:
    """One a section, the baselines in columns of their own."""
    made, baselines, status = [], card.get("baselines", {}), run.status
    names = [name for section in card["sections"].values() for name in section]
    measured = quantities.of_run(run, names) | tables.quantities(card.get(ABOUT, {}))
    for section, names in card["sections"].items():
        others = {k: v for k, v in baselines.items() if any(name in v for name in names)}
        rows = [
            [
                measured[name].label(name),
                *(_shown(v, name) for v in (card, *others.values())),
                measured[name].meaning,
            ]
            for name in names
            if not (name.endswith("_se") and name.removesuffix("_se") in names)
        ]
        headers = ["", str(status.get("model", "model")), *others, of_asked.MEANING]
        notes = card.get("notes", {}).get(section, [])
        made.append(Table(f"Report card: {section}", headers, rows, below=notes))
    if made:
        made[0].note = f"{_counted(card, run)} of the {card.get('split')} split, {place}"
    return made


def _counted(card: dict[str, Any], run: runs.Run) -> str:
    count = card.get("images")
    return run.spec.counted(count) if isinstance(count, int) else f"? {run.spec.nouns}"


def _shown(values: dict[str, Any], name: str) -> str:
    """With its standard error where there is one."""
    value, error = values.get(name), values.get(f"{name}_se")
    if not isinstance(value, int | float):
        return "-"
    return number(value) + (f" ± {error:.2g}" if isinstance(error, float) else "")
