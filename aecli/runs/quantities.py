"""What the figures of a run measure: as the run says, or as it was where runs did not say it."""

import contextlib
from collections.abc import Iterable
from typing import Any

from aecli.dataspec import DataSpec
from aecli.errors import BadRequest
from aecli.quantity import HIGHER, LOWER, Quantity, unstated
from aecli.runs.run import Run
from aecli.untrusted import tables

# Of runs that were made before they said it: what aecli's own classes gave then.
TERM = Quantity("nats an image", LOWER, by_objective=True)  # the loss and each of its terms
METRICS = {
    "bce": Quantity("nats a pixel", LOWER),
    "mse": Quantity("a pixel", LOWER),
    "psnr": Quantity("dB", HIGHER),
    "elbo": Quantity("nats an image", HIGHER, by_objective=True),
    "elbo_reconstruction": Quantity("nats an image", by_objective=True),  # neither is a merit
    "elbo_kl": Quantity("nats an image", by_objective=True),
    "iw_elbo": Quantity("nats an image", HIGHER, by_objective=True),
    "bits_per_dimension": Quantity("bits a dimension", LOWER, by_objective=True),
    "kl_largest": Quantity("nats"),
    "kl_median": Quantity("nats"),
    "kl_smallest": Quantity("nats"),
}
KEPT = (
    "model.latent_dim",
    "model.flat",
    "model.code_activation",
    "model.warmup_epochs",
    "loss.activation",
    "loss.negative_slope",
)


def kept(status: dict[str, Any]) -> list[str]:
    """The settings that leave what a run measures as it is, as comparison.measure has them."""
    return list(status.get("keeps_measure", KEPT))


def of_columns(status: dict[str, Any], names: Iterable[str]) -> dict[str, Quantity]:
    """What the loss, its terms and diagnostics measure, also under val_: columns of history.csv."""
    if "columns" not in status:
        return dict.fromkeys(names, TERM.of(_spec(status)))
    stated = tables.quantities(status["columns"])
    return {name: stated.get(name.removeprefix("val_")) or unstated(name) for name in names}


def of_run(run: Run, names: Iterable[str]) -> dict[str, Quantity]:
    """What some figures of a run measure: of metrics.json, val_loss, or columns of history.csv.

    Raises BadRequest where metrics.json is damaged.
    """
    status = run.status
    columns = of_columns(status, _columns(run, status))
    stated = tables.read_about(run.folder / "metrics.json")
    if stated is None:
        stated = {name: quantity.of(_spec(status)) for name, quantity in METRICS.items()}
    known = columns | stated
    return {name: known.get(name) or unstated(name) for name in names}


def _columns(run: Run, status: dict[str, Any]) -> list[str]:
    """The figures that are taken each epoch, as of training and as of validation."""
    names = list(status.get("columns", ["loss"]))
    if "columns" not in status:
        with contextlib.suppress(BadRequest):
            names += [n.removeprefix("val_") for n in run.history if n.startswith("val_")]
    return [*names, *(f"val_{name}" for name in names)]


def _spec(status: dict[str, Any]) -> DataSpec:
    return DataSpec.of(status.get("data_shape", (0, 0, 0)))
