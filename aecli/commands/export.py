"""aecli export: encoder, decoder and autoencoder as files that other programs run."""

import pathlib

from omegaconf import DictConfig

from aecli.console.table import show_table
from aecli.io import exporting, request
from aecli.io.destination import Destination


def main(cfg: DictConfig) -> None:
    folder, differences = export(cfg)
    rows = [[name, f"{difference:.2g}"] for name, difference in differences.items()]
    show_table(["part", f"largest difference to Keras, {exporting.IMAGES} examples"], rows)
    print(f"{folder}\nrun them: python {folder / 'load.py'}")


def export(cfg: DictConfig) -> tuple[pathlib.Path, dict[str, float]]:
    """-> the folder, {part: largest absolute difference to Keras}.

    Raises BadRequest, or RunFailed (and leaves nothing) where a file does not run or differs.
    """
    parts, kind = exporting.asked_for(cfg.parts, cfg.format)
    run = request.opened(cfg)
    exporting.check(run, parts)
    to = Destination(run, cfg.output, f"export_{cfg.format}", [""])
    return exporting.exported(run, parts, kind, to)
