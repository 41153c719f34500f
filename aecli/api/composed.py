"""The config of a command that looks at a run, from keywords."""

import difflib
from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from aecli import typed
from aecli.console import catalog
from aecli.console.arguments import parse
from aecli.console.wanted import checked
from aecli.errors import BadRequest

COMMANDS = {"loss_curve": "loss"}  # figure: its command where it is another than plot-<figure>


def config(command: str, settings: Mapping[str, Any]) -> DictConfig:
    """configs/<command>.yaml with the settings that are not None, checked. Raises BadRequest."""
    said = [typed.override(key, value) for key, value in settings.items() if value is not None]
    return checked(command, parse(command, said).overrides).config


def figure(name: str, settings: Mapping[str, Any]) -> DictConfig:
    """Of the plot command of a figure. Raises BadRequest for a figure that there is not."""
    known = [option.name for option in catalog.options("figures")]
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(known)}"
        raise BadRequest(f"there is no figure {name!r}: {hint}")
    return config(f"plot-{COMMANDS.get(name, name)}", settings)
