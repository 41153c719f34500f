"""aecli train config.yaml: a file of keys, as words of the command line.

A file, a run's .hydra/config.yaml or one of the same structure, is read as a run's is: plain values
of bounded size. What it names by `_target_` becomes the option that names the same class; no class
is made from a file's word alone.
"""

import pathlib
import re
from typing import Any

from aecli import typed
from aecli.console import catalog, compose, root_keys, subgroups, suggest
from aecli.errors import BadRequest
from aecli.untrusted import plain_yaml

SUFFIXES = (".yaml", ".yml")
WHOLE = {"model", "network", "loss", "dataset", "trainer", "optimizer"}  # of a run's own file
LEFT_OUT = (*root_keys.NOT_OF_A_JOB, "hydra")  # where results go is for the command line


def is_one(word: str) -> bool:
    """Whether a bare word is meant as a file of keys."""
    return word.lower().endswith(SUFFIXES)


def words_of(file: str, stated: list[str], config_dir: str | None) -> list[str]:
    """The overrides that the file stands for, without those that the command line states.

    Raises BadRequest.
    """
    tree = plain_yaml.read_keys(pathlib.Path(file).expanduser())
    if "hydra" in tree or "defaults" in tree:
        raise BadRequest(
            f"{file}: hydra and defaults are no keys of a training\n"
            "an option with a defaults list goes into ./configs/experiment/: aecli copy"
        )
    typed_keys = {word.partition("=")[0].lstrip("+~") for word in stated}
    reading = _Reading(file, typed_keys, config_dir)
    groups = compose.declared("train")
    choices: list[str] = []
    values: list[str] = []
    for key, value in tree.items():
        if key in LEFT_OUT or key in typed_keys:
            continue
        if isinstance(groups.get(key), list):
            names, inner = reading.several(key, value or {})
            choices, values = choices + names, values + inner
        elif isinstance(value, dict):
            names, inner = reading.node(key, value, key in groups)
            choices, values = choices + names, values + inner
        else:
            values.append(typed.override(key, value))
    if tree.keys() >= WHOLE:  # a list that is empty is not in it
        lists = (key for key, usual in groups.items() if isinstance(usual, list))
        choices += [f"{key}=[]" for key in lists if key not in {*tree, *typed_keys}]
    own_seed = typed.override("dataset.seed", tree.get("seed", 0))
    return [*choices, *(word for word in values if word != own_seed)]


class _Reading:
    """One file: its nodes as the choice of an option and the values of its keys."""

    def __init__(self, file: str, typed_keys: set[str], config_dir: str | None):
        self._file, self._typed, self._config_dir = file, typed_keys, config_dir

    def node(self, key: str, node: dict, is_group: bool) -> tuple[list[str], list[str]]:
        """(choices, values) of a node; one whose option the command line states is passed over."""
        group, choices, values = key.replace(".", "/"), [], []
        if group in self._typed:
            return [], []
        target = node.get("_target_")
        if target is not None and is_group:
            choices.append(f"{group}={self._option(group, str(target))}")
        for name, value in node.items():
            inner = f"{key}.{name}"
            if name == "_target_" or inner in self._typed:
                continue
            if isinstance(value, dict) and inner.replace(".", "/") in catalog.groups():
                more = self.node(inner, value, True)
                choices, values = choices + more[0], values + more[1]
            elif isinstance(value, dict) and "_target_" not in value:
                values += self.node(inner, value, False)[1]
            else:
                values.append(f"{inner}={_value(value)}")
        return choices, values

    def several(self, key: str, nodes: Any) -> tuple[list[str], list[str]]:
        """(choices, values) of a group that takes a list, as callbacks."""
        if not isinstance(nodes, dict):
            raise BadRequest(f"{self._file}: {key} must have names: settings")
        there = {name: node for name, node in nodes.items() if node}
        values = [
            word
            for name, node in there.items()
            for word in self.node(f"{key}.{name}", node, False)[1]
        ]
        if not all(isinstance(node, dict) and "_target_" in node for node in there.values()):
            return [], values + [f"{key}.{name}=null" for name in nodes if name not in there]
        chosen = [name for name in there if name not in _always(key)]
        return [f"{key}=[{','.join(chosen)}]"], values

    def _option(self, group: str, target: str) -> str:
        """The option that names this class: of several, the one called as its file is."""
        named = {
            one.name
            for one in catalog.options(group, self._config_dir)
            if target in _targets(group, one.file)
        }
        leaf = target.split(".")[-2] if target.count(".") else target
        if named:
            return leaf if leaf in named else min(named)
        near = suggest.nearest(leaf, [one.name for one in catalog.options(group)])
        hint = f"did you mean {group}={near}? " if near else ""
        raise BadRequest(
            f"{self._file}: {group}._target_={target[:80]}: no option names this class\n"
            f"{hint}aecli list {group} has the options"
        )


def _targets(group: str, file: pathlib.Path) -> list[str]:
    """The classes that a YAML names for its group, at its root or in the group's node."""
    stated = subgroups.mapping(file)
    inner = stated.get(group)
    nodes = [stated, inner if isinstance(inner, dict) else {}]
    return [str(node["_target_"]) for node in nodes if "_target_" in node]


def _always(key: str) -> set[str]:
    """Those of a group that every run has, which nobody chooses: checkpoint of callbacks."""
    text = catalog.commands()["train"].read_text(encoding="utf-8")
    return set(re.findall(rf"(?m)^ *- {key}/(\w+)", text))


def _value(value: Any) -> str:
    """As Hydra's grammar has it, mappings too."""
    if isinstance(value, dict):
        inner = (f"{typed.quoted(str(k))}:{_value(v)}" for k, v in value.items())
        return "{" + ",".join(inner) + "}"
    if isinstance(value, list):
        return f"[{','.join(map(_value, value))}]"
    return typed.override("", value)[1:]
