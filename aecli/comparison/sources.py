"""The words after `aecli compare` -> the runs that are meant."""

import dataclasses
import pathlib

from aecli import runs
from aecli.comparison.records import Entry
from aecli.errors import BadRequest
from aecli.runs import packed, sweeps
from aecli.visible import in_a_line


@dataclasses.dataclass(frozen=True)
class Source:
    """entries: each run once. sweep: its folder, where the runs are those of one sweep."""

    entries: list[Entry]
    sweep: pathlib.Path | None


def of_sweep(sweep: sweeps.Sweep) -> Source:
    entries = [Entry(j.folder, f"{j.number:02d}", in_a_line(j.line)) for j in sweep.jobs]
    return Source(entries, sweep.folder)


def find(paths: list[str], root: str = "outputs") -> Source:
    """The runs at some paths: sweeps, runs, folders with runs in them; none: the latest sweep.

    Raises BadRequest where there is nothing, or one run alone.
    """
    paths = paths or ["latest"]
    if len(paths) == 1 and (paths[0] == "latest" or _is_sweep(paths[0])):
        return of_sweep(sweeps.find(paths[0], root))
    found = [entry for path in paths for entry in _entries(path, root)]
    entries = list({entry.folder.resolve(): entry for entry in found}.values())
    if len(entries) == 1:
        raise BadRequest(
            f"{entries[0].folder} is one run: name a second one\n"
            "aecli compare RUN RUN ..., or aecli compare SWEEP"
        )
    return Source(entries, None)


def _entries(path: str, root: str) -> list[Entry]:
    if path == "latest" or _is_sweep(path):
        return [Entry(job.folder, str(job.folder)) for job in sweeps.find(path, root).jobs]
    if not pathlib.Path(path).is_dir():
        raise BadRequest(f"{path} does not exist\naecli runs lists what has been trained")
    folder = pathlib.Path(path)
    if (folder / runs.CONFIG).is_file() or packed.is_one(folder):
        return [Entry(folder, path.rstrip("/"))]
    found = [Entry(info.folder, str(info.folder)) for info in runs.list_runs(path)]
    if not found:
        raise BadRequest(f"there is no run in {path}\naecli runs lists what has been trained")
    return found


def _is_sweep(path: str) -> bool:
    return pathlib.Path(path, sweeps.FILE).is_file()
