"""`aecli list [GROUP]`: what can be chosen."""

import dataclasses
import json
import sys

from omegaconf import DictConfig

from aecli import typed
from aecli.console import catalog, described, subgroups, suggest
from aecli.console.compose import declared
from aecli.console.table import show_table
from aecli.errors import BadRequest
from aecli.files import as_json as as_plain_json

FAMILIES = (  # of models, from the plain to the special; others come after them
    "deterministic", "sparse", "variational", "disentangling", "importance-weighted",
    "hierarchical", "discrete", "adversarial", "one-class",
)  # fmt: skip
WIDE = 38  # characters of a key and its value, before its comment
LAST = ("own", "other")  # of options that name no family: the user's, and aecli's


def main(cfg: DictConfig) -> None:
    list_options(None if cfg.group is None else str(cfg.group), as_json=cfg.json)


def list_options(group: str | None, as_json: bool = False) -> None:
    """Print the groups with their options, the options of one group, or one option in full.

    Raises BadRequest for what is neither a group nor an option nor a command.
    """
    groups = catalog.groups()
    if group is not None and group not in groups:
        _describe(group, groups, as_json)
        return
    defaults = train_defaults()
    if as_json:
        shown = groups if group is None else [group]
        print(json.dumps({g: [_entry(g, o, defaults) for o in catalog.options(g)] for g in shown}))
    elif group is None:
        rows = [[g, "  ".join(_marked(g, o, defaults) for o in catalog.options(g))] for g in groups]
        show_table(["group", "options (* = default)"], rows)
        print("\naecli list GROUP describes them;  aecli train GROUP=OPTION chooses one")
    else:
        offered = catalog.options(group)
        show_table([group, "(* = default)"], _rows(group, offered, defaults))
        first = next((option for option in offered if option.partner is None), offered[0])
        if group in described.OF_A_COMMAND:
            print(f"\n{typed.command(*described.OF_A_COMMAND[group], first.name)}")
            return
        chosen = [f"{group}={first.name}"]
        if having := subgroups.options_having(group):
            chosen.insert(0, f"{group.rpartition('/')[0]}={having[0]}")
        print(f"\naecli train {' '.join(chosen)} --help shows its keys")
        for file in catalog.shadowed(group):
            print(f"note: your {file} has no effect: aecli has that option", file=sys.stderr)


def _describe(word: str, groups: list[str], as_json: bool) -> None:
    """Print all that are called so; raises BadRequest where nothing is."""
    found = described.found(word)
    if not found:
        group = suggest.nearest(word, groups)
        near = group or suggest.nearest(word, described.names())
        hint = f": did you mean '{near}'?" if near else ""
        what = "group" if group else "group or option"
        raise BadRequest(f"unknown {what} '{word}'{hint}\nthe groups: {', '.join(groups)}")
    if as_json:
        print(as_plain_json([dataclasses.asdict(one) for one in found]))
        return
    text = "\n\n".join("\n".join(_described(one)) for one in found)
    print(text)


def _described(one: described.Described) -> list[str]:
    title = f"{one.group}={one.name}" if one.group else f"aecli {one.name}"
    lines = [title, *(f"  {line}".rstrip() for line in one.about)]
    told = {
        "paper": one.paper,
        "needs": "; ".join(one.needs),
        "takes": "  ".join(one.sets),
        "file": one.file,
    }
    lines += [f"  {key:8}{text}" for key, text in told.items() if text]
    keys = {key: f"{key}: {described.in_yaml(value)}" for key, (value, _) in one.keys.items()}
    wide = min(max(map(len, keys.values()), default=0), WIDE)
    lines += ["  keys, as they stand:"] if keys else []
    for key, text in keys.items():
        comment = one.keys[key][1]
        lines.append(f"    {text:{wide}}  # {comment}" if comment else f"    {text}")
    return [*lines, f"  type    {one.command}"] if one.command else lines


def _rows(group: str, offered: list[catalog.Option], defaults: dict) -> list[list[str]]:
    """A row an option, below a row for each family where there are some."""
    by_family: dict[str, list[list[str]]] = {}
    for option in offered:
        row = [_marked(group, option, defaults), _line(option)]
        by_family.setdefault(_family(option), []).append(row)
    if len(by_family) < 2:
        return [row for rows in by_family.values() for row in rows]
    order = [*FAMILIES, *sorted(by_family.keys() - {*FAMILIES, *LAST}), *LAST]
    families = [family for family in order if family in by_family]
    return [
        row
        for family in families
        for row in ([f"{family}:", ""], *([f"  {name}", line] for name, line in by_family[family]))
    ]


def _family(option: catalog.Option) -> str:
    return option.family or LAST[not option.yours]


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
        "family": option.family,
        "default": option.name in defaults.get(group, []),
        "yours": option.yours,
        "file": str(option.file),
    }
