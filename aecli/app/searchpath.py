"""Adds ./configs of the working directory to Hydra's search path."""

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from aecli.app import catalog


class UserConfigs(SearchPathPlugin):
    """The user's ./configs/<group>/<option>.yaml add options to each group.

    They come after the package's own: a folder ./configs of some other project can add names but
    cannot replace train.yaml.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        folder = catalog.user_configs()
        if folder is not None:
            search_path.append(provider="./configs", path=f"file://{folder}")


def register() -> None:
    Plugins.instance().register(UserConfigs)
