"""Where log lines go: train.log gets all, the screen what the reader needs."""

import contextlib
import logging
import pathlib
import sys
from collections.abc import Iterator

from aecli.files import writing
from aecli.untrusted.bounded import open_in_place
from aecli.visible import visible


class _File(logging.FileHandler):
    """A line that a full disk does not take is lost, without a traceback for each."""

    def _open(self):
        return open(self.baseFilename, self.mode, encoding=self.encoding, opener=open_in_place)

    def format(self, record) -> str:
        return visible(super().format(record))  # it is read on a terminal

    def handleError(self, record):
        pass


@contextlib.contextmanager
def run_log(folder: pathlib.Path, bar: bool, verbose: bool = True) -> Iterator[logging.Logger]:
    """The logger "aecli" while a run lasts: to train.log with the time, to stderr without.

    With a bar on the terminal the lines of each epoch ("aecli.epochs") stay off the screen; where
    verbose is false, all but warnings do.
    """
    log = logging.getLogger("aecli")
    log.setLevel(logging.INFO)
    log.propagate = False
    with writing(folder / "train.log"):
        file = _File(folder / "train.log", encoding="utf-8")
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    screen = logging.StreamHandler(sys.stderr)
    screen.setFormatter(logging.Formatter("%(message)s"))
    screen.addFilter(lambda record: record.levelno < logging.ERROR)  # the command prints errors
    if not verbose:
        screen.setLevel(logging.WARNING)
    if bar:
        screen.addFilter(lambda record: record.name != "aecli.epochs")
    handlers = [file, screen]
    for handler in handlers:
        log.addHandler(handler)
    try:
        yield log
    finally:
        for handler in handlers:
            log.removeHandler(handler)
            handler.close()
