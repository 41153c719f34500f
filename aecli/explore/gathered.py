"""What the page shows of a run's examples: codes, errors, colours, units. Without Bokeh."""

import dataclasses
from typing import Any

import matplotlib
import numpy as np
from matplotlib.colors import to_hex

from aecli.explore import plane
from aecli.explore.views import Views
from aecli.figures.palettes import PETROFF, of_classes
from aecli.io import conditions, request
from aecli.io.given import Images
from aecli.metrics.detection.scores import squared_errors
from aecli.runs import Run

MOST = 20  # values that get a colour each
UNITS = 32  # sliders


@dataclasses.dataclass(frozen=True)
class Gathered:
    """x: [N, H, W, C]; codes: [N, *code_shape]; rows: [N], which of the input's examples they are.

    views: HTML of each; errors: [N]; names: the label of each as a text, "" where there is none;
    colours: [{"name", "colours": [N] as #rrggbb, "legend": [[colour, text]]}]; units: [{"unit",
    "label", "low", "high", "start"}], the first told most of.
    """

    x: np.ndarray
    codes: np.ndarray
    labels: np.ndarray | None
    rows: np.ndarray
    plane: plane.Plane
    views: list[str]
    errors: np.ndarray
    names: list[str]
    colours: list[dict[str, Any]]
    units: list[dict[str, Any]]
    shown: Views


def gather(run: Run, found: Images, kind: str = "auto", points: int = 1000) -> Gathered:
    """Encode and reconstruct the images, at random if there are more than `points`.

    Raises NotApplicable for data that cannot be shown.
    """
    rows = np.arange(len(found))
    if len(rows) > points:
        rows = np.sort(np.random.default_rng(0).choice(len(rows), points, replace=False))
    x, labels = found.x[rows], None if found.labels is None else found.labels[rows]
    shown = Views(run, x)
    codes = run.model.encode(x, label=labels)
    made = run.model.reconstruct(x, label=labels)
    errors = squared_errors(found.whole[rows], made)
    names = [] if labels is None else request.named_labels(found)[rows].astype(str).tolist()
    colours = [] if labels is None else [by_value("label", names)]
    colours.append(by_number("reconstruction error", errors))
    if found.factors is not None:
        factors = found.factors.take(rows)
        for name, values in zip(factors.names, factors.values.T, strict=True):
            colours.append(by_value(f"factor {name}", values.tolist()))
    kl = run.model.kl_of_units(x, label=labels)
    told = units_of(codes, kl, list(run.model.decoded_units()))
    flat = codes.reshape(len(codes), -1)
    place = plane.of(flat, kind)
    views = shown.of(x, made)
    names = names or [""] * len(rows)
    return Gathered(x, codes, labels, rows, place, views, errors, names, colours, told, shown)


def by_value(name: str, values: list) -> dict[str, Any]:
    """A colour for each value; more than MOST whole numbers share a scale."""
    known = sorted(set(values))
    if len(known) > MOST:
        numbers = values if not isinstance(values[0], str) else [known.index(v) for v in values]
        return by_number(name, np.array(numbers, float))
    is_few = len(known) <= len(PETROFF)
    palette = of_classes(len(known)) if is_few else matplotlib.color_sequences["tab20"]
    colour = {v: to_hex(palette[i]) for i, v in enumerate(known)}
    legend = [[colour[v], str(v)] for v in known]
    return {"name": name, "colours": [colour[v] for v in values], "legend": legend}


def by_number(name: str, values: np.ndarray) -> dict[str, Any]:
    """A scale from the 1 % to the 99 % quantile, which outliers do not stretch."""
    low, high = np.quantile(values, [0.01, 0.99])
    at = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    scale = matplotlib.colormaps["viridis"]
    marks = [(t, low + t * (high - low)) for t in (0, 0.25, 0.5, 0.75, 1)]
    legend = [[to_hex(scale(t)), f"{v:.3g}"] for t, v in marks]
    return {"name": name, "colours": [to_hex(c) for c in scale(at)],
            "legend": legend}  # fmt: skip


def units_of(codes: np.ndarray, kl: np.ndarray | None, decoded: list[int]) -> list[dict[str, Any]]:
    """The units of codes [N, D], or the maps of [N, h, w, D]; those with the largest KL first.

    Without a KL, by their variance. A map is moved as a whole, so its value is what is added.
    """
    depth, is_grid = codes.shape[-1], codes.ndim > 2
    values = codes.reshape(-1, depth)
    spread = values.std(axis=0, dtype="float64")
    told = np.square(spread)
    if kl is not None:
        told = kl.reshape(len(kl), -1, depth).sum(axis=1).mean(axis=0, dtype="float64")
    word = "variance {:.3g}" if kl is None else "KL {:.3g} nats"
    made = []
    for i in sorted(decoded, key=lambda i: -told[i])[:UNITS]:
        low, high = float(values[:, i].min()), float(values[:, i].max())
        start = 0.0 if is_grid else float(values[:, i].mean())
        low, high = (-3 * spread[i], 3 * spread[i]) if is_grid else (low, high)
        name = f"z[:,:,{i}]" if is_grid else f"z[{i}]"
        label = f"{name}, {word.format(told[i])}"
        low, high = (low, high) if high > low else (low - 1, high + 1)
        made.append({"unit": i, "label": label, "low": float(low), "high": float(high),
                     "start": start})  # fmt: skip
    return made


def told_labels(run: Run) -> list[list]:
    """[[number, name]] of what the decoder can be told; [] for a model that asks for no labels."""
    return [[int(label), conditions.name(run, label)] for label in conditions.known(run)]
