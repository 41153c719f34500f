"""What the commands share that use a finished run on images."""

import pathlib
import sys
from collections.abc import Callable
from typing import Annotated

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import build, runs
from aecli.component import check_arguments
from aecli.console import quiet
from aecli.datasets import ranges
from aecli.datasets.table import ID, ROW
from aecli.errors import BadRequest
from aecli.io import conditions, given
from aecli.io.given import Images
from aecli.samplers.base import Sampler


def check(cfg: DictConfig, keys: Callable) -> None:
    """Check the command's keys against the annotated arguments of `keys`. Raises BadRequest."""
    check_arguments(keys, build.plain(cfg))


def of_generate(
    n: Annotated[int, Field(ge=1, le=2**20, description="images")],
    seed: Annotated[int, Field(ge=0, lt=2**31)],
): ...


def opened(cfg: DictConfig, beyond: bool = False) -> runs.Run:
    """run=PATH or the latest finished one, of which it says which and why. Raises BadRequest.

    beyond: whether values of stated data outside of the training's range may pass.
    """
    if cfg.get("input") is not None and cfg.get("dataset") is not None:
        raise BadRequest("input and dataset both say which images\nstate one of them")
    return which_run(cfg).replacing_data(cfg.get("dataset"), cfg.get("noise"), beyond)


def which_run(cfg: DictConfig) -> runs.Run:
    """The run alone, as in opened."""
    if runs.is_latest(cfg.run):
        found = runs.latest(str(cfg.outputs))
        run, said = found.run, found.told()
    else:
        run = runs.find(str(cfg.run))
        said = runs.still_training(run)
    if said:
        print(said, file=sys.stderr)
    return run


def images(run: runs.Run, cfg: DictConfig, relabels: bool = False) -> Images:
    """What input=, split= and label= ask for; wakes TensorFlow once it can be read.

    relabels: as in conditions.of_images. Raises BadRequest.
    """
    read = given.read(run, cfg.input, cfg.split)
    wake(run)
    found = conditions.of_images(run, given.images(run, read), cfg.label, relabels)
    print(f"input  {run.spec.counted(len(found))}   {found.origin}", file=sys.stderr)
    return found


def sampler(cfg: DictConfig) -> Sampler | None:
    """What sampler= asks for; None: the model's own prior, or a mixture where it has none."""
    return None if cfg.get("sampler") is None else build.component(cfg.sampler, "sampler")


def in_file_units(run: runs.Run, x: np.ndarray) -> tuple[np.ndarray, tuple[float, float]]:
    """What a model made, [N, H, W, C] float32 -> before the training's scaling, and its range.

    Of a table, [N, D] in its columns, a category as the position of its value.
    """
    if run.spec.kind == "table":
        return run.learnt.unscaled(x).reshape(len(x), -1), run.learnt.range
    scale = run.config.dataset.get("scale", "none")
    if scale == "auto" and run.learnt.unit in ranges.PAIRS:
        return run.learnt.unscaled(x), ranges.undone_range((0.0, 1.0), run.learnt.unit)
    if scale in ("auto", "none"):
        return x, run.data_range
    return run.learnt.unscaled(x), run.learnt.range


def is_table(run: runs.Run) -> bool:
    """Whether its examples are rows of a table whose columns have names."""
    return run.spec.kind == "table" and run.learnt.columns is not None


def columns(run: runs.Run, x: np.ndarray) -> dict[str, np.ndarray] | None:
    """Rows [N, D] in the file's units as a table: {column: [N]}, a category as its text.

    None where the columns have no names.
    """
    learnt = run.learnt
    if learnt.columns is None:
        return None
    found = dict(zip(learnt.columns, x.reshape(len(x), -1).T, strict=True))
    named = {name: np.array(values) for name, values in learnt.categories.items()}
    return found | {name: values[found[name].astype(int)] for name, values in named.items()}


def shown(cfg: DictConfig) -> str | None:
    """What a figure's title says of the data; None for those of the run."""
    if cfg.get("input") is not None:
        return pathlib.Path(str(cfg.input)).name
    if cfg.get("dataset") is None:
        return None
    name, path = cfg.dataset._target_.rsplit(".", 2)[-2], cfg.dataset.get("path")
    return name if path is None else pathlib.Path(str(path)).name


def wake(run: runs.Run) -> None:
    """TensorFlow, with the threads of the training: bits depend on them."""
    quiet.import_tensorflow_quietly(run.config.trainer.threads)


def beside(found: Images) -> dict[str, np.ndarray]:
    """What is known of the images, for a table: {"file": [N], "label": [N]}, in this order.

    Of rows, "id" or "row" instead of a file: a text, or the number in the file from 1.
    """
    known = {}
    if found.files is not None:
        known["file"] = np.array(found.files)
    if found.ids is not None:
        known[ROW if found.ids.dtype.kind == "i" else ID] = found.ids
    if found.labels is not None:
        known["label"] = named_labels(found)
    return known


def named_labels(found: Images) -> np.ndarray:
    """[N] names where labels have names, else numbers."""
    labels = found.labels
    assert labels is not None  # whoever asks has looked
    if found.label_names is None:
        return labels
    return np.array(found.label_names)[labels]
