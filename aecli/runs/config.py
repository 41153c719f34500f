"""The config of a run: where it lies, and how it is kept."""

import contextlib
import pathlib
from typing import Any

from omegaconf import DictConfig, OmegaConf

from aecli.errors import BadRequest
from aecli.files import write_text
from aecli.runs import packed
from aecli.untrusted import bounded, plain_yaml

CONFIG = packed.OF_A_RUN


def file(folder: pathlib.Path) -> pathlib.Path:
    """Of a run folder, or of a pack. Raises BadRequest for what is neither, or is damaged."""
    path = folder / CONFIG
    if packed.is_one(folder):
        packed.check(folder)
        path = folder / packed.CONFIG
    elif not path.is_file():
        raise BadRequest(f"{folder} is not a run folder: it has no {CONFIG}")
    bounded.refuse_links(folder)
    return path


def overrides(folder: pathlib.Path) -> list[str]:
    """The words that were typed for it, [] where these are not known. Raises BadRequest."""
    path = folder / (packed.CONFIG if packed.is_one(folder) else CONFIG)
    return plain_yaml.read_overrides(path.with_name("overrides.yaml"))


def write(folder: pathlib.Path, config: DictConfig) -> None:
    """Into a run folder, whole or not at all. Raises CannotWrite."""
    write_text(folder / CONFIG, OmegaConf.to_yaml(kept(config), resolve=True))


def kept(config: DictConfig) -> DictConfig:
    """Returns a config as a run keeps it: paths of its data from the root, not from the folder.

    So that the run finds them from wherever it is opened.
    """
    copy: Any = OmegaConf.merge(config)
    OmegaConf.set_readonly(copy, False)
    if isinstance(start := copy.get("warm_start"), str):
        copy.warm_start = str(pathlib.Path(start).expanduser().absolute())
    node = copy.get("dataset")
    for key in node or ():
        value = OmegaConf.select(node, key) if str(key).endswith("path") else None
        if isinstance(value, str) and value:
            with contextlib.suppress(RuntimeError):  # ~name, where nobody has this name
                node[key] = str(pathlib.Path(value).expanduser().absolute())
    return copy
