"""A sweep folder: the jobs as they were asked for, each of them a run folder. TensorFlow-free."""

import dataclasses
import json
import pathlib
from typing import Any

from omegaconf import DictConfig

from aecli import runs
from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.foreign.bounded import read_text

FILE = "sweep.json"
FORMAT = 1
MAX_BYTES = 16 * 2**20


@dataclasses.dataclass(frozen=True)
class Asked:
    """One job as it was composed: what varies, the whole config, the chosen options."""

    overrides: list[str]
    config: DictConfig
    names: dict[str, str | None]


@dataclasses.dataclass(frozen=True)
class Job:
    """A job of a sweep; its run folder holds its frozen config from the start."""

    number: int
    folder: pathlib.Path
    overrides: list[str]

    @property
    def state(self) -> str:
        """queued, running, killed, interrupted, failed or done."""
        return runs.state_of(self.folder)

    @property
    def line(self) -> str:
        return " ".join(self.overrides)


@dataclasses.dataclass(frozen=True)
class Sweep:
    """folder: absolute or relative to the working directory; jobs in the order of the command."""

    folder: pathlib.Path
    jobs: list[Job]

    @property
    def left(self) -> list[Job]:
        return [job for job in self.jobs if job.state != "done"]

    def check_same(self, asked: list[Asked]) -> None:
        """Raises BadRequest where the command is another than the one that made the sweep."""
        if [job.overrides for job in self.jobs] != [a.overrides for a in asked]:
            raise BadRequest(
                f"{self.folder} is the sweep of another command: {len(self.jobs)} jobs, the first "
                f"{self.jobs[0].line}\n"
                f"go on with it: aecli train sweep={self.folder}; or leave out sweep= for a new one"
            )


def create(folder: pathlib.Path, asked: list[Asked]) -> Sweep:
    """Freeze every job: a YAML edited from here on changes none of them."""
    jobs = []
    for number, one in enumerate(asked, start=1):
        job = Job(number, folder / f"{number:02d}", one.overrides)
        job.folder.mkdir(exist_ok=True)
        runs.create(job.folder, one.config, one.overrides, {"command": "train", **one.names})
        runs.Run(job.folder).update_status(state="queued")
        jobs.append(job)
    plain = [{"folder": job.folder.name, "overrides": job.overrides} for job in jobs]
    write_json(folder / FILE, {"format": FORMAT, "jobs": plain})
    return Sweep(folder, jobs)


def find(path: str, root: str = "outputs") -> Sweep:
    """The sweep at a path, or with "latest" the newest one under root. Raises BadRequest."""
    if path == "latest":
        found = sorted(pathlib.Path(root).glob(f"*/*/{FILE}"))
        if not found:
            raise BadRequest(f"no sweep under {root}/\nmake one: aecli train -m model=ae,vae")
        path = str(found[-1].parent)
    file = pathlib.Path(path, FILE)
    if not file.is_file():
        raise BadRequest(f"sweep={path} is no sweep: it has no {FILE}")
    try:
        jobs = [_job(file.parent, i, job) for i, job in enumerate(_jobs(file), start=1)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadRequest(f"{file} is damaged or of another format") from None
    return Sweep(file.parent, jobs)


def _jobs(file: pathlib.Path) -> list[dict[str, Any]]:
    stored = json.loads(read_text(file, MAX_BYTES))
    if stored["format"] != FORMAT or not stored["jobs"]:
        raise ValueError(stored["format"])
    return stored["jobs"]


def _job(folder: pathlib.Path, number: int, stored: dict[str, Any]) -> Job:
    name, overrides = stored["folder"], [str(override) for override in stored["overrides"]]
    if name != f"{number:02d}":  # a folder of its own making, not one elsewhere
        raise ValueError(name)
    return Job(number, folder / name, overrides)
