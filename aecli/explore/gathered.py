"""What the page shows of a run's examples: codes, errors, colours, units. Without Bokeh."""

import dataclasses
from typing import Any

import numpy as np

from aecli.errors import NotApplicable
from aecli.explore import plane
from aecli.explore.colours import by_number, by_value
from aecli.explore.views import Views
from aecli.io import conditions, request
from aecli.io.given import Images
from aecli.metrics.detection import scores
from aecli.runs import Run

UNITS = 32  # sliders


@dataclasses.dataclass(frozen=True)
class Gathered:
    """x: [N, H, W, C]; codes: [N, *code_shape]; rows: [N], which of the input's examples they are.

    about: where they come from, a sentence; views: HTML of each; errors: [N] and their unit; known:
    what is known of each, {"row": [N] texts, "label": [N] texts}; colours: as of `colours`; units:
    as of `units_of`.
    """

    x: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    rows: np.ndarray
    about: str
    plane: plane.Plane
    views: list[str]
    errors: np.ndarray
    unit: str
    known: dict[str, list[str]]
    colours: list[dict[str, Any]]
    units: list[dict[str, Any]]
    shown: Views


def gather(run: Run, found: Images, kind: str = "auto", points: int = 1000) -> Gathered:
    """Encode and reconstruct the images, at random if there are more than `points`.

    Raises NotApplicable for data that cannot be shown, and codes that are not finite.
    """
    rows, about = np.arange(len(found)), f"{run.spec.counted(len(found))}, {found.origin}"
    if len(rows) > points:
        rows = np.sort(np.random.default_rng(0).choice(len(rows), points, replace=False))
        about = f"{points:,} of {about}, chosen at random"
    x, labels = found.x[rows], None if found.labels is None else found.labels[rows]
    shown = Views(run, x)
    codes = run.model.encode(x, label=labels)
    made = run.model.reconstruct(x, label=labels)
    errors, unit = _errors(run, x, found.whole[rows], made, labels)
    if not np.isfinite(codes).all() or not np.isfinite(errors).all():
        raise NotApplicable("codes or reconstructions are not all finite numbers: no plane")
    known = request.beside(found)
    if len(rows) < len(found) and not set(known) - {"label"}:  # neither file nor row nor id
        known = {"position": np.arange(len(found))} | known
    known = {name: values[rows].astype(str).tolist() for name, values in known.items()}
    colours = [by_value("label", known["label"])] if "label" in known else []
    colours.append(by_number("reconstruction error", errors, unit))
    if found.factors is not None:
        factors = found.factors.take(rows)
        grid = run.splits.grid
        for name, values in zip(factors.names, factors.values.T, strict=True):
            named = None if grid is None else grid.value_names.get(name)
            shown_as = [v if named is None else named[v] for v in values.tolist()]
            colours.append(by_value(f"factor {name}", shown_as))
    kl = run.model.kl_of_units(x, label=labels)
    told = units_of(codes, kl, list(run.model.decoded_units()))
    place = plane.of(codes.reshape(len(codes), -1), kind)
    views = shown.of(x, made)
    return Gathered(x, codes, labels, rows, about, place, views, errors, unit, known, colours, told,
                    shown)  # fmt: skip


def _errors(run: Run, x, whole, made, labels) -> tuple[np.ndarray, str]:
    """As aecli detect scores them: of sentences no square makes sense."""
    unit = scores.unit_of("reconstruction", run.spec)
    if run.spec.kind == "text":
        return scores.nats_a_token(run.model, x, labels), unit
    return scores.squared_errors(whole, made), unit


def units_of(codes: np.ndarray, kl: np.ndarray | None, decoded: list[int]) -> list[dict[str, Any]]:
    """The units of codes [N, D], or the maps of [N, h, w, D]; those with the largest KL first.

    Without a KL, by their variance. A map is moved as a whole, so its value is what is added.
    [{"unit", "name", "told", "measure", "low", "high", "start"}], told as a text of a measure.
    """
    depth, is_grid = codes.shape[-1], codes.ndim > 2
    values = codes.reshape(-1, depth)
    spread = values.std(axis=0, dtype="float64")
    told = np.square(spread)
    if kl is not None:
        told = kl.reshape(len(kl), -1, depth).sum(axis=1).mean(axis=0, dtype="float64")
    measure = "variance" if kl is None else "KL, nats"
    made = []
    for i in sorted(decoded, key=lambda i: -told[i])[:UNITS]:
        low, high = float(values[:, i].min()), float(values[:, i].max())
        start = 0.0 if is_grid else float(values[:, i].mean())
        low, high = (-3 * spread[i], 3 * spread[i]) if is_grid else (low, high)
        low, high = (low, high) if high > low else (low - 1, high + 1)
        made.append({"unit": i, "name": f"{i}" if is_grid else f"z[{i}]",
                     "told": f"{told[i]:.3g}", "measure": measure,
                     "low": float(low), "high": float(high), "start": start})  # fmt: skip
    return made


def told_labels(run: Run) -> list[list]:
    """[[number, name]] of what the decoder can be told; [] for a model that asks for no labels."""
    return [[int(label), conditions.name(run, label)] for label in conditions.known(run)]
