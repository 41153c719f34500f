"""Hydra's loader of configs, with two doors closed that a file of somebody else could open.

Hydra joins the name of an option to the path of a folder, so that ../.. leads anywhere; and it
makes the objects of its own node (callbacks, launcher, sweeper, loggers) before a command begins.
Here a name is found only if it was listed, and Hydra's node is as the command line alone makes it.
"""

import copy
from typing import Any

import hydra._internal.hydra
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.config_repository import ConfigRepository, IConfigRepository
from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.default_element import ResultDefault
from hydra.core.object_type import ObjectType
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobRuntime
from hydra.plugins.config_source import ConfigResult, ConfigSource
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from aecli.console import catalog
from aecli.errors import BadRequest

OF_THE_JOB = ("override_dirname", "config_name")  # follow from what is asked of the command


class _Shared(dict):
    """Stays one where Hydra copies a repository for each composition."""

    def __deepcopy__(self, memo: dict) -> "_Shared":
        return self


# Of the files of the package and of Hydra, which stay as they are while a process runs
_OURS: dict[str, ConfigResult] = {}
_LISTS: dict[tuple, frozenset[str]] = {}
_ALONE: dict[tuple, dict] = {}


def _is_ours(source: ConfigSource) -> bool:
    return source.scheme() == "pkg" or source.path == str(catalog.package_configs())


class ListedRepository(ConfigRepository):
    """Finds what the sources list, each part of a name in its folder."""

    def initialize_sources(self, config_search_path: ConfigSearchPath) -> None:
        super().initialize_sources(config_search_path)
        self._lists = _Shared()

    def load_config(self, config_path: str) -> ConfigResult | None:
        """A file of the package is read once; Hydra changes what it gets, so it gets a copy."""
        source = self._find_object_source(config_path, ObjectType.CONFIG)
        if source is None or not _is_ours(source):
            return super().load_config(config_path)
        key = f"{source.full_path()}/{config_path}"
        if key not in _OURS:
            loaded = super().load_config(config_path)
            assert loaded is not None  # it has a source
            _OURS[key] = loaded
        return copy.deepcopy(_OURS[key])

    def get_group_options(
        self, group_name: str, results_filter: ObjectType | None = ObjectType.CONFIG
    ) -> list[str]:
        kinds = [results_filter] if results_filter else [ObjectType.CONFIG, ObjectType.GROUP]
        sources = [s for s in self.sources if self._lists_it(s, group_name, ObjectType.GROUP)]
        return sorted(
            {n for s in sources for kind in kinds for n in self._list(s, group_name, kind)}
        )

    def _find_object_source(
        self, config_path: str, object_type: ObjectType | None
    ) -> ConfigSource | None:
        """Raises BadRequest for what is no name."""
        path = config_path.removesuffix(".yaml")
        if path and not all(catalog.is_name(part) for part in path.split("/")):
            raise BadRequest(
                f"'{config_path}' is not the name of an option\n"
                "an option is called as its file in a folder of options is: aecli list"
            )
        return next((s for s in self.sources if self._lists_it(s, path, object_type)), None)

    def _lists_it(self, source: ConfigSource, path: str, kind: ObjectType | None) -> bool:
        if not path:
            return kind is ObjectType.GROUP and source.available()
        group, _, name = path.rpartition("/")
        return self._lists_it(source, group, ObjectType.GROUP) and name in self._list(
            source, group, kind
        )

    def _list(self, source: ConfigSource, group: str, kind: ObjectType | None) -> frozenset[str]:
        key = (source.provider, source.path, group, kind)
        lists = _LISTS if _is_ours(source) else self._lists
        if key not in lists:
            lists[key] = frozenset(filter(catalog.is_name, source.list(group, kind)))
        return lists[key]


class Loader(ConfigLoaderImpl):
    """Raises BadRequest for a composed config with settings of Hydra that nobody typed."""

    def __init__(self, config_search_path: ConfigSearchPath) -> None:
        self.config_search_path = config_search_path
        self.repository = ListedRepository(config_search_path)
        self.merged: list[ResultDefault] = []  # of the config that was composed last, in order

    def load_configuration(
        self, config_name: str | None, overrides: list[str], *args: Any, **kwargs: Any
    ) -> DictConfig:
        typed, rest = _sorted(overrides)
        if any(line.lstrip("+~").startswith("hydra.searchpath") for line in typed):
            raise BadRequest("hydra.searchpath is not taken\na folder of options: --config-dir DIR")
        expected = self._typed_alone(typed) | {"overrides": {"hydra": typed, "task": rest}}
        config = super().load_configuration(config_name, overrides, *args, **kwargs)
        if difference := _difference(_node(config), expected, "hydra"):
            raise BadRequest(
                f"{difference} was set by a file, which may not set what is Hydra's\n"
                f"type it on the command line: {difference}=VALUE"
            )
        return config

    def load_sweep_config(
        self, master_config: DictConfig, sweep_overrides: list[str]
    ) -> DictConfig:
        if of_hydra := _sorted(sweep_overrides)[0]:
            raise BadRequest(f"hydra.sweeper.params has {of_hydra[0]}, which is Hydra's own")
        return super().load_sweep_config(master_config, sweep_overrides)

    def _compose_config_from_defaults_list(
        self, defaults: list[ResultDefault], repo: IConfigRepository
    ) -> DictConfig:
        self.merged = defaults
        return super()._compose_config_from_defaults_list(defaults, repo)

    def _typed_alone(self, typed: list[str]) -> dict:
        """Hydra's node without any config of a command."""
        key = (JobRuntime.instance().get("name"), *typed)
        if key not in _ALONE:
            alone = super().load_configuration(None, list(typed), run_mode=RunMode.RUN)
            _ALONE[key] = _node(alone)
        return _ALONE[key]


def _sorted(overrides: list[str]) -> tuple[list[str], list[str]]:
    """Those of Hydra's node, and the others."""
    parsed = OverridesParser.create().parse_overrides(overrides)
    lines: tuple[list[str], list[str]] = ([], [])
    for override in parsed:
        lines[not override.is_hydra_override()].append(str(override.input_line))
    return lines


def _node(config: DictConfig) -> dict:
    """Hydra's node as plain values, but for what is no setting."""
    node: Any = OmegaConf.to_container(config.hydra, resolve=False)
    node.pop("runtime")
    sweeper = node["sweeper"] if isinstance(node["sweeper"], dict) else {}
    params = sweeper.get("params") or {}
    if isinstance(params, dict):  # a file may state what is swept, as plain values
        sweeper["params"] = {k: v for k, v in params.items() if isinstance(v, dict | list)}
    for key in OF_THE_JOB:
        node["job"].pop(key)
    return node


def _difference(found: Any, expected: Any, key: str) -> str | None:
    """The first key under which two nodes differ."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for name in [*found, *(n for n in expected if n not in found)]:
            if inner := _difference(found.get(name), expected.get(name), f"{key}.{name}"):
                return inner
        return None
    return None if found == expected and type(found) is type(expected) else key


# what hydra.main and compose make, by a name that Hydra has for itself
hydra._internal.hydra.ConfigLoaderImpl = Loader  # pyright: ignore[reportPrivateImportUsage]
