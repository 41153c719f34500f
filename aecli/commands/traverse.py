"""aecli traverse: each code unit in turn from low to high, the others left where they are."""

import pathlib

import numpy as np
from omegaconf import DictConfig

from aecli import look, runs
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.io import conditions, keys, request, tables
from aecli.io.given import Images


def main(cfg: DictConfig) -> None:
    """The command: the figure on stdout, and below it the units that it shows."""
    path, units = traverse(cfg)
    print(path)
    shown = slice(cfg.n_dims)
    columns = [
        [one if isinstance(one, str) else f"{one:.3f}" for one in values[shown]]
        for values in units.values()
    ]
    headers = {"kl": "kl (nats)", "information": "tells of it (nats)", "share": "of its entropy"}
    names = [headers.get(name, name) for name in units]
    show_table(names, [list(row) for row in zip(*columns, strict=True)])


def traverse(cfg: DictConfig) -> tuple[pathlib.Path, dict[str, np.ndarray]]:
    """Write traversal.png and units.csv into eval/<time>/.

    Of a table with named columns, traversal.csv instead of the figure: a row of the table for each
    step of each unit, which are its first columns.

    Returns the file, and of all units that are decoded, the first drawn first, "unit"
    (z[3]; in a grid code the feature map z[:,:,3]), "kl" (nats, mean over the images; where there
    is one), "variance"; of images whose factors are known, the "factor" of which it tells most,
    and how much: "information" (nats), "share" of the factor's entropy.
    """
    request.check(cfg, keys.traverse)
    used = look.of(cfg, **({"format": "png"} if cfg.format == "gif" else {}))
    run = request.opened(cfg)
    from aecli.figures.traversed import check, traversed

    check(run)
    found = request.images(run, cfg, relabels=True)
    if cfg.image is not None and cfg.image >= len(found):
        raise BadRequest(
            f"image={cfg.image}: there are {len(found):,}, counted from 0 to {len(found) - 1}"
        )
    label = _label(run, cfg, found)
    way = traversed(run, found, cfg.image, cfg.n_dims, cfg.span, cfg.steps, label)
    units = way.units
    folder = run.new_eval_folder()
    tables.write(folder / "units.csv", units)
    if request.is_table(run):
        made = request.columns(run, request.in_file_units(run, way.flat)[0]) or {}
        tables.write(folder / "traversal.csv", way.places() | made)
        return folder / "traversal.csv", units
    with used.used():
        return _drawn(run, cfg, folder, way), units


def _drawn(run: runs.Run, cfg: DictConfig, folder: pathlib.Path, way) -> pathlib.Path:
    from aecli.figures import interpolation, style, traversal

    shown = way.x, way.t, way.units, way.words
    if cfg.format == "gif":
        if not run.spec.is_image:
            raise BadRequest("format=gif shows images, and these are lines: format=png")
        frames = traversal.frames(run, *shown, request.shown(cfg))
        interpolation.write_gif(folder / "traversal.gif", frames, (0.0, 1.0))
        return folder / "traversal.gif"
    figure = traversal.grid(run, *shown)
    style.name_shown(figure, request.shown(cfg))
    return run.save_figure(figure, "traversal", folder)


def _label(run: runs.Run, cfg: DictConfig, found: Images) -> int | None:
    """What the decoder is told: the stated label, that of the image, or the first one."""
    if cfg.label is None and cfg.image is not None and run.model.label_count is not None:
        assert found.labels is not None  # the model was told them to encode the image
        return int(found.labels[cfg.image])
    return conditions.held(run, cfg.label)
