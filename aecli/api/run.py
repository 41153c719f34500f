"""Run: a trained autoencoder as a Python session uses it."""

import os
import pathlib

from aecli import runs
from aecli.api.plainly import plainly


class Run:
    """A finished training: its folder, and what its model makes of data."""

    def __init__(self, folder: str | os.PathLike):
        """folder: of a run. Raises BadRequest where it is none."""
        with plainly():
            self._run = runs.find(str(folder))

    @property
    def folder(self) -> pathlib.Path:
        """Where its files are."""
        return self._run.folder


def load(path: str | os.PathLike = "latest", outputs: str | os.PathLike = "outputs") -> Run:
    """The run at a path, or "latest": the newest finished one under `outputs`.

    Raises BadRequest.
    """
    with plainly():
        found = runs.find(None if str(path) == "latest" else str(path), str(outputs))
    return Run(found.folder)
