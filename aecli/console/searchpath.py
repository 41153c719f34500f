"""Adds ./configs of the working directory, and --config-dir, to Hydra's search path."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from aecli.console import catalog, loader  # noqa: F401  (hydra.main and compose load through it)
from aecli.console.own_configs import OwnConfigs
from aecli.errors import BadRequest


class UserConfigs(SearchPathPlugin):
    """The user's ./configs/<group>/<option>.yaml add options to each group.

    They come after the package's own: a folder ./configs of some other project can add names but
    cannot replace train.yaml.
    """

    config_dir: Path | None = None  # one more folder, of --config-dir

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        stated = {"./configs": catalog.user_configs(), "--config-dir": self.config_dir}
        for provider, folder in stated.items():
            if folder is not None:
                search_path.append(provider=provider, path=f"{OwnConfigs.scheme()}://{folder}")


def register(config_dir: str | None = None) -> None:
    """For the next composition. Raises BadRequest for a --config-dir that is none."""
    folder = Path(config_dir).absolute() if config_dir else None
    if folder is not None and not folder.is_dir():
        raise BadRequest(f"--config-dir: folder '{config_dir}' not found")
    UserConfigs.config_dir = folder
    Plugins.instance().register(OwnConfigs)
    Plugins.instance().register(UserConfigs)
