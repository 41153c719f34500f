"""A pack is written: beside its place first, then moved there whole."""

import contextlib
import os
import pathlib
import re
import shutil
from collections.abc import Iterator
from typing import Annotated

import yaml
from pydantic import Field

from aecli import runs
from aecli.component import check_arguments
from aecli.datasets import learnt_file
from aecli.errors import BadRequest, NotApplicable
from aecli.files import NAME_KEPT, flush, write_json, write_text, writing
from aecli.io import request
from aecli.io.destination import Destination
from aecli.packing import card
from aecli.packing.cleaned import Cleaned
from aecli.runs import data
from aecli.runs import packed as layout
from aecli.samplers.gmm import GMM

COPIED = (  # of a run's folder, where it has them
    "metrics.json", "history.csv", "validation_scores.npz", "training_codes.npz", "thresholds.json",
)  # fmt: skip
FIGURES = (".png", ".svg", ".pdf")
LICENCE = re.compile(r"[a-z0-9][a-z0-9.-]*")
NAME = re.compile(r"\w[\w.-]*", re.ASCII)


def packed(
    run: runs.Run,
    output: str | None,
    licence: str | None,
    data_licence: str | None,
    with_figures: bool,
) -> pathlib.Path:
    """Make the folder `output`, which is not there yet; returns it. None: one in the run's eval/.

    licence, data_licence: as in card.text; with_figures: whether those of the training go with it,
    which show examples of the data. Raises BadRequest for a run without weights or under way,
    CannotWrite; then nothing is left.
    """
    stated = {"licence": licence, "data_licence": data_licence, "with_figures": with_figures}
    check_arguments(_keys, stated)
    if licence is not None and not LICENCE.fullmatch(licence):
        raise BadRequest(
            f"licence={licence!r}: the Hub's names have small letters, as mit, cc-by-4.0, other\n"
            "of one that it has not: licence=other, and say in the card which"
        )
    if runs.state_of(run.folder) == "running":
        raise BadRequest(f"{run.folder} is under way\npack it when it is done")
    to = Destination(run, output, "pack", [""])
    request.wake(run)
    run.model  # noqa: B018  (one that cannot be read is refused before any folder is made)
    path = to.path()
    temporary = path.with_name(f".{path.name[:NAME_KEPT]}.{os.getpid()}.tmp")
    try:
        with writing(path):
            temporary.mkdir()
            _fill(temporary, run, with_figures)
            drawn = sorted(file.name for file in temporary.glob("figures/*"))
            text = card.text(run, path.name, drawn, licence, data_licence)
            write_text(temporary / layout.CARD, text)
            layout.write_sums(temporary)
            flush(temporary / layout.SUMS)
            os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path


def _keys(
    licence: Annotated[str, Field(min_length=1, max_length=200)] | None,
    data_licence: Annotated[str, Field(min_length=1, max_length=200)] | None,
    with_figures: bool,
): ...


def _fill(folder: pathlib.Path, run: runs.Run, with_figures: bool) -> None:
    from aecli.runs import sampling  # TensorFlow
    from aecli.training import best

    if not run.model.has_prior:  # who is given the folder can generate without the data
        with contextlib.suppress(BadRequest, NotApplicable):
            sampling.fitted_to(run, GMM())
    cleaned = Cleaned(run)
    config = cleaned.config()
    best.write_packed(folder / layout.WEIGHTS, run.model, config)
    for name, value in (("config", config), ("overrides", cleaned.overrides())):
        text = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
        write_text(folder / f"{name}.yaml", text)
    write_json(folder / "status.json", cleaned.status())
    learnt_file.write(folder / data.NAME, run.learnt)
    for file in _files(run.folder, with_figures):
        to = folder / file.relative_to(run.folder)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to)
        flush(to)


def _files(folder: pathlib.Path, with_figures: bool) -> Iterator[pathlib.Path]:
    """The files that are copied as they are; of figures and samplers what has a name of ours."""
    yield from (folder / name for name in COPIED if (folder / name).is_file())
    kept = [*folder.glob("samplers/*/*.npz")]
    kept += [file for file in folder.glob("figures/*") if with_figures and file.suffix in FIGURES]
    for file in kept:
        if file.is_file() and all(map(NAME.fullmatch, file.relative_to(folder).parts)):
            yield file
