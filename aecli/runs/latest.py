"""Which run is meant where none is named: the newest that is finished, and what is said of it."""

import dataclasses
import pathlib

from aecli import typed
from aecli.errors import BadRequest
from aecli.runs import listing
from aecli.runs.place import SWEEP
from aecli.runs.run import Run

WORD = "latest"


@dataclasses.dataclass(frozen=True)
class Latest:
    """run: the newest that is done. sweep: its folder, where the run is one of several of it.

    going: a newer run, which a live process trains; None where there is none.
    """

    run: Run
    sweep: pathlib.Path | None
    going: listing.RunInfo | None

    def told(self, of_sweep: bool = False) -> str:
        """Lines that say which was taken and why; of_sweep: the sweep was."""
        if of_sweep and self.sweep is not None:
            lines = [f"sweep  {self.sweep} (the latest; one run of it: run={self.run.folder})"]
        elif self.sweep is not None:
            ranked = typed.command("compare", str(self.sweep))
            lines = [
                f"run    {self.run.folder} (the latest finished one, the last of its sweep)",
                f"       {ranked}  ranks them all",
            ]
        elif self.run.folder.parent.name == "trials":
            lines = [
                f"run    {self.run.folder} (the latest finished one, a trial of a search)",
                f"       {self.run.folder.parents[1] / 'best.yaml'} names the best",
            ]
        else:
            lines = [f"run    {self.run.folder} (the latest finished one)"]
        if self.going is not None:
            lines.append(
                "note   a newer run is still training: "
                f"{typed.setting('run', self.going.folder)} looks at it"
            )
        return "\n".join(lines)


def is_latest(path: str | None) -> bool:
    """Whether no run is named: by nothing, or by the word for it."""
    return path is None or str(path) == WORD


def latest(root: str = "outputs") -> Latest:
    """The newest finished run under a folder. Raises BadRequest where there is none."""
    infos = listing.list_runs(root)
    done = [info for info in infos if info.state == "done"]
    if not done:
        going = [info.folder for info in infos if info.state == "running"]
        make = typed.command("train", **typed.elsewhere(root))
        hint = f"make one: {make}\nor state run=PATH"
        if going:
            hint = f"one is still training, to be looked at as {typed.setting('run', going[-1])}"
        raise BadRequest(f"no finished run under {root}/\n{hint}")
    last = done[-1]
    newer = [info for info in infos[infos.index(last) :] if info.state == "running"]
    is_of_sweep = (last.folder.parent / SWEEP).is_file()
    sweep = last.folder.parent if is_of_sweep else None
    return Latest(Run(last.folder), sweep, newer[-1] if newer else None)


def find(path: str | None = None, root: str = "outputs", key: str = "run") -> Run:
    """The run at a path, or the latest finished one. Raises BadRequest, which names the key."""
    return latest(root).run if path is None or is_latest(path) else listing.at(path, key)


def still_training(run: Run) -> str:
    """A line about a run that a live process trains; "" for all others."""
    if listing.state_of(run.folder) != "running":
        return ""
    return f"note   {run.folder} is still training: what is seen is its best epoch so far"
