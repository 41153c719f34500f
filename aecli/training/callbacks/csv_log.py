"""history.csv: one row an epoch."""

import csv
import io
import pathlib

import keras

from aecli.files import write_text
from aecli.training.remembered import Remembered

FIRST = ["epoch", "seconds", "loss", "val_loss"]


class CSVLog(Remembered, keras.callbacks.Callback):
    """Columns epoch, seconds, loss, val_loss, each term and val_term, learning_rate."""

    remembered = ("rows",)

    def __init__(self, folder: str):
        super().__init__()
        self._path = pathlib.Path(folder) / "history.csv"
        self.rows: list[dict] = []

    def on_epoch_end(self, epoch, logs=None):
        self.rows.append({"epoch": epoch + 1} | {k: f"{v:.8g}" for k, v in logs.items()})
        terms = sorted(k for k in logs if k not in (*FIRST, "learning_rate"))
        text = io.StringIO()
        writer = csv.DictWriter(text, [*FIRST, *terms, "learning_rate"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self.rows)
        write_text(self._path, text.getvalue())
