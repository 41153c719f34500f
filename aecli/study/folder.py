"""The folder of a study: a sweep, and beside its sweep.json what was designed. TensorFlow-free.

design.json        the study, frozen
scores.csv         a line a training: model, strength, seed, all figures
study.md, study.json, figures/
"""

import dataclasses
import json
import pathlib
import time
from collections.abc import Iterator

from aecli.console.wanted import wanted
from aecli.errors import BadRequest
from aecli.files import unique_folder, write_json
from aecli.runs import order, sweeps
from aecli.study.design import Cell, Design, of_plain
from aecli.untrusted.bounded import read_text

FILE = "design.json"
FORMAT = 1
MAX_BYTES = 2**20


@dataclasses.dataclass(frozen=True)
class Study:
    """cells: of the sweep's jobs, in their order."""

    name: str
    design: Design
    sweep: sweeps.Sweep

    @property
    def folder(self) -> pathlib.Path:
        return self.sweep.folder

    @property
    def cells(self) -> list[tuple[Cell, sweeps.Job]]:
        return list(zip(self.design.cells, self.sweep.jobs, strict=True))


def asked(design: Design, threads: int, config_dir: str | None) -> Iterator[sweeps.Asked]:
    """Every training, composed as it is taken. Raises BadRequest, or what Hydra raises."""
    for cell in design.cells:
        one = wanted(design.words(cell), [], config_dir)
        if one.config.trainer.threads is None:
            one.config.trainer.threads = threads
        yield sweeps.Asked(one.words, one.config, one.names)


def create(name: str, design: Design, jobs: list[sweeps.Asked], outputs: str) -> Study:
    """A new folder <outputs>/<date>/<time>_<name>, in which nothing is trained yet."""
    stamp = time.strftime(f"%Y-%m-%d/%H-%M-%S_{name}")
    folder = unique_folder(pathlib.Path(outputs) / stamp)
    write_json(folder / FILE, {"format": FORMAT, "study": name, "design": design.as_plain()})
    return Study(name, design, sweeps.create(folder, jobs))


def find(path: str, outputs: str) -> Study:
    """The study at a path, or with "latest" the newest one. Raises BadRequest."""
    if path == "latest":
        found = [file.parent for file in pathlib.Path(outputs).glob(f"*/*/{FILE}")]
        if not found:
            raise BadRequest(f"no study under {outputs}/\nbegin one: aecli study disentanglement")
        path = str(max(found, key=lambda folder: (order.of_sweep(folder), str(folder))))
    file = pathlib.Path(path, FILE)
    if not file.is_file():
        raise BadRequest(
            f"sweep={path} is no study: it has no {FILE}\naecli runs lists what has been trained"
        )
    sweep = sweeps.find(path)
    try:
        stored = json.loads(read_text(file, MAX_BYTES))
        if stored["format"] != FORMAT:
            raise ValueError(stored["format"])
        study = Study(str(stored["study"]), of_plain(stored["design"]), sweep)
    except (ValueError, KeyError, TypeError, RecursionError, BadRequest):
        raise BadRequest(f"{file} is damaged or of another format") from None
    if len(study.design.cells) != len(sweep.jobs):
        raise BadRequest(f"{file} is of another sweep: {len(sweep.jobs)} jobs are here")
    return study
