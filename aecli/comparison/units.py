"""What metrics are measured in."""

from aecli import runs
from aecli.comparison.records import Record
from aecli.errors import BadRequest

LOSSES = ("val_loss", "loss")
PIXEL = {"bce": "nats a pixel", "mse": "a pixel", "psnr": "dB"}


def units(records: list[Record], metrics: list[str]) -> dict[str, str]:
    """{metric: its unit} of those whose unit is known.

    The losses and the terms of the objective, which are the columns of history.csv, are in nats;
    of what is watched beside them, a run says the unit.
    """
    known = dict(PIXEL)
    for metric in metrics:
        holder = next((r for r in records if r.metrics.get(metric) is not None), None)
        if holder is not None and (metric in LOSSES or f"val_{metric}" in _columns(holder)):
            known[metric] = _unit(holder, metric)
    return {metric: known[metric] for metric in metrics if metric in known}


def _columns(record: Record) -> set[str]:
    try:
        return set(runs.Run(record.entry.folder).history)
    except BadRequest:
        return set()


def _unit(record: Record, metric: str) -> str:
    status = runs.read_status(record.entry.folder)
    if metric in (known := status.get("units", {})):
        return known[metric]
    height, _, channels = status.get("data_shape", (0, 0, 0))
    return f"nats an {'example' if (height, channels) == (1, 1) else 'image'}"
