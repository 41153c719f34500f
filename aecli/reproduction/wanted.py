"""The trainings of a row, and the runs that they are."""

import contextlib

from aecli import runs
from aecli.console import root_keys
from aecli.console import wanted as composing
from aecli.console.wanted import Wanted
from aecli.errors import BadRequest
from aecli.fit import resume
from aecli.reproduction.row import Row

RESUMABLE = ("queued", "interrupted", "killed", "failed", "running")  # of the last, it is refused


def wanted(row: Row, stated: list[str], seed: int | None, config_dir: str | None) -> list[Wanted]:
    """The trainings of a row, one for each of `row.each`.

    stated: words that replace the row's, as trainer.epochs=2. Raises BadRequest, or what Hydra
    raises.
    """
    mine = [*stated, *([] if seed is None else [f"seed={seed}"])]
    return [composing.wanted([*row.train, *words], mine, config_dir) for words in row.each]


def found(one: Wanted, outputs: str) -> runs.RunInfo | None:
    """The run under a folder that is this training: the newest done one, else one to go on with."""
    same = [info for info in runs.list_runs(outputs) if _may_be(info, one) and _is(info, one)]
    done = [info for info in same if info.state == "done"]
    return next(reversed(done or [i for i in same if i.state in RESUMABLE]), None)


def _may_be(info: runs.RunInfo, one: Wanted) -> bool:
    return (info.model, info.dataset) == (one.names["model"], one.names["dataset"])


def _is(info: runs.RunInfo, one: Wanted) -> bool:
    with contextlib.suppress(BadRequest):  # a folder that cannot be read is no run of ours
        return resume.is_same(runs.Run(info.folder), root_keys.of_run(one.config))
    return False
