"""Mistakes on the command line -> the BadRequest that says what was probably meant."""

import re
from collections.abc import Iterable

from aecli import typed
from aecli.console import catalog, chosen_data, compose, subgroups
from aecli.console.suggest import nearest, same_leaf, some, walk
from aecli.errors import BadRequest, UnknownKeys

EARLIER = ("prior", "components")  # keys of generate, before it had a sampler


def options_with_key(group: str, key: str) -> list[str]:
    """The options of a group whose YAML states this key, also presets that state group.key."""
    found = []
    for option in catalog.options(group):
        data = subgroups.mapping(option.file)
        inner = data.get(group)
        if key in data or (isinstance(inner, dict) and key in inner):
            found.append(option.name)
    return found


def unknown_key(key: str, command: str, overrides: list[str]) -> BadRequest:
    """Why a key is not one, and which was probably meant."""
    if command == "generate" and key in EARLIER:
        return _of_the_sampler(overrides)
    path = typed.stated(overrides).get("dataset.path")
    if key == "dataset.path" and path and "dataset" not in typed.stated(overrides):
        try:
            words = chosen_data.to_type(path)
        except BadRequest as error:  # a path that leads nowhere is the mistake then
            return error
        return BadRequest(f"the data set as it stands has no path\nto learn from {path}: {words}")
    config = compose.composed_for_hints(command, overrides, without=key)
    keys = [*compose.keys(config.config), *config.choices]
    head, _, leaf = key.rpartition(".")
    for group in {key, head.replace(".", "/")} & {*subgroups.inside(config.choices)}:
        if group not in config.choices:
            return _not_inside(group, config.choices)
    if key in catalog.groups():
        names = some(config.choices or config.config)
        return BadRequest(f"aecli {command} does not take '{key}'; it takes: {names}")
    group, name = [*key.split("."), ""][:2]
    if add := nearest(name, unchosen(group, config.choices), cutoff=0.8):
        return BadRequest(f"{group} does not include '{name}'\nto add it: +{group}={add}")
    group = head.replace(".", "/")
    if config.choices.get(group):
        return _unknown_in_group(group, leaf, key, keys, config.choices)
    meant = walk(key, keys) or same_leaf(leaf, keys)
    if meant:
        return BadRequest(
            f"unknown key '{key}': did you mean '{_as_typed(meant, config.choices)}'?"
        )
    return BadRequest(f"unknown key '{key}'\naecli {command} --help=all lists the keys")


def _of_the_sampler(overrides: list[str]) -> BadRequest:
    """What prior=gmm components=20, as it was typed once, is now."""
    stated = typed.stated(overrides)
    hint = "leave it out: the model's own prior is taken where it has one, else a mixture"
    if stated.get("prior") == "gmm" or "components" in stated:
        words = ["sampler=gmm"]
        if "components" in stated:
            words.append(f"sampler.components={stated['components']}")
        hint = f"type {' '.join(words)}"
    return BadRequest(f"prior and components are no keys any more: sampler says it\n{hint}")


def _unknown_in_group(
    group: str, leaf: str, key: str, keys: list[str], choices: dict
) -> BadRequest:
    node = f"{group.replace('/', '.')}."
    siblings = [k.removeprefix(node) for k in keys if k.startswith(node)]
    siblings = [name for name in siblings if f"{group}/{name}" not in choices]
    others = options_with_key(group, leaf)
    meant = walk(key, keys)
    text = f"{group}={choices[group]} has no '{leaf}' (it has: {some(siblings) or 'no keys'})"
    if meant and not others:
        return BadRequest(f"unknown key '{key}': did you mean '{_as_typed(meant, choices)}'?")
    if others:
        return BadRequest(f"{text}\nit is a key of: {some(f'{group}={name}' for name in others)}")
    elsewhere = same_leaf(leaf, keys)
    hint = f"\ndid you mean '{_as_typed(elsewhere, choices)}'?" if elsewhere else ""
    return BadRequest(f"{text}{hint}")


def _as_typed(key: str, choices: dict) -> str:
    """model/prior for the node model.prior, whose option is chosen."""
    group = key.replace(".", "/")
    return group if group in choices else key


def _not_inside(group: str, choices: dict) -> BadRequest:
    """A group inside options of another, none of which is chosen."""
    parent, _, name = group.rpartition("/")
    first, *others = subgroups.options_having(group)
    more = f", and of {len(others)} that stand on it" if others else ""
    return BadRequest(
        f"{parent}={choices[parent]} has no {name}\nit is a part of: {parent}={first}{more}"
    )


