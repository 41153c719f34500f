"""What a run's folder says of itself, without what it says of the machine that it was made on."""

import pathlib
import re
from typing import Any

from aecli import build, runs, typed

# directories in front of a name: /home/me/data/x.csv, ~/x.csv, ../data/x.csv, C:\data\x.csv
PLACE = re.compile(
    r"(?<![^\s'\"(\[,=])(?:~\w*|\.{1,2}|[A-Za-z]:|file:/)?[/\\](?:[^'\"(\[\]),\n]*[/\\])?"
)
STATUS = (  # of status.json; no times, which tell a time zone
    "state", "model", "dataset", "noise", "experiment", "data_shape", "data_range", "label_count",
    "train_count", "val_count", "test_count", "parameters", "data_source", "columns",
    "keeps_measure", "epochs_done", "best_epoch", "val_loss", "warnings",
)  # fmt: skip
OF_THE_PLACE = ("name", "outputs", "hydra", "replace", "n_jobs", "gpus")  # words of a command


class Cleaned:
    """The small files of a run, each path in them cut to its last name."""

    def __init__(self, run: runs.Run):
        self._run, self._config = run, build.plain(run.config)
        self._typed = typed.stated(runs.overrides(run.folder))
        known = [(self._config.get("dataset") or {}).items(), self._typed.items()]
        found = {value for items in known for key, value in items if _is_path(key, value)}
        self._paths = sorted(found, key=len, reverse=True)

    def config(self) -> dict[str, Any]:
        """Every key of the run, as `aecli train config.yaml` takes them."""
        return self._values(self._config) | {"outputs": "outputs"}

    def status(self) -> dict[str, Any]:
        """What later commands want to know of it."""
        status = self._run.status
        kept = {key: self._values(status[key]) for key in STATUS if key in status}
        return kept | {"state": runs.state_of(self._run.folder)}

    def overrides(self) -> list[str]:
        """The words that it was trained with, but for those that say where to put it."""
        words = {
            key: self._text(value)
            for key, value in self._typed.items()
            if key.lstrip("+~").partition(".")[0] not in OF_THE_PLACE
        }
        stated = {word.partition("=")[0]: word for word in runs.overrides(self._run.folder)}
        return [
            stated[key] if value == self._typed[key] else typed.override(key, value)
            for key, value in words.items()
        ]

    def _values(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._values(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._values(inner) for inner in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        for path in self._paths:
            text = text.replace(path, pathlib.PurePath(path).name or ".")
        return text if len(text) == 1 else PLACE.sub("", text)


def _is_path(key: str, value: Any) -> bool:
    return isinstance(value, str) and "/" in value and str(key).endswith("path")
