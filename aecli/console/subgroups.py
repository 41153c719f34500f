"""Groups inside an option: model/prior is one of model=vae, whose defaults list states it."""

import pathlib
from typing import Any

import yaml

from aecli.console import catalog
from aecli.untrusted.bounded import read_text
from aecli.untrusted.plain_yaml import MAX_BYTES, PlainLoader


def options_having(group: str) -> list[str]:
    """The options inside which there is a group, those whose own YAML states it first.

    model/prior: vae, then beta_vae, which stands on it. [] for a group that is in none.
    """
    parent, _, name = group.rpartition("/")
    if not parent:
        return []
    stated = {option.name: _defaults(option.file) for option in catalog.options(parent)}
    found = [option for option, defaults in stated.items() if name in defaults]
    count = 0
    while count < len(found):
        count = len(found)
        found += [
            option
            for option, defaults in stated.items()
            if option not in found and {_below(entry, parent) for entry in defaults} & {*found}
        ]
    return found


def default_of(group: str) -> str | None:
    """What a group inside an option is unless it is chosen: standard of model/prior."""
    parent, _, name = group.rpartition("/")
    files = {option.name: option.file for option in catalog.options(parent)}
    return next((_defaults(files[option])[name] for option in options_having(group)), None)


def inside(groups) -> list[str]:
    """The groups inside the options of some groups: model/posterior, model/prior of model."""
    return [group for group in catalog.groups() if group.rpartition("/")[0] in groups]


def mapping(file: pathlib.Path) -> dict:
    """A YAML's mapping, {} where there is none that can be read."""
    loader: Any = PlainLoader  # PyYAML's stubs know its own loaders alone
    try:
        data = yaml.load(read_text(file, MAX_BYTES), loader)
    except (yaml.YAMLError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _below(entry: str, parent: str) -> str | None:
    """vae of /model/vae@model, or of vae alone: an option on which another stands; else None."""
    group, _, option = entry.partition("@")[0].lstrip("/").rpartition("/")
    return option if group in ("", parent) else None


def _defaults(file: pathlib.Path) -> dict:
    """{group, or option: its choice, or None} of a defaults list."""
    entries = mapping(file).get("defaults")
    found: dict = {}
    for entry in entries if isinstance(entries, list) else []:
        found |= entry if isinstance(entry, dict) else {str(entry): None}
    return found
