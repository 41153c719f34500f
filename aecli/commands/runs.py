"""`aecli runs`: what has been trained, with how it ended."""

from pathlib import Path

from omegaconf import DictConfig

from aecli import files, runs, typed
from aecli.console.table import show_table
from aecli.quantity import Quantity


def main(cfg: DictConfig) -> None:
    list_runs(Path(str(cfg.outputs)), as_json=cfg.json)


def list_runs(root: Path, as_json: bool = False) -> None:
    """Print the runs under root; the first column is what `run=` takes."""
    found, elsewhere = runs.list_runs(root), typed.elsewhere(root)
    if as_json:
        keys = ("folder", "name", "model", "dataset", "epochs_done", "state", "val_loss", "unit")
        known = [{k: getattr(run, k) for k in keys} for run in found]
        print(files.as_json([one | {"folder": str(one["folder"])} for one in known]))
    elif not found:
        print(f"no runs under {root}; {typed.command('train', **elsewhere)} makes one")
    else:
        units = {run.unit for run in found if run.val_loss is not None}
        unit = units.pop() if len(units) == 1 else ""  # beside each value where it is not one
        headers = ["run", "model", "dataset", "epochs", "state", Quantity(unit).label("val_loss")]
        show_table(headers, [_row(run, with_unit=not unit) for run in found])
        latest = typed.command("eval", **elsewhere)
        print(f"\naecli eval run=RUN    evaluates one\n{latest}    the latest finished one")


def _row(run: "runs.RunInfo", with_unit: bool) -> list[str]:
    cells = [run.folder, run.model, run.dataset, run.epochs_done, run.state]
    val_loss = "" if run.val_loss is None else f"{run.val_loss:.6g}"
    val_loss += f" {run.unit}" if val_loss and with_unit else ""
    return ["" if cell is None else str(cell) for cell in cells] + [val_loss]
