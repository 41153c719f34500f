"""What a detection says of one run, as a table on the terminal."""

from aecli import runs
from aecli.console.table import show_table

KEYS = ("auroc", "average_precision", "best_f1")
HEADS = ("AUROC", "average precision", "best F1 of all thresholds")


def show(run: runs.Run, values: dict) -> None:
    """The summary of one run."""
    known = ""
    if "normal" in values:
        normal = ", ".join(str(label) for label in values["normal"])
        known = f": {values['normal_images']:,} normal ({normal}), "
        known += f"{values['anomalous_images']:,} anomalous"
    print(f"{run.title}, {run.spec.counted(values['images'])}{known}")
    print(f"score      {values['unit']}")
    print(f"threshold  {values['threshold']:.4g}, {_rule(run, values)}")
    shares = {"of all": "flagged", "of the normal": "false_alarms", "of the anomalous": "detected"}
    parts = [f"{100 * values[key]:.1f} % {of}" for of, key in shares.items() if key in values]
    print(f"above it   {', '.join(parts)}")
    if "auroc" in values:
        print()
        show_table(["", *HEADS], _rows(run, values))
        if "auroc" in values.get("points", {}):
            print()
            _show_points(run, values["points"])
    elif "normal" not in values:
        print("AUROC      needs labels, and normal=[...], those of them that are normal")


def _show_points(run: runs.Run, values: dict) -> None:
    """Of the points of a recording."""
    head = f"{values['points']:,} points, {values['anomalous_points']:,} anomalous"
    show_table([head, *HEADS], _rows(run, values))


def _rule(run: runs.Run, values: dict) -> str:
    """What the threshold comes from."""
    of = f"{run.spec.counted(values['validation_images'])} of the validation part"
    kept = ", as the run keeps it" if values.get("kept") else ""
    if "contamination" in values:
        return f"above which {100 * values['contamination']:g} % of {of} lie{kept}"
    return f"the {values['quantile']:g} quantile of {of}{kept}"


def _rows(run: runs.Run, values: dict) -> list[list[str]]:
    rows = {run.status.get("model", "model"): values} | values["baselines"]
    return [[name, *(f"{row[key]:.4f}" for key in KEYS)] for name, row in rows.items()]
