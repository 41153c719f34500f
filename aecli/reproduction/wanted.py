"""The trainings of a row, composed as aecli train composes them, and the runs that they are."""

import contextlib
import dataclasses
from typing import Any

from omegaconf import DictConfig, OmegaConf

from aecli import runs
from aecli.console import root_keys
from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.fit import resume
from aecli.fit.start import NAMES
from aecli.reproduction.row import Row

RESUMABLE = ("queued", "interrupted", "killed", "failed", "running")  # of the last, it is refused


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One training: its words, its config, the options that its folder is named by."""

    words: list[str]
    config: DictConfig
    names: dict[str, Any]


def wanted(row: Row, stated: list[str], seed: int | None, config_dir: str | None) -> list[Wanted]:
    """The trainings of a row, one for each of `row.each`.

    stated: words that replace the row's, as trainer.epochs=2. Raises BadRequest, or what Hydra
    raises.
    """
    mine = [*stated, *([] if seed is None else [f"seed={seed}"])]
    return [_wanted([*row.train, *words], mine, config_dir) for words in row.each]


def _wanted(words: list[str], stated: list[str], config_dir: str | None) -> Wanted:
    replaced = {word.partition("=")[0] for word in stated}
    words = [word for word in words if word.partition("=")[0] not in replaced] + stated
    made = composed("train", parse("train", words).overrides, config_dir)
    OmegaConf.to_container(made.config, resolve=True, throw_on_missing=True)
    OmegaConf.resolve(made.config)
    root_keys.check(made.config)
    return Wanted(words, made.config, {key: made.choices[key] for key in NAMES})


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