def left_by_a_recipe(error: UnknownKeys, overrides: list[str]) -> BadRequest:
    """Keys that a recipe or a model's preset states for an option that the user replaced.

    With how to leave them out.
    """
    for place in ("experiment", "model"):
        name = typed.stated(overrides).get(place)
        files = [option.file for option in catalog.options(place) if option.name == name]
        stated = subgroups.mapping(files[0]) if files else {}
        own = {"model"} if place == "model" else set()  # of these it replaced nothing
        stated = {group: node for group, node in stated.items() if group not in own}
        if all(_states(stated, key) for key in error.keys):
            out = " ".join(typed.word(f"~{key}") for key in error.keys)
            group = error.keys[0].partition(".")[0]
            ways = f"leave it out: {out}"
            ways = ways if place == "experiment" else f"leave {group}= out, or it: {out}"
            return BadRequest(f"{error}\n{place}={name} states it for another; {ways}")
    return error


def _states(stated: dict, key: str) -> bool:
    """Whether a YAML's mapping has the key of a group."""
    group, _, leaf = key.partition(".")
    node = stated.get(group)
    return isinstance(node, dict) and leaf in node


def unchosen(group: str, choices: dict) -> list[str]:
    """The options of a group that takes a list, such as callbacks, which are not in the list."""
    chosen = choices.get(group)
    if not isinstance(chosen, list):
        return []
    return [option.name for option in catalog.options(group) if option.name not in chosen]


def unknown_choice(group: str, name: str) -> BadRequest:
    """A group has no such option."""
    names = [option.name for option in catalog.options(group)]
    if name in ("null", "None", ""):
        takes_list = isinstance(compose.declared("train").get(group), list)
        hint = f"to have none, {f'type {group}=[]' if takes_list else 'leave it out'}"
        hint = f"did you mean {group}=none?" if "none" in names else hint
        return BadRequest(f"{group}={name}: {hint}")
    near = _meant(group, name) or nearest(name, names, cutoff=0.5)
    hint = f": did you mean '{near}'?" if near else ""
    return BadRequest(f"{group} has no option '{name}'{hint}\n{group} is one of: {some(names, 30)}")


def _meant(group: str, name: str) -> str | None:
    """The option of the same letters and digits (VQ-VAE: vq_vae), or that others call so."""
    known = {_plain(option.name): option.name for option in catalog.options(group)}
    for option in catalog.options(group):
        known = {_plain(word): option.name for word in option.also} | known
    return known.get(_plain(name))


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def bare_word(word: str, command: str) -> BadRequest:
    """A word that is neither key=value nor an option: `aecli train vae`."""
    config = compose.composed(command, [])
    groups = [*config.choices, *subgroups.inside(config.choices)]
    by_group = {group: [option.name for option in catalog.options(group)] for group in groups}
    choices = [f"{group}={word}" for group, names in by_group.items() if word in names]
    keys = compose.keys(config.config)
    if not choices and (word in by_group or same_leaf(word, keys) == word):
        choices = [f"{word}=VALUE, without spaces"]
    if not choices:
        near = nearest(word, [name for names in by_group.values() for name in names])
        choices = [f"{group}={near}" for group, names in by_group.items() if near in names]
    if not choices and (key := same_leaf(word, keys)):
        choices = [f"{key}=VALUE"]
    meant = f": did you mean {' or '.join(choices[:3])}?" if choices else ""
    ending = meant or f"\naecli {command} --help=all lists the keys"
    if not meant and "run" in keys:
        ending = "\nno file or folder here is called so; aecli runs lists the runs"
    return BadRequest(f"'{word}' is not key=value{ending}")


def unknown_option(name: str, value: str, command: str, known: Iterable[str]) -> BadRequest:
    """An option that does not exist: `aecli train --epochs 3`."""
    if near := nearest(name, known, cutoff=0.8):
        return BadRequest(f"unknown option '{name}': did you mean {near}?")
    config = compose.composed(command, [])
    groups = [*config.choices, *subgroups.inside(config.choices)]
    keys = [*groups, *compose.keys(config.config)]
    word = name.lstrip("-").replace("-", "_")
    meant = walk(word, keys) or same_leaf(word, keys)
    if meant:
        return BadRequest(f"unknown option '{name}': did you mean {meant}={value}?")
    return BadRequest(
        f"unknown option '{name}': settings are key=value, see aecli {command} --help=all"
    )
