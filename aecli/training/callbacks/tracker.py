"""What the trackers share: a thread tells them of the training, which neither waits nor fails."""

import dataclasses
import importlib.util
import json
import logging
import pathlib
import queue
import re
import threading
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import keras

from aecli.errors import BadRequest, CannotWrite
from aecli.files import made_folder, write_json
from aecli.untrusted.bounded import read_text

WAIT = 30  # seconds at the end for what was not told yet; a first import of MLflow takes a dozen
WAIT_OF_STOPPED = 5  # of a run that a signal ended: whoever sent it does not wait long
NAME = r"[0-9A-Za-z_-]{6,64}"  # of a run of theirs

log = logging.getLogger("aecli")


@dataclasses.dataclass(frozen=True)
class Told:
    """What a tracker is told before the first epoch.

    name: of the run; group: of the sweep that it is a job of, None for one of its own; settings:
    {dotted key: value} of its config; images: (input, target, labels or None) of a few validation
    examples, None where the data are no images.
    """

    name: str
    group: str | None
    settings: Mapping[str, Any]
    images: tuple[Any, Any, Any] | None = None


@dataclasses.dataclass(frozen=True)
class Ended:
    """state: of the run's status; metrics: on the test split; files: the config and the figures."""

    state: str
    metrics: Mapping[str, float]
    config: pathlib.Path
    figures: list[pathlib.Path]


class Tracker(keras.callbacks.Callback):
    """A subclass says in open, tell_epoch and close what it tells, each called in a thread.

    After the first that raises, one warning is given and nothing more is told.
    """

    called: ClassVar[str]  # by its makers
    package: ClassVar[str]  # and the extra of ours
    told: Told

    def __init__(self, folder: str):
        super().__init__()
        if not _is_installed(self.package):
            raise BadRequest(
                f"callbacks={self.package} needs the package: pip install 'aecli[{self.package}]'"
            )
        self.folder = pathlib.Path(folder)
        self._waiting: queue.SimpleQueue[tuple[Callable, tuple] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None  # until there is something to tell
        self._has_failed = False

    # ---- what a subclass says --------------------------------------------------------------

    def open(self, known: str | None) -> str | None:
        """Begin a run of theirs, or go on with the one `known`; returns what it is known by."""
        raise NotImplementedError

    def snapshot(self, epoch: int) -> Any:
        """What tell_epoch needs of the model as it is after `epoch` epochs; in the training."""

    def tell_epoch(self, epoch: int, values: dict[str, float], seen: Any) -> None:
        """A row of history.csv, and what snapshot gave."""
        raise NotImplementedError

    def close(self, ended: Ended) -> None:
        """The last that is told."""
        raise NotImplementedError

    # ---- when ------------------------------------------------------------------------------

    def on_train_begin(self, logs=None):
        self._begin()

    def on_epoch_end(self, epoch, logs=None):
        if self._has_failed:
            return
        values = {k: float(v) for k, v in (logs or {}).items()}
        try:
            seen = self.snapshot(epoch + 1)
        except Exception as error:
            self._fail(error)
            return
        self._waiting.put((self.tell_epoch, (epoch + 1, values, seen)))

    def end(self, ended: Ended) -> None:
        """Called once metrics and figures are there; waits for the rest, and not for ever."""
        thread = self._begin()
        self._waiting.put((self.close, (ended,)))
        self._waiting.put(None)
        seconds = WAIT_OF_STOPPED if ended.state == "interrupted" else WAIT
        thread.join(seconds)
        if thread.is_alive() and not self._has_failed:
            self._fail(TimeoutError(f"it took more than {seconds} s"))

    def _begin(self) -> threading.Thread:
        if self._thread is None:
            self._waiting.put((self._open, ()))
            self._thread = threading.Thread(target=self._work, daemon=True, name=self.package)
            self._thread.start()
        return self._thread

    def _work(self) -> None:
        while (work := self._waiting.get()) is not None:
            step, arguments = work
            if not self._has_failed:
                try:
                    step(*arguments)
                except Exception as error:  # each of them has its own, and none stops a training
                    self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._has_failed = True
        lines = str(error).strip().splitlines() or [type(error).__name__]
        log.warning("%s was told no more of this run: %s", self.called, lines[0][:200])

    # ---- one run of theirs for a run of ours -----------------------------------------------

    def _open(self) -> None:
        path = self.folder / "trackers" / f"{self.package}.json"
        before = _known(path)
        now = self.open(before)
        if now != before:
            made_folder(path.parent)
            write_json(path, {"run": now})


def _known(path: pathlib.Path) -> str | None:
    """Of a run that goes on; of a file that is none of ours, None."""
    if not path.is_file():
        return None
    try:
        known = json.loads(read_text(path, 1000))["run"]
    except (BadRequest, CannotWrite, ValueError, KeyError, TypeError):
        return None
    return known if isinstance(known, str) and re.fullmatch(NAME, known) else None


def _is_installed(package: str) -> bool:
    """A folder of that name in the working directory is no package."""
    spec = importlib.util.find_spec(package)
    return spec is not None and spec.origin is not None
