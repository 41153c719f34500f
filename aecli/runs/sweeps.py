"""A sweep folder: the jobs as they were asked for, each of them a run folder. TensorFlow-free."""

import dataclasses
import json
import pathlib

from omegaconf import DictConfig

from aecli import runs, typed
from aecli.errors import BadRequest
from aecli.files import made_folder, write_json
from aecli.runs import order
from aecli.untrusted.bounded import read_text

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
    varying: list[str]  # those of them that not all jobs have

    @property
    def state(self) -> str:
        """queued, running, killed, interrupted, failed or done."""
        return runs.state_of(self.folder)

    @property
    def line(self) -> str:
        """model=vae seed=1: what this job is among the others."""
        return " ".join(self.varying or self.overrides)


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
                f"go on with it: {typed.command('train', sweep=self.folder)}\n"
                "or leave out sweep= for a new one"
            )


def create(folder: pathlib.Path, asked: list[Asked]) -> Sweep:
    """Freeze every job: a YAML edited from here on changes none of them."""
    jobs = _jobs_of(folder, [one.overrides for one in asked])
    for job, one in zip(jobs, asked, strict=True):
        made_folder(job.folder)
        runs.create(job.folder, one.config, one.overrides, {"command": "train", **one.names})
        runs.Run(job.folder).update_status(state="queued")
    plain = [{"overrides": job.overrides} for job in jobs]
    write_json(folder / FILE, {"format": FORMAT, "jobs": plain})
    return Sweep(folder, jobs)


def find(path: str, root: str = "outputs") -> Sweep:
    """The sweep at a path, or with "latest" the newest one under root. Raises BadRequest."""
    if path == "latest":
        places = ("*", "*/*")  # of name=NAME; of a day
        found = [f.parent for place in places for f in pathlib.Path(root).glob(f"{place}/{FILE}")]
        if not found:
            make = typed.command("train", "-m", "model=ae,vae", **typed.elsewhere(root))
            raise BadRequest(f"no sweep under {root}/\nmake one: {make}")
        path = str(max(found, key=lambda folder: (order.of_sweep(folder), str(folder))))
    file = pathlib.Path(path, FILE)
    if not file.is_file():
        raise BadRequest(f"sweep={path} is no sweep: it has no {FILE}")
    try:
        return Sweep(file.parent, _jobs_of(file.parent, _stored_overrides(file)))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadRequest(f"{file} is damaged or of another format") from None


def _stored_overrides(file: pathlib.Path) -> list[list[str]]:
    stored = json.loads(read_text(file, MAX_BYTES))
    if stored["format"] != FORMAT or not stored["jobs"]:
        raise ValueError(stored["format"])
    return [[str(override) for override in job["overrides"]] for job in stored["jobs"]]


def _jobs_of(folder: pathlib.Path, overrides: list[list[str]]) -> list[Job]:
    shared = set.intersection(*map(set, overrides))
    return [
        Job(number, folder / f"{number:02d}", mine, [o for o in mine if o not in shared])
        for number, mine in enumerate(overrides, start=1)
    ]
