"""Compose a command's config without running it: for --help and for explaining mistakes."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from aecli.console import catalog, loader, searchpath, subgroups

VERSION_BASE = "1.3"


@dataclass(frozen=True)
class Composed:
    config: DictConfig  # without the hydra node
    # {group: option, or options where it takes a list}, groups inside the chosen options as well
    choices: dict[str, str | list[str] | None]
    sources: list[tuple[str, str]]  # (config path, package) of each YAML, in the order merged


def composed(command: str, overrides: list[str], config_dir: str | None = None) -> Composed:
    """Compose configs/<command>.yaml with overrides, inside another command as well.

    Raises what Hydra raises.
    """
    searchpath.register(config_dir)
    with _apart(), initialize_config_dir(str(catalog.package_configs()), version_base=VERSION_BASE):
        config = compose(command, overrides, return_hydra_config=True)
        through = GlobalHydra.instance().config_loader()
        assert isinstance(through, loader.Loader)  # by which it replaces Hydra's
    sources = [(d.config_path, d.package or "") for d in through.merged if d.config_path]
    sources = [source for source in sources if not source[0].startswith("hydra/")]
    choices = config.hydra.runtime.choices
    chosen = {
        group: _names_in(group, sources) if isinstance(default, list) else choices.get(group)
        for group, default in declared(command).items()
    }
    chosen |= {group: choices[group] for group in subgroups.inside(chosen) if group in choices}
    with open_dict(config):
        del config["hydra"]
    return Composed(config, chosen, sources)


@contextlib.contextmanager
def _apart() -> Iterator[None]:
    """Where a command runs already, Hydra has its config: it is put aside for a while."""
    known = GlobalHydra.instance()
    running = known.hydra
    known.clear()
    try:
        yield
    finally:
        known.hydra = running


def declared(command: str) -> dict[str, str | list[str] | None]:
    """{group: option or options} as the defaults list of configs/<command>.yaml states them.

    The options that it has whatever is chosen (`- callbacks/checkpoint`) are among them.
    """
    text = catalog.commands()[command].read_text(encoding="utf-8")
    stated, always = {}, {}
    for entry in (yaml.safe_load(text) or {}).get("defaults", []):
        if isinstance(entry, dict):
            stated |= entry
        elif entry in catalog.commands():  # one command's config on top of another's
            stated |= declared(entry)
        else:
            group, _, name = entry.rpartition("/")
            always.setdefault(group, []).append(name)
    for group in always.keys() & stated.keys():
        stated[group] = always[group] + stated[group]
    return {group: stated[group] for group in catalog.groups() if group in stated}


def _names_in(group: str, sources: list[tuple[str, str]]) -> list[str]:
    names = [path.rpartition("/")[2] for path, _ in sources if path.rpartition("/")[0] == group]
    return list(dict.fromkeys(names))  # one that every run has may be chosen, too


def composed_for_hints(command: str, overrides: list[str], without: str) -> Composed:
    """The config as far as it composes: the overrides of one key left out, or all of them."""
    rest = [o for o in overrides if o.partition("=")[0].lstrip("+~") != without]
    try:
        return composed(command, [first_of_sweep(o) for o in rest])
    except (HydraException, OmegaConfBaseException, ValueError):
        return composed(command, [])


def first_of_sweep(override: str) -> str:
    """model=ae,vae -> model=ae; an interval -> its lower end."""
    parsed = OverridesParser.create().parse_override(override)
    if parsed.is_interval_sweep():
        interval: Any = parsed.value()
        return f"{parsed.get_key_element()}={interval.start}"
    if parsed.is_sweep_override() and parsed.is_discrete_sweep():
        return f"{parsed.get_key_element()}={next(iter(parsed.sweep_string_iterator()))}"
    return override


def keys(config: DictConfig) -> list[str]:
    """Every dotted key of a config, inner nodes included, `_target_` and the like left out."""
    tree: Any = OmegaConf.to_container(config)
    return list(_walk(tree, ""))


def _walk(tree: dict, prefix: str) -> Iterator[str]:
    for name, value in tree.items():
        if not str(name).startswith("_"):
            yield f"{prefix}{name}"
            if isinstance(value, dict):
                yield from _walk(value, f"{prefix}{name}.")
