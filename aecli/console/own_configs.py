"""./configs as Hydra may see it: options of our groups, in plain YAML, without Hydra's settings.

Hydra makes the objects of hydra.callbacks, its loggers and its launcher before a command begins,
behind a deny-list alone, and takes launchers and its own config from the last folder that it
searches: a folder that someone else wrote must not reach them. They are for the command line.
"""

import io
import re
from pathlib import Path
from typing import Any

import yaml
from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult
from omegaconf import DictConfig, OmegaConf

from aecli.console import catalog
from aecli.errors import BadRequest
from aecli.untrusted import plain_yaml
from aecli.untrusted.bounded import read_text


class OwnConfigs(FileConfigSource):
    """own:///path/of/configs: only <group>/<option>.yaml of the groups that aecli has."""

    def __init__(self, provider: str, path: str):
        super().__init__(provider, path)
        self._groups = catalog.groups()

    @staticmethod
    def scheme() -> str:
        return "own"

    def is_group(self, config_path: str) -> bool:
        return config_path in ("", *self._groups) and super().is_group(config_path)

    def is_config(self, config_path: str) -> bool:
        return config_path.rpartition("/")[0] in self._groups and super().is_config(config_path)

    def load_config(self, config_path: str) -> ConfigResult:
        """Raises BadRequest, or MarkedYAMLError with the name of the file."""
        file = Path(self.path, self._normalize_file_name(config_path))
        file = file.relative_to(Path.cwd()) if file.is_relative_to(Path.cwd()) else file
        text = read_text(file, plain_yaml.MAX_BYTES)
        plain_yaml.check(text, str(file))
        stream = io.StringIO(text)
        stream.name = str(file)
        config = OmegaConf.load(stream)
        header = self._get_header_dict(text[:512])
        _refuse_hydra_settings(config, header.get("package") or "", file)
        return ConfigResult(self.provider, f"own://{self.path}", config, header)


def _refuse_hydra_settings(config: Any, package: str, file: Path) -> None:
    """As a key, as the package of the file, or through the defaults list."""
    if not isinstance(config, DictConfig):
        raise BadRequest(f"{file} must have keys: values")
    plain: Any = OmegaConf.to_container(config, resolve=False)
    defaults = yaml.safe_dump(plain.get("defaults", []))
    if "hydra" in f"{package} {defaults}":
        raise _for_the_command_line("it", file)
    hydra = plain.get("hydra", {})
    sweeper = hydra.get("sweeper", {}) if isinstance(hydra, dict) else {}
    params = sweeper.get("params", {}) if isinstance(sweeper, dict) else {}
    if hydra not in ({}, {"sweeper": {"params": params}}):
        raise _for_the_command_line("hydra", file)
    for key, value in params.items() if isinstance(params, dict) else [(params, None)]:
        is_override = re.fullmatch(r"(?!hydra\b)[A-Za-z_][\w./]*", str(key), re.ASCII)
        if not is_override or isinstance(value, dict | list) or "${" in str(value):
            raise _for_the_command_line(f"hydra.sweeper.params.{key}", file)


def _for_the_command_line(what: str, file: Path) -> BadRequest:
    return BadRequest(
        f"{file}: {what} states settings of Hydra itself, which a file may not\n"
        "type them on the command line; hydra.sweeper.params alone may stand in a file"
    )
