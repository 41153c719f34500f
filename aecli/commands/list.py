"""`aecli list [GROUP]`: what can be chosen."""

import json
import sys

from omegaconf import DictConfig

from aecli.console import catalog, subgroups, suggest
from aecli.console.compose import declared
from aecli.console.table import show_table
from aecli.errors import BadRequest


def main(cfg: DictConfig) -> None:
    list_options(None if cfg.group is None else str(cfg.group), as_json=cfg.json)


def list_options(group: str | None, as_json: bool = False) -> None:
    """Print the groups with their options, or the options of one group with descriptions.

    Raises BadRequest for a group that does not exist.
    """
    groups = catalog.groups()
    if group is not None and group not in groups:
        near = suggest.nearest(group, groups)
        hint = f": did you mean '{near}'?" if near else ""
        raise BadRequest(f"unknown group '{group}'{hint}\nthe groups: {', '.join(groups)}")
    defaults = train_defaults()
    if as_json:
        shown = groups if group is None else [group]
        print(json.dumps({g: [_entry(g, o, defaults) for o in catalog.options(g)] for g in shown}))
    elif group is None:
        rows = [[g, "  ".join(_marked(g, o, defaults) for o in catalog.options(g))] for g in groups]
        show_table(["group", "options (* = default)"], rows)
        print("\naecli list GROUP describes them;  aecli train GROUP=OPTION chooses one")
    else:
        rows = [[_marked(group, o, defaults), _line(o)] for o in catalog.options(group)]
        show_table([group, "(* = default)"], rows)
        chosen = [f"{group}={rows[0][0].rstrip('*')}"]
        if having := subgroups.options_having(group):
            chosen.insert(0, f"{group.rpartition('/')[0]}={having[0]}")
        print(f"\naecli train {' '.join(chosen)} --help shows its keys")
        for file in catalog.shadowed(group):
            print(f"note: your {file} has no effect: aecli has that option", file=sys.stderr)


def train_defaults() -> dict[str, list]:
    """{group: what `aecli train` takes unasked}."""
    stated = declared("train")
    stated |= {group: subgroups.default_of(group) for group in subgroups.inside(stated)}
    return {k: v if isinstance(v, list) else [v] for k, v in stated.items()}


def _marked(group: str, option: catalog.Option, defaults: dict[str, list[str]]) -> str:
    return option.name + "*" * (option.name in defaults.get(group, []))


def _line(option: catalog.Option) -> str:
    return f"{option.description} (yours: {option.file})" if option.yours else option.description


def _entry(group: str, option: catalog.Option, defaults: dict[str, list[str]]) -> dict:
    return {
        "name": option.name,
        "description": option.description,
        "default": option.name in defaults.get(group, []),
        "yours": option.yours,
        "file": str(option.file),
    }
