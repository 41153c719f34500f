"""Trainings that a file states in words, composed as aecli train composes them."""

import dataclasses
import re
from typing import Any

from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aecli.console import root_keys
from aecli.console.arguments import parse
from aecli.console.compose import Composed, composed
from aecli.console.explain import explain
from aecli.errors import BadRequest

NAMES = ("model", "dataset", "noise", "experiment")  # the options that a run is named by
NOT_HERE = ("outputs", "resume", "sweep", "seeds", "replace", "n_jobs", "gpus", "run", "json")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """One training: its words, its config, the options that its folder is named by.

    overrides: the words as Hydra takes them, with what they stand for.
    """

    words: list[str]
    config: DictConfig
    names: dict[str, Any]
    overrides: list[str]


def wanted(words: list[str], stated: list[str], config_dir: str | None) -> Wanted:
    """The training of these words. stated: words that replace those of the same keys.

    Raises BadRequest.
    """
    words = replaced(words, stated)
    overrides = parse("train", words).overrides
    made = checked("train", overrides, config_dir)
    return Wanted(words, made.config, {key: made.choices[key] for key in NAMES}, overrides)


def checked(command: str, overrides: list[str], config_dir: str | None = None) -> Composed:
    """A command's config, resolved, and its root keys checked. Raises BadRequest."""
    try:
        made = composed(command, overrides, config_dir)
    except (HydraException, OmegaConfBaseException) as error:  # of these words, not the command's
        known = explain(error, command, overrides)
        if known is None:
            raise
        raise known from error
    OmegaConf.to_container(made.config, resolve=True, throw_on_missing=True)
    OmegaConf.resolve(made.config)
    root_keys.check(made.config)
    return made


def replaced(words: list[str], stated: list[str]) -> list[str]:
    """The words without those whose key is stated anew, and then what is stated."""
    keys = {word.partition("=")[0] for word in stated}
    return [word for word in words if word.partition("=")[0] not in keys] + stated


def refuse_foreign(word: str, place: str) -> None:
    """Raises BadRequest for a word that a file, perhaps a stranger's, may not state.

    Hydra's own settings would make objects; where results go is for the command line.
    """
    key = re.split(r"[.=/@]", word.lstrip("+~"), maxsplit=1)[0]
    if word.startswith("-") or key == "hydra" or key in NOT_HERE:
        raise BadRequest(f"may not state '{word}': that is for the command line", place)
