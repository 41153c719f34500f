"""What a detection says of one run, as a table on the terminal."""

from aecli import runs
from aecli.console.table import show_table


def show(run: runs.Run, values: dict) -> None:
    """The summary of one run."""
    known = ""
    if "normal" in values:
        normal = ", ".join(str(label) for label in values["normal"])
        known = f": {values['normal_images']:,} normal ({normal}), "
        known += f"{values['anomalous_images']:,} anomalous"
    print(f"{run.title}, {run.spec.counted(values['images'])}{known}")
    print(f"score      {values['unit']}")
    print(
        f"threshold  {values['threshold']:.4g}, the {values['quantile']:g} quantile of "
        f"{run.spec.counted(values['validation_images'])} of the validation part"
    )
    shares = {"of all": "flagged", "of the normal": "false_alarms", "of the anomalous": "detected"}
    parts = [f"{100 * values[key]:.1f} % {of}" for of, key in shares.items() if key in values]
    print(f"above it   {', '.join(parts)}")
    if "auroc" in values:
        print()
        show_table(["", "AUROC", "average precision"], _rows(run, values))
        if "auroc" in values.get("points", {}):
            print()
            _show_points(run, values["points"])
    elif "normal" not in values:
        print("AUROC      needs labels, and normal=[...], those of them that are normal")


def _show_points(run: runs.Run, values: dict) -> None:
    """Of the points of a recording."""
    rows = {run.status.get("model", "model"): values} | values["baselines"]
    keys = ("auroc", "average_precision", "best_f1")
    head = f"{values['points']:,} points, {values['anomalous_points']:,} anomalous"
    show_table(
        [head, "AUROC", "average precision", "best F1 of all thresholds"],
        [[name, *(f"{row[key]:.4f}" for key in keys)] for name, row in rows.items()],
    )


def _rows(run: runs.Run, values: dict) -> list[list[str]]:
    rows = {run.status.get("model", "model"): values} | values["baselines"]
    return [
        [name, f"{row['auroc']:.4f}", f"{row['average_precision']:.4f}"]
        for name, row in rows.items()
    ]
