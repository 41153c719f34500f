"""aecli traverse: each code unit in turn from low to high, the others left where they are."""

import pathlib
from typing import Annotated, Literal

import numpy as np
from omegaconf import DictConfig
from pydantic import Field
from scipy.stats import norm

from aecli import look, runs
from aecli.console.table import show_table
from aecli.errors import BadRequest, NotApplicable
from aecli.io import conditions, request, tables
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
    request.check(cfg, _keys)
    used = look.of(cfg, **({"format": "png"} if cfg.format == "gif" else {}))
    run = request.opened(cfg)
    from aecli.figures import lines

    try:
        _ = request.is_table(run) or lines.are_series(run.spec)
    except NotApplicable as reason:
        raise NotApplicable(f"traverse {reason}") from None
    found = request.images(run, cfg, relabels=True)
    if cfg.image is not None and cfg.image >= len(found):
        raise BadRequest(
            f"image={cfg.image}: there are {len(found):,}, counted from 0 to {len(found) - 1}"
        )
    codes = run.model.encode(found.x, label=found.labels)
    units = _units(codes, run.model.kl_of_units(found.x, label=found.labels))
    if found.factors is not None:
        from aecli.metrics.disentanglement.matched import matched

        units |= matched(codes, found.factors).columns()
    order = np.argsort(-units.get("kl", units["variance"]), kind="stable")
    order = order[np.isin(order, run.model.decoded_units())]
    drawn, t = order[: cfg.n_dims], np.linspace(-cfg.span, cfg.span, cfg.steps)
    z = _varied(run, codes, cfg.image, drawn, t)
    label = _label(run, cfg, found)
    x = run.model.decode(z.reshape(-1, *codes.shape[1:]), label)
    units = {name: values[order] for name, values in units.items()}
    folder = run.new_eval_folder()
    tables.write(folder / "units.csv", units)
    if request.is_table(run):
        told = {"unit": units["unit"][: len(drawn)].repeat(len(t)), "at": np.tile(t, len(drawn))}
        made = request.columns(run, request.in_file_units(run, x)[0]) or {}
        tables.write(folder / "traversal.csv", told | made)
        return folder / "traversal.csv", units
    x = x.reshape(*z.shape[:2], *run.data_shape)
    where, unit = _words(run, codes.ndim > 2, cfg.image, found.files)
    if label is not None:
        where += f"; label {conditions.name(run, label)}"
    if "factor" in units:
        where += "\n%: of the entropy of the factor, told by the unit"
    with used.used():
        return _drawn(run, cfg, folder, x, t, units, (where, unit)), units


def _drawn(run: runs.Run, cfg: DictConfig, folder: pathlib.Path, x, t, units, words):
    from aecli.figures import interpolation, style, traversal

    if cfg.format == "gif":
        if not run.spec.is_image:
            raise BadRequest("format=gif shows images, and these are lines: format=png")
        frames = traversal.frames(run, x, t, units, words, request.shown(cfg))
        interpolation.write_gif(folder / "traversal.gif", frames, (0.0, 1.0))
        return folder / "traversal.gif"
    figure = traversal.grid(run, x, t, units, words)
    style.name_shown(figure, request.shown(cfg))
    return run.save_figure(figure, "traversal", folder)


def _keys(
    image: Annotated[int, Field(ge=0)] | None,
    n_dims: Annotated[int, Field(ge=1, le=50, description="code units")],
    span: Annotated[float, Field(gt=0, description="standard deviations")],
    steps: Annotated[int, Field(ge=2, le=25, description="images")],
    format: Literal["png", "svg", "pdf", "gif"],
): ...


def _label(run: runs.Run, cfg: DictConfig, found: Images) -> int | None:
    """What the decoder is told: the stated label, that of the image, or the first one."""
    if cfg.label is None and cfg.image is not None and run.model.label_count is not None:
        assert found.labels is not None  # the model was told them to encode the image
        return int(found.labels[cfg.image])
    return conditions.held(run, cfg.label)


def _units(codes: np.ndarray, kl: np.ndarray | None) -> dict[str, np.ndarray]:
    """{"unit": names, "kl" where there is one, "variance"}: [D], of codes [N, D] or [N, h, w, D].

    The KL of a feature map is summed over its cells; its variance is over images and cells.
    """
    depth, grid = codes.shape[-1], codes.ndim > 2
    units = {"unit": np.array([f"z[:,:,{i}]" if grid else f"z[{i}]" for i in range(depth)])}
    if kl is not None:
        units["kl"] = kl.reshape(len(kl), -1, depth).sum(axis=1).mean(axis=0, dtype="float64")
    return units | {"variance": codes.reshape(-1, depth).var(axis=0, dtype="float64")}


def _varied(run: runs.Run, codes: np.ndarray, image: int | None, drawn, t) -> np.ndarray:
    """Codes [len(drawn), len(t), ...]: in each row one unit goes its way.

    Without a prior none leaves the values that it has: a ReLU code knows no negative ones.
    """
    from aecli.figures import traversal

    rows, known = codes.reshape(-1, codes.shape[-1])[:, drawn], run.model.has_quantiles
    scales = np.ones(len(drawn)) if known else rows.std(axis=0)
    steps = np.outer(scales, run.model.prior_quantiles(norm.cdf(t)) if known else t)
    start = codes.mean(axis=0) if image is None else codes[image]
    limits = None if known else (rows.min(axis=0), rows.max(axis=0))
    if codes.ndim > 2:
        return traversal.shifted(start, drawn, steps, limits)
    values = steps if known else rows.mean(axis=0)[:, None] + steps
    return traversal.replaced(start, drawn, values, limits)


def _words(run: runs.Run, grid: bool, image: int | None, files) -> tuple[str, str]:
    """What the other units are, and the unit of the way."""
    what = "each map moved as a whole, the others" if grid else "the other units"
    where = "at the mean code"
    if image is not None:
        where = (
            f"as in {f'image {image}' if files is None else pathlib.PurePath(files[image]).name}"
        )
    of = "of the prior" if run.model.has_quantiles else "of its values, and within their range"
    return f"{what} {where}", f"standard deviations {of}"
