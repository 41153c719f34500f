"""aecli denoise: noisy images through the model, measured beside classical filters."""

import pathlib
import sys
from typing import Annotated

import numpy as np
from omegaconf import DictConfig
from pydantic import Field

from aecli import build, look, runs, typed
from aecli.console.table import show_table
from aecli.errors import BadRequest, NotApplicable
from aecli.files import as_json, write_json
from aecli.io import given, pictures, request
from aecli.io.destination import Destination
from aecli.io.given import Images
from aecli.quantity import beside


def main(cfg: DictConfig) -> None:
    """The command: the file on stdout, and a table (or all as JSON) where there is one."""
    path, values = denoise(cfg)
    if cfg.json:
        print(as_json({"output": str(path)} | values))
        return
    print(path)
    if values["rows"]:
        _print(values)
    else:
        print("the clean images are not known: nothing was measured", file=sys.stderr)


@look.drawing
def denoise(cfg: DictConfig) -> tuple[pathlib.Path, dict]:
    """Write the expected images [N, H, W, C] of noisy ones, metrics.json and denoised.png.

    An .npz also holds labels, and "noisy" and "clean" where the noise was added here. Returns the
    file or folder, and {"images", "origin", "noise", "rows", "about"}; rows are {name: {psnr,
    ssim}} of the images as given, filtered and denoised, or {} where the clean ones are not known.
    """
    request.check(cfg, _keys)
    run = request.opened(cfg)
    to = Destination(run, cfg.output, "denoised.npz", pictures.SUFFIXES)
    pictures.check(to.suffix, run.data_shape)
    originals = _read_originals(run, cfg)
    images = request.images(run, cfg)
    pictures.check(to.suffix, run.data_shape, len(images))
    clean = _clean(run, cfg, images, originals)
    _tell_of_training(run)
    from aecli.metrics import denoising

    found = denoising.denoised(run, images.x, images.labels, clean)
    was_added = clean is not None and originals is None  # the noise, by this command
    values = {
        "images": len(images),
        "origin": images.origin,
        "noise": build.plain(run.config.noise) if was_added else None,
        "rows": found.rows,
    } | beside({} if clean is None else denoising.ABOUT)
    path = to.path()
    folder = path.parent if cfg.output is None else run.new_eval_folder()
    known = {k: array for k, array in request.beside(images).items() if k != "file"}
    made, limits = request.in_file_units(run, found.x)
    if was_added:
        both = {"noisy": images.x, "clean": clean}
        known |= {name: request.in_file_units(run, x)[0] for name, x in both.items()}
    pictures.write(path, made, limits, images.files, columns=request.columns(run, made), **known)
    write_json(folder / "metrics.json", values)
    _draw(run, folder, found.stages, values, request.shown(cfg))
    return path, values


def _tell_of_training(run: runs.Run) -> None:
    """What is said where the model never saw noise in its training: its output is no denoising."""
    if build.component(runs.Run(run.folder).config.noise, "noise").is_noisy:
        return
    make = typed.command("train", "noise=gaussian", "noise.stddev=0.3")
    learnt = "this model was trained without noise, and never learnt to take it away"
    if run.model.fills_gaps:
        learnt = "this model learnt to fill in patches that are removed, and never saw noise"
    print(f"note   {learnt}\n       one that learns it: {make}", file=sys.stderr)


def _keys(json: bool, clean: Annotated[str | None, Field(description="file or folder")]): ...


def _read_originals(run: runs.Run, cfg: DictConfig) -> given.Read | None:
    """What clean= names, while TensorFlow is not needed."""
    if cfg.clean is None:
        return None
    if cfg.input is None or run.noise_is_stated:
        raise BadRequest("clean belongs to noisy images of your own: input=FILE, without noise=")
    return given.read(run, cfg.clean, cfg.split, key="clean")


def _clean(run: runs.Run, cfg: DictConfig, images: Images, originals) -> np.ndarray | None:
    """[N, H, W, C], or None where they are not known. Raises BadRequest."""
    if originals is None:
        if cfg.input is None and not run.is_noisy:
            raise BadRequest("there is no noise on these images\nstate one, as in noise=gaussian")
        return images.clean if run.is_noisy else None
    found = given.images(run, originals, noise=False)
    if len(found) != len(images):
        raise BadRequest(f"clean={cfg.clean} has {len(found):,} images; input {len(images):,}")
    for one, other in zip(found.files or (), images.files or (), strict=False):
        if pathlib.PurePath(one).with_suffix("") != pathlib.PurePath(other).with_suffix(""):
            raise BadRequest(f"clean={cfg.clean} has no image of the name of {other}")
    return found.x


def _draw(run: runs.Run, folder: pathlib.Path, rows: dict, values: dict, name: str | None) -> None:
    from aecli.figures import denoised, style

    try:
        figure = denoised.rows(run, rows, values["rows"])
        style.name_shown(figure, name)
        path = run.save_figure(figure, "denoised", folder=folder)
        print(f"figure {path}", file=sys.stderr)
    except NotApplicable as reason:
        print(f"no figure: it {reason}", file=sys.stderr)


def _print(values: dict) -> None:
    before = values["rows"]["noisy"]["psnr"]
    rows = [
        [name, f"{each['psnr']:.2f}", f"{each['psnr'] - before:+.2f}",
         "-" if each["ssim"] is None else f"{each['ssim']:.4f}"]
        for name, each in values["rows"].items()
    ]  # fmt: skip
    from aecli.metrics.denoising import ABOUT

    psnr, ssim = (quantity.label(name) for name, quantity in ABOUT.items())
    show_table(["", psnr, psnr.replace("psnr", "gain"), ssim], rows)
