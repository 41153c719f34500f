"""aecli rm: runs that a path or a query names, listed with their sizes, then deleted."""

import pathlib
import sys

from omegaconf import DictConfig

from aecli.console.table import show_table
from aecli.errors import BadRequest, RunFailed
from aecli.runs import query, removal

MB = 1e6


def main(cfg: DictConfig) -> None:
    """The command. Raises BadRequest where nothing is asked for, or nobody can be asked."""
    asked, places = query.Query.of(cfg), [pathlib.Path(str(path)) for path in cfg.runs]
    if not places and not asked.asks:
        raise BadRequest("say which runs: a folder, or a query\nas in aecli rm older=30d")
    found = [removal.looked_at(info) for info in query.chosen(str(cfg.outputs), places, asked)]
    going = [one for one in found if not one.kept]
    if found:
        show_table(["run", "model", "dataset", "state", "MB", ""], [_row(one) for one in found])
    if not going:
        print("no run to delete")
        return
    what = f"{len(going):,} run{'' if len(going) == 1 else 's'}"
    what += f", {sum(one.size for one in going) / MB:,.1f} MB"
    if not cfg.yes and not _agreed(f"delete {what}? [y/N] "):
        print("nothing was deleted")
        return
    left = {one.info.folder: why for one in going if (why := removal.remove(one.info))}
    print(f"deleted {len(going) - len(left):,} of {what}")
    if left:
        raise RunFailed("; ".join(f"{folder} {why}" for folder, why in left.items()))


def _agreed(question: str) -> bool:
    if not sys.stdin.isatty():
        raise BadRequest("nobody can be asked here, and nothing was deleted\nto delete: yes=true")
    print(question, end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _row(one: removal.Candidate) -> list[str]:
    info = one.info
    kept = f"stays: it {one.kept}" if one.kept else ""
    return [str(info.folder), info.model, info.dataset, info.state, f"{one.size / MB:.1f}", kept]
