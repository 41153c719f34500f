"""`aecli runs`: what has been trained, with how it ended; tags and notes of a run."""

from pathlib import Path

from omegaconf import DictConfig

from aecli import files, runs, typed
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.quantity import Quantity
from aecli.runs import query, tags

KEYS = (
    "folder", "name", "model", "dataset", "epochs_done", "state", "val_loss", "unit", "started",
    "tags", "note",
)  # fmt: skip
NOTED = 60  # characters of a note in the table


def main(cfg: DictConfig) -> None:
    """The command."""
    changes = {key: cfg[key] for key in ("tag", "untag", "note") if cfg[key] is not None}
    if cfg.runs and changes:
        for path in cfg.runs:
            run = runs.find(str(path))
            made = tags.change(run.folder, **{key: str(value) for key, value in changes.items()})
            words = [*made.tags, *([f'"{made.note}"'] if made.note else [])]
            print(f"{run.folder}  {' '.join(words) or 'no tag, no note'}")
        return
    if "untag" in changes or "note" in changes:
        raise BadRequest("untag and note are of a run\nname it: aecli runs RUN note='...'")
    list_runs(
        Path(str(cfg.outputs)),
        as_json=cfg.json,
        asked=query.Query.of(cfg),
        sort=str(cfg.sort),
        places=[Path(str(path)) for path in cfg.runs],
    )


def list_runs(
    root: Path,
    as_json: bool = False,
    asked: query.Query | None = None,
    sort: str = "started",
    places: list[Path] | None = None,
) -> None:
    """Print the runs under root, or at the places; the first column is what `run=` takes."""
    asked = asked or query.Query()
    found = query.in_order(query.chosen(root, places or [], asked), sort)
    elsewhere = typed.elsewhere(root)
    if as_json:
        known = [{k: getattr(run, k) for k in KEYS} for run in found]
        print(files.as_json([one | {"folder": str(one["folder"])} for one in known]))
    elif not found and asked.asks:
        print(f"no such runs under {root}; {typed.command('runs', **elsewhere)} lists all")
    elif not found:
        print(f"no runs under {root}; {typed.command('train', **elsewhere)} makes one")
    else:
        units = {run.unit for run in found if run.val_loss is not None}
        unit = units.pop() if len(units) == 1 else ""  # beside each value where it is not one
        headers = ["run", "model", "dataset", "epochs", "state", Quantity(unit).label("val_loss")]
        rows = [_row(run, with_unit=not unit) for run in found]
        if any(run.tags or run.note for run in found):
            headers.append("tags, note")
            rows = [[*row, _told(run)] for row, run in zip(rows, found, strict=True)]
        show_table(headers, rows)
        latest = typed.command("eval", **elsewhere)
        print(f"\naecli eval run=RUN    evaluates one\n{latest}    the latest finished one")


def _told(run: "runs.RunInfo") -> str:
    note = run.note if len(run.note) <= NOTED else f"{run.note[: NOTED - 1]}…"
    return "  ".join(filter(None, [" ".join(run.tags), note]))


def _row(run: "runs.RunInfo", with_unit: bool) -> list[str]:
    cells = [run.folder, run.model, run.dataset, run.epochs_done, run.state]
    val_loss = "" if run.val_loss is None else f"{run.val_loss:.6g}"
    val_loss += f" {run.unit}" if val_loss and with_unit else ""
    return ["" if cell is None else str(cell) for cell in cells] + [val_loss]
