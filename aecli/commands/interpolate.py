"""aecli interpolate: from one image to another through the latent space."""

import pathlib
from typing import Annotated, Literal

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import runs
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest, NotApplicable
from aecli.io import conditions, request, tables
from aecli.io.given import Images

Position = Annotated[int, Field(ge=0)]


def main(cfg: DictConfig) -> None:
    for path in interpolate(cfg):
        print(path)


def interpolate(cfg: DictConfig) -> list[pathlib.Path]:
    """Write the strip and the moving pictures into eval/<time>/; returns the files.

    Of a table with named columns, interpolation.csv instead: the two rows, then those on the way.
    A model that is told labels is told the stated one, else that of the nearer end.
    """
    request.check(cfg, _keys)
    for key in ("images", "labels"):
        if cfg[key] is not None and len(cfg[key]) != 2:
            raise BadRequest(f"{key} must be two, as in {key}=[3,8]; got {list(cfg[key])}")
    if cfg.images is not None and cfg.labels is not None:
        raise BadRequest("images and labels both say between what\nstate one of them")
    run = request.opened(cfg)
    if not request.is_table(run):
        _require_images(run.spec)
    found = request.images(run, cfg, relabels=True)
    pair = _pair(found, cfg)
    from aecli.figures import interpolation, style

    ends = None if found.labels is None else found.labels[pair]
    a, b = run.model.encode(found.x[pair], label=ends)
    t = np.linspace(0.0, 1.0, cfg.steps)
    stated = conditions.stated(run, cfg.label)
    label = np.where(t < 0.5, *ends) if stated is None and ends is not None else stated
    paths = ["linear", "spherical"] if cfg.path == "both" else [cfg.path]
    ways = {name: run.model.decode(interpolation.PATHS[name](a, b, t), label) for name in paths}
    if request.is_table(run):
        return [_written(run, found.x[pair], ways, t)]
    names = [_name(found, row) for row in pair]
    if stated is not None:
        names[1] += f", decoded with label {conditions.name(run, stated)}"
    figure = interpolation.strip(run, found.x[pair], ways, names)
    style.name_shown(figure, request.shown(cfg))
    folder = run.new_eval_folder()
    files = [run.save_figure(figure, "interpolation", cfg.format, folder)]
    moves = cfg.gif and run.spec.is_image  # of lines there is no picture of one size
    for name, way in ways.items() if moves else ():
        files.append(folder / f"{name}.gif")
        interpolation.write_gif(files[-1], way, run.data_range)
    return files


def _written(run: runs.Run, ends: np.ndarray, ways: dict[str, np.ndarray], t) -> pathlib.Path:
    """A table of rows in their own units, with the path and the share of the way of each."""
    names = ["input"] * 2 + [name for name in ways for _ in t]
    told = {"path": np.array(names), "share": np.array([0.0, 1.0, *np.tile(t, len(ways))])}
    x, _ = request.in_file_units(run, np.concatenate([ends, *ways.values()]))
    path = run.new_eval_folder() / "interpolation.csv"
    tables.write(path, told | (request.columns(run, x) or {}))
    return path


def _keys(
    images: list[Position] | None,
    labels: list[int | str] | None,
    path: Literal["linear", "spherical", "both"],
    steps: Annotated[int, Field(ge=2, le=1000, description="images, both ends included")],
    gif: bool,
    format: Literal["png", "svg", "pdf"],
): ...


def _require_images(spec: DataSpec) -> None:
    from aecli.figures import lines

    try:
        lines.are_series(spec)
    except NotApplicable as reason:
        raise NotApplicable(f"interpolate {reason}") from None


def _pair(found: Images, cfg: DictConfig) -> list[int]:
    """The rows of the two images. Raises BadRequest."""
    if cfg.labels is not None:
        return [_first_of(found, label) for label in cfg.labels]
    if cfg.images is not None:
        if max(cfg.images) >= len(found):
            raise BadRequest(
                f"images={list(cfg.images)}: there are {len(found):,}, counted from 0 to "
                f"{len(found) - 1}"
            )
        return list(cfg.images)
    if len(found) < 2:
        raise BadRequest("there is one image; it takes two")
    labels = range(len(found)) if found.labels is None else found.labels
    others = np.flatnonzero(np.asarray(labels) != labels[0])
    return [0, int(others[0]) if len(others) else 1]


def _first_of(found: Images, label: int | str) -> int:
    if found.labels is None:
        raise BadRequest("labels: these images have none\nstate images=[0,1]")
    named = request.named_labels(found).astype(str)
    rows = np.flatnonzero((named == str(label)) | (found.labels.astype(str) == str(label)))
    if not len(rows):
        known = ", ".join(np.unique(named)[:20])
        raise BadRequest(f"labels: no image has the label {label!r}; there are {known}")
    return int(rows[0])


def _name(found: Images, row: int) -> str:
    """image 17 (label 3)"""
    name = f"image {row}" if found.files is None else pathlib.PurePath(found.files[row]).name
    return name if found.labels is None else f"{name} (label {request.named_labels(found)[row]})"
