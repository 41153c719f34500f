"""Files that other packages bring: found without importing these."""

import importlib.util
import pathlib


def packaged(package: str, *parts: str) -> pathlib.Path | None:
    """The path of a file or folder in an installed package, None where there is none."""
    found = importlib.util.find_spec(package)
    for folder in (found and found.submodule_search_locations) or ():
        place = pathlib.Path(folder, *parts)
        if place.exists():
            return place
    return None
