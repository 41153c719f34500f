"""aecli inspect: what a training would be given, and what is unusual in it."""

import pathlib
import sys
import time

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli import build, typed
from aecli.console import chosen_data
from aecli.console.table import show_table
from aecli.errors import BadRequest, NotApplicable
from aecli.files import as_json, made_folder, replacing, unique_folder
from aecli.inspection import data, told
from aecli.inspection.found import Found

SUFFIXES = (".png", ".svg", ".pdf")


def main(cfg: DictConfig) -> None:
    """The command: lines or JSON on stdout, a figure of some examples."""
    if type(cfg.n) is not int or not 1 <= cfg.n <= 100:
        raise BadRequest(f"n must be a whole number from 1 to 100; got {cfg.n!r}")
    file = _checked(cfg.file)
    hydra = HydraConfig.get()
    name = str(hydra.runtime.choices["dataset"])
    found = data.look(build.component(cfg.dataset, "dataset"))
    words = next_words(name, list(hydra.overrides.task), found.changes)
    drawn = _drawn(cfg, name, found, file)
    if cfg.json:
        plain = found.plain() | {"figure": drawn and str(drawn), "next": ["train", *words]}
        print(as_json({"dataset": name, **plain}))
        return
    print(told.head(name, found))
    if found.spec.kind == "text":
        print("\n".join(f"         {line}" for line in told.sentences(found, cfg.n)))
    for headers, rows in told.tables(found):
        print()
        show_table(headers, rows)
    print()
    print(told.end(found, drawn, typed.command("train", *words)))


def next_words(option: str, overrides: list[str], changes: list[str]) -> list[str]:
    """The words of a training of these data: those that were typed, and the changes they lack."""
    stated = typed.stated(overrides)
    kept = {word.partition("=")[0]: word for word in overrides}
    kept = {k: w for k, w in kept.items() if k.split(".")[0] in ("dataset", "seed")}
    path = stated.get("dataset.path")
    if path is not None and "=" not in path and chosen_data.is_path(path):
        kept = {"": path} | {k: w for k, w in kept.items() if k != "dataset.path"}
        if chosen_data.reader_of(path) == option:
            kept.pop("dataset", None)
    return [*kept.values(), *(word for word in changes if word.partition("=")[0] not in stated)]


def _checked(stated: str | None) -> pathlib.Path | None:
    """Raises BadRequest for what cannot be written, before any data are read."""
    if stated is None:
        return None
    file = pathlib.Path(str(stated)).expanduser()
    if file.suffix.lower() not in SUFFIXES:
        raise BadRequest(f"file={stated}: the kind is told by the suffix: {', '.join(SUFFIXES)}")
    if file.exists() or file.is_symlink():
        raise BadRequest(f"file={stated} exists, and is left as it is\nname another")
    return file


def _title(cfg: DictConfig, name: str) -> str:
    """The name of the file or the folder, or that of the data set."""
    path = cfg.dataset.get("path")
    return pathlib.Path(str(path)).name or name if path else name


def _drawn(cfg: DictConfig, name: str, found: Found, file) -> pathlib.Path | None:
    """The figure that was written, None of data that are not drawn."""
    from aecli.figures import examples

    part = found.examples(cfg.n)
    try:
        figure = examples.draw(
            _title(cfg, name), found.spec, part, told.labels_of(found, part), data.spread(found)
        )
    except NotApplicable as reason:
        if found.spec.kind != "text":
            print(f"no figure: {reason}", file=sys.stderr)
        return None
    if file is None:
        stamp = time.strftime(f"%Y-%m-%d/%H-%M-%S_inspect_{name}")
        file = unique_folder(pathlib.Path(cfg.outputs) / stamp) / "examples.png"
    made_folder(file.parent)
    with replacing(file) as temporary:
        figure.savefig(temporary, format=file.suffix[1:].lower())
    return file
