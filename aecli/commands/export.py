"""aecli export: encoder, decoder and autoencoder as files that other programs run."""

import os
import pathlib
import shutil

import numpy as np
from omegaconf import DictConfig

from aecli.app.table import show_table
from aecli.commands import usage
from aecli.errors import BadRequest, RunFailed
from aecli.exchange.destination import Destination
from aecli.exchange.formats import FORMATS, Format, quietly, script
from aecli.files import NAME_KEPT, cannot_write, write_text, writing

IMAGES = 64  # of the test split, by which the formats are compared with Keras
TOLERANCE = 1e-3  # of the largest value of Keras's output


def main(cfg: DictConfig) -> None:
    folder, differences = export(cfg)
    rows = [[name, f"{difference:.2g}"] for name, difference in differences.items()]
    show_table(["part", f"largest difference to Keras, {IMAGES} test images"], rows)
    print(f"{folder}\nrun them: python {folder / 'load.py'}")


def export(cfg: DictConfig) -> tuple[pathlib.Path, dict[str, float]]:
    """-> the folder, {part: largest absolute difference to Keras}.

    Raises BadRequest, or RunFailed (and leaves nothing) where a file does not run or differs.
    """
    parts, kind = _checked_parts(cfg.parts), _checked_format(cfg.format)
    run = usage.opened(cfg)
    run.config.trainer.precision = "float32"  # few programs know the shorter ones
    to = Destination(run, cfg.output, f"export_{cfg.format}", [""])
    x = run.splits.test.take(np.arange(len(run.splits.test))[:IMAGES]).pixels()
    usage.wake(run)
    path = to.path()
    temporary = path.with_name(f".{path.name[:NAME_KEPT]}.{os.getpid()}.tmp")
    try:
        with writing(path):
            temporary.mkdir()
            differences = {
                name: _exported(run.model, name, kind, temporary / f"{name}{kind.suffix}", x)
                for name in parts
            }
            write_text(temporary / "load.py", script(kind, parts, run.model, run.data_range))
            os.rename(temporary, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return path, differences


def _exported(model, name: str, kind: Format, path: pathlib.Path, x: np.ndarray) -> float:
    """Write a part, run it as another program would, and compare."""
    from aecli.exchange.parts import part

    plain = part(model, name, kind.stated_shapes)
    given = model.encode(x) if name == "decoder" else x
    wanted = np.asarray(plain(given))
    try:
        with quietly():
            kind.write(plain, path)
            run = kind.open(path)
            found = np.concatenate([run(given[:1]), run(given[1:])])
    except OSError as error:
        raise cannot_write(path, error) from error
    except Exception as error:  # each converter has its own
        line = str(error).strip().splitlines() or [type(error).__name__]
        raise RunFailed(f"{name} cannot be exported to this format: {line[0][:200]}") from error
    difference = float(np.abs(found - wanted).max())
    if not difference <= TOLERANCE * max(1.0, float(np.abs(wanted).max())):
        raise RunFailed(f"the exported {name} differs from Keras by {difference:.2g}: not kept")
    return difference


def _checked_format(name) -> Format:
    if name not in FORMATS:
        raise BadRequest(f"format must be {', '.join(FORMATS)}; got {name!r}")
    FORMATS[name].check()
    return FORMATS[name]


def _checked_parts(parts) -> list[str]:
    known = ("encoder", "decoder", "autoencoder")
    parts = list(parts) if not isinstance(parts, str) else [parts]
    if not parts or any(name not in known for name in parts) or len(set(parts)) < len(parts):
        raise BadRequest(f"parts must be a list of {', '.join(known)}; got {parts}")
    return parts
