"""What a Python session states of a training -> the words of `aecli train`."""

import difflib
from collections.abc import Mapping
from typing import Any

from aecli import typed
from aecli.console import catalog
from aecli.errors import BadRequest

SHORT = {  # keyword: the key that it stands for
    "epochs": "trainer.epochs",
    "steps": "trainer.steps",
    "batch_size": "trainer.batch_size",
    "threads": "trainer.threads",
    "latent_dim": "model.latent_dim",
    "learning_rate": "optimizer.learning_rate",
}
ROOT = ("seed", "outputs", "resume", "replace", "experiment", "warm_start")
NOT_HERE = ("sweep", "seeds", "n_jobs", "gpus")  # several trainings: the command line's


def words(stated: tuple[str | Mapping[str, Any], ...], settings: Mapping[str, Any]) -> list[str]:
    """["model=vae", "trainer.epochs=5", ...] of words, dicts of dotted keys, and keywords.

    A keyword is one of SHORT, of ROOT or a group (model, network, loss ...); None leaves it as it
    is. Raises BadRequest.
    """
    found: list[str] = []
    for one in stated:
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, Mapping):
            found += [typed.override(str(key), value) for key, value in one.items()]
        else:
            raise BadRequest(
                f"{type(one).__name__} is no word of a training; data come first, and settings are "
                "'key=value' or a dict of dotted keys"
            )
    groups = catalog.groups()
    for name, value in settings.items():
        if name not in SHORT and name not in ROOT and name not in groups:
            raise _unknown(name, [*SHORT, *ROOT, *groups])
        if value is not None:
            found.append(typed.override(SHORT.get(name, name), value))
    for word in found:
        if word.startswith("-") or word.partition("=")[0] in NOT_HERE:
            raise BadRequest(f"{word}: that is for the command line, aecli train {word}")
    return found


def _unknown(name: str, known: list[str]) -> BadRequest:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'?" if near else "any other key: {'group.key': value}"
    return BadRequest(f"unknown keyword '{name}': {hint}")
