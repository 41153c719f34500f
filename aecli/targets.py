"""Which classes a config may name by `_target_`: an allow-list, asked before any import."""

import importlib
import inspect
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from aecli.component import Component
from aecli.errors import BadRequest

PLUGINS = "AECLI_PLUGINS"  # the user's own packages, separated by commas
OURS = {  # group: aecli's and Keras's names that a config may state for it
    "model": r"aecli\.models\.[\w.]+",
    "network": r"aecli\.networks\.[\w.]+",
    "loss": r"aecli\.losses\.[\w.]+",
    "noise": r"aecli\.noise\.[\w.]+",
    "augment": r"aecli\.augment\.[\w.]+",
    "dataset": r"aecli\.datasets\.[\w.]+",
    "trainer": r"aecli\.training\.[\w.]+",
    "schedule": r"aecli\.training\.[\w.]+",
    "metrics": r"aecli\.metrics\.[\w.]+",
    "figures": r"aecli\.figures\.[\w.]+",
    "sampler": r"aecli\.samplers\.[\w.]+",
    "callbacks": r"aecli\.training\.callbacks\.[\w.]+"  # of Keras's, those that write nothing
    r"|keras\.callbacks\.(EarlyStopping|ReduceLROnPlateau|TerminateOnNaN)",
    "optimizer": r"keras\.optimizers\.\w+",
}
INSIDE = (
    r"keras\.initializers\.\w+"
    r"|aecli\.(networks|losses|noise|augment|latents|samplers|datasets|training|metrics|figures)\.[\w.]+"
)
NAME = r"[A-Za-z]\w*(\.[A-Za-z]\w*)+"  # no leading underscore, no empty part


def checked(node: Any, key: str, inside: bool = False) -> type:
    """The class of a resolved config node, once all of the node has been looked through.

    At the root of the node stands a class of the key's group; inside, or where the node itself is
    inside another, only components and initializers. Raises BadRequest, for a name that is not on
    the list before it is imported.
    """
    return next(iter(classes(node, key, inside).values()))


def _remedy(node: Any, key: str) -> str:
    if isinstance(node, dict) and isinstance(node.get(key), dict) and "_target_" in node[key]:
        return (  # a package of its own is below the one that is asked for
            f"it is one level down, {key}.{key}._target_\nthe preset that it stands on begins with "
            f"# @package _global_: name it in the defaults list as `- NAME`, not "
            f"`- /{key}/NAME@{key}`"
        )
    return f"choose an option, see aecli list {key}"


def classes(node: Any, key: str, inside: bool = False) -> dict[str, type]:
    """{dotted key: class} of each `_target_` in a resolved node, its own first; as checked."""
    if not isinstance(node, dict) or "_target_" not in node:
        raise BadRequest(f"{key} has no _target_: {_remedy(node, key)}")
    named = list(_targets(node, key, None if inside else _group(key)))
    for target, where, group in named:
        _check_name(target, where, group)
    return {where: _located(target, where, group) for target, where, group in named}


def _targets(node: Any, key: str, group: str | None) -> Iterator[tuple[Any, str, str | None]]:
    """(target, key, group; None inside another) of each `_target_`, the node's own first."""
    if isinstance(node, str) and "${" in node:
        raise BadRequest(f"{key} still has ${{...}} once it is resolved: {node[:80]!r}")
    if isinstance(node, dict) and "_target_" in node:
        yield node["_target_"], key, group
    for name, value in node.items() if isinstance(node, dict) else ():
        if not isinstance(name, str) or (name.startswith("_") and name != "_target_"):
            raise BadRequest(f"{key}.{name} is no key: of Hydra's own, _target_ alone is taken")
        if name != "_target_":
            yield from _targets(value, f"{key}.{name}", None)
    for value in node if isinstance(node, list) else ():
        yield from _targets(value, key, None)


def _group(key: str) -> str:
    """callbacks of callbacks.checkpoint, optimizer of critic_optimizer."""
    name = key.partition(".")[0]
    return "optimizer" if name.endswith("_optimizer") else name


def _trusted() -> tuple[str, ...]:
    own = [name.strip() for name in os.environ.get(PLUGINS, "").split(",")]
    return ("aecli", "keras", *filter(None, own))


def _check_name(target: Any, key: str, group: str | None) -> None:
    if not isinstance(target, str) or not re.fullmatch(NAME, target, re.ASCII):
        raise BadRequest(f"{key}._target_={str(target)[:80]!r} is not one of ours: no class's name")
    package, (_, _, *plugins) = target.partition(".")[0], _trusted()
    if package in plugins or re.fullmatch(OURS.get(group or "", INSIDE), target):
        return
    hint = f"to trust a package of your own, set {PLUGINS}={package} in the environment"
    if package in ("aecli", "keras", *sys.stdlib_module_names):
        hint = "aecli list shows the options; each is a file that names its class"
    raise BadRequest(f"{key}._target_={target[:80]} is not one of ours for {key}\n{hint}")


def _located(target: str, key: str, group: str | None) -> type:
    module_name, _, name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise BadRequest(f"{key}._target_={target} cannot be imported: {error}") from None
    home = (inspect.getmodule(found) or found).__name__.partition(".")[0]
    if not inspect.isclass(found) or home not in _trusted() or not _fits(found, group):
        kind = f"class of the group {group}" if group else "component or initializer"
        raise BadRequest(f"{key}._target_={target} is not a {kind}")
    return found


def _fits(found: type, group: str | None) -> bool:
    if group == "model":
        from aecli.models.base import Autoencoder

        return issubclass(found, Autoencoder)
    if group in ("optimizer", "callbacks", None):
        import keras

        kinds = {"optimizer": keras.optimizers.Optimizer, "callbacks": keras.callbacks.Callback}
        inside = (Component, keras.initializers.Initializer)
        return issubclass(found, kinds.get(group or "", inside))
    return issubclass(found, Component) and found.group == group
