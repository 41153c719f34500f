"""aecli copy: an option's YAML into ./configs, to be edited there."""

import pathlib
import re

from omegaconf import DictConfig

from aecli import typed
from aecli.console import catalog, described, suggest
from aecli.errors import BadRequest
from aecli.files import made_folder, write_text

EXAMPLE = "aecli copy experiment/vae_mnist mine"


def main(cfg: DictConfig) -> None:
    """The command: the path of the copy, and the line that uses it."""
    if len(cfg.words) != 2:
        raise BadRequest(f"aecli copy takes an option and a name\nas in {EXAMPLE}")
    group, file = copied(str(cfg.words[0]), str(cfg.words[1]))
    print(file)
    words = described.words(group, file.stem)
    print(f"edit it, then type: {typed.command(*words) if words else f'aecli {group} {file.stem}'}")


def copied(word: str, name: str) -> tuple[str, pathlib.Path]:
    """Copy OPTION, or GROUP/OPTION, to ./configs/GROUP/NAME.yaml; -> the group and the copy.

    Raises BadRequest where the option or the name will not do, or something has that name.
    """
    group, option = _found(word)
    place = pathlib.Path("configs", group)
    if not catalog.is_name(name) or name.endswith(".yaml"):
        raise BadRequest(f"'{name}' is no name of an option\nas in {EXAMPLE}")
    if pathlib.Path("configs").is_dir() and catalog.user_configs() is None:
        raise BadRequest("./configs here is aecli's own\ngo to a folder of yours")
    taken = {one.name: one for one in catalog.options(group)}.get(name)
    file = place / f"{name}.yaml"
    if taken is not None or file.exists() or file.is_symlink():
        what = f"aecli has {group}={name}" if taken and not taken.yours else f"{file} is there"
        raise BadRequest(f"{what}, and is left as it is\nanother name: aecli copy {word} {name}_2")
    text = option.file.read_text(encoding="utf-8")
    text = re.sub(
        rf"(?m)^(#\s*@package\s+\S+\.){re.escape(option.name)}\s*$", rf"\g<1>{name}", text
    )
    made_folder(place)
    write_text(file, text)
    return group, file


def _found(word: str) -> tuple[str, catalog.Option]:
    """The only option of that name. Raises BadRequest."""
    group, _, name = word.replace("=", "/").rpartition("/")
    groups = [one for one in catalog.groups() if group in ("", one)]
    if not groups:
        raise BadRequest(f"there is no group '{group}'; aecli list has them")
    options = [(g, o) for g in groups for o in catalog.options(g) if o.name == name]
    if not options:
        near = suggest.nearest(name, [o.name for g in groups for o in catalog.options(g)])
        hint = f": did you mean '{near}'?" if near else ""
        raise BadRequest(f"no option '{word}'{hint}\naecli list has them")
    if len(options) > 1:
        raise BadRequest(
            f"several options are called '{name}'\n"
            f"say which: {' or '.join(f'{g}/{name}' for g, _ in options)}"
        )
    return options[0]
