"""history.csv: one row an epoch."""

import csv
import io
import pathlib

import keras

from aecli.files import write_text

FIRST = ["epoch", "seconds", "loss", "val_loss"]


class CSVLog(keras.callbacks.Callback):
    """Columns epoch, seconds, loss, val_loss, each term and val_term, learning_rate."""

    def __init__(self, folder: str):
        super().__init__()
        self._path = pathlib.Path(folder) / "history.csv"
        self._rows: list[dict] = []

    def on_epoch_end(self, epoch, logs=None):
        self._rows.append({"epoch": epoch + 1} | {k: f"{v:.8g}" for k, v in logs.items()})
        terms = sorted(k for k in logs if k not in (*FIRST, "learning_rate"))
        text = io.StringIO()
        writer = csv.DictWriter(text, [*FIRST, *terms, "learning_rate"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(self._rows)
        write_text(self._path, text.getvalue())
