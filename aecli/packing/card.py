"""README.md of a pack: a model card, with Hugging Face's metadata at its head."""

import math
import re
from collections.abc import Sequence
from typing import Any

import yaml

from aecli import __version__, build, runs, typed
from aecli.console import catalog
from aecli.dataspec import by
from aecli.quantity import Quantity
from aecli.runs import packed, quantities
from aecli.untrusted import tables
from aecli.visible import in_a_line

FIRST = ("loss_curve", "reconstructions")  # of the figures
SHOWN = (".png", ".svg")  # what Markdown shows; a PDF becomes a link
TASK = {"type": "reconstruction", "name": "Reconstruction"}
UNKNOWN = "unknown"


def text(
    run: runs.Run, name: str, figures: Sequence[str], licence: str | None, data_licence: str | None
) -> str:
    """The whole file.

    name: of the pack's folder. figures: names of the files in its figures/. licence, data_licence:
    of the weights and of the data, as the giver says; None: as far as it is known.
    """
    values = tables.read_metrics(run.folder / "metrics.json")
    values = {key: value for key, value in values.items() if value is not None}
    status = run.status
    head = yaml.safe_dump(_metadata(run, values, licence), sort_keys=False, allow_unicode=True)
    parts = [
        f"---\n{head}---",
        f"# {plain(run.title)}",
        _what(run, status),
        _use(run, name),
        *_figures(figures),
        *_metrics(values, quantities.of_run(run, values)),
        _data(run, status, data_licence, bool(figures)),
        f"The settings are in `{packed.CONFIG}`, what the training learnt of its data (unit, "
        f"scaling, columns, labels) in `data.json`. Whether the files are as they were given: "
        f"`sha256sum -c {packed.SUMS}`. None is code, and nothing is unpickled.",
    ]
    return "\n\n".join(parts) + "\n"


def plain(text: Any) -> str:
    """A text as Markdown shows it, whoever wrote it: nothing in it is a link, a tag or a cell."""
    return re.sub(r"([\\`*\[\]<>|#$])", r"\\\1", in_a_line(str(text)))


def _metadata(run: runs.Run, values: dict[str, float], licence: str | None) -> dict[str, Any]:
    kind, status = type(run.dataset), run.status
    model = str(status.get("model", "autoencoder"))
    found: dict[str, Any] = {
        "license": licence or UNKNOWN,
        "library_name": "aecli",
        "tags": ["autoencoder", model, run.spec.kind, "keras"],
    }
    if kind.hub_name:
        found["datasets"] = [kind.hub_name]
    if values:
        data = {"type": kind.hub_name or _dataset(run), "name": _dataset(run), "split": "test"}
        metrics = [{"type": key, "value": value, "name": key} for key, value in values.items()]
        result = {"task": TASK, "dataset": data, "metrics": metrics}
        found["model-index"] = [{"name": run.title, "results": [result]}]
    return found


def _dataset(run: runs.Run) -> str:
    """As the title has it: of the user's own data the file's name."""
    return run.title.partition(" on ")[2]


def _what(run: runs.Run, status: dict[str, Any]) -> str:
    model = str(status.get("model", ""))
    about = {option.name: option.description for option in catalog.options("model")}.get(model, "")
    said = f"`model={model}`: {plain(about)}." if about else f"`model={plain(model)}`."
    network = build.plain(run.config.network)["_target_"].split(".")[-2]
    loss = build.plain(run.config.loss)["_target_"].split(".")[-2]
    low, high = run.data_range
    values = "" if run.spec.kind == "text" else f", values from {low:g} to {high:g} once scaled"
    rows = {
        "takes": f"{run.spec.nouns}, {run.spec}{values}",
        "code": f"{by(run.model.code_shape)} numbers",
        "network": network,
        "loss": loss,
        "parameters": f"{sum(math.prod(v.shape) for v in run.model.trainable_variables):,}",
        "noise": status.get("noise", "none"),
        "epochs": _epochs(status),
        "training": status.get("state", "?"),
        "written by": f"aecli {__version__}",
    }
    if foreign := _foreign(build.plain(run.config)):
        rows["needs"] = f"{', '.join(foreign)}, named in AECLI_PLUGINS"
    lines = "\n".join(f"- {key}: {plain(value)}" for key, value in rows.items())
    return f"An autoencoder, trained with aecli. {said}\n\n{lines}"


def _epochs(status: dict[str, Any]) -> str:
    done, best = status.get("epochs_done", "?"), status.get("best_epoch")
    return f"{done}; the weights are those of epoch {best}" if best else str(done)


def _foreign(config: Any) -> list[str]:
    """The packages that its parts come from, but for aecli and Keras."""
    found = set()
    for key, value in config.items():
        if isinstance(value, dict):
            found |= {*_foreign(value)}
        elif key == "_target_" and isinstance(value, str):
            found.add(value.partition(".")[0])
    return sorted(found - {"aecli", "keras"})


def _use(run: runs.Run, name: str) -> str:
    can_draw = run.model.has_prior and run.spec.kind != "text"
    line = "new = run.generate(16)" if can_draw else "codes = run.encode(X)"
    return f"""## Use

```python
import aecli

run = aecli.load({name!r})  # the folder of this file
{line}  # also reconstruct(X), score(X), figure("loss_curve") ...
```

```sh
{typed.command("reconstruct", run=name)} input=FILE
```

X: {run.spec.nouns} as in your files, before any scaling. Every command of aecli that has
`run=` takes the folder."""


def _figures(names: Sequence[str]) -> list[str]:
    ordered = sorted(names, key=lambda name: (name.rpartition(".")[0] not in FIRST, name))
    lines = [
        f"{'!' if name.endswith(SHOWN) else ''}[{plain(_called(name))}](figures/{name})"
        for name in ordered
    ]
    return ["## Figures", "\n\n".join(lines)] if lines else []


def _called(name: str) -> str:
    return name.rpartition(".")[0].replace("_", " ")


def _metrics(values: dict[str, float], measured: dict[str, Quantity]) -> list[str]:
    if not values:
        return []
    rows = [["metric", "value", "unit", "better", "what it is"], ["---"] * 5]
    for name, value in values.items():
        one = measured[name]
        rows.append([plain(name), f"{value:.4g}", *map(plain, (one.unit, one.better, one.meaning))])
    lines = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return ["## Metrics", f"Of the weights in this folder, on the test part.\n\n{lines}"]


def _data(run: runs.Run, status: dict[str, Any], stated: str | None, are_shown: bool) -> str:
    option = str(status.get("dataset", ""))
    options = {one.name: one.description for one in catalog.options("dataset")}
    about = "" if _dataset(run) != option else options.get(option, "")
    counts = {part: status.get(f"{part}_count") for part in ("train", "val", "test")}
    known = ", ".join(f"{n:,} {part}" for part, n in counts.items() if isinstance(n, int))
    lines = [
        f"- {plain(_dataset(run))}{f': {plain(about)}' if about else ''}",
        f"- examples: {known or '?'}",
        f"- licence: {plain(stated or type(run.dataset).licence)}",
    ]
    if run.spec.kind == "table" and run.learnt.columns is not None:
        lines.append(f"- columns: {plain(', '.join(run.learnt.columns))}")
    where = f"They are not in this folder{', but for what the figures show' if are_shown else ''}."
    return "\n".join(["## Data", "", where, "", *lines])
