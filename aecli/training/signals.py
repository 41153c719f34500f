"""SIGINT and SIGTERM: at once where nothing can be lost, at the end of a step while one trains."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

from aecli.errors import Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Signals:
    """A context: within it the two signals raise Interrupted, or wait while `deferred`.

    received: the signal that waits, None until then. A second one while the first waits ends the
    process at once.
    """

    def __init__(self):
        self.received: int | None = None
        self._deferred = False

    def __enter__(self) -> "Signals":
        self._is_main = threading.current_thread() is threading.main_thread()  # Python's condition
        self._old = {s: signal.signal(s, self._handle) for s in SIGNALS if self._is_main}
        return self

    def __exit__(self, *exception) -> None:
        for signum, handler in self._old.items():
            signal.signal(signum, handler)

    @contextlib.contextmanager
    def deferred(self) -> Iterator[None]:
        """Signals wait for whoever looks at `received`; one that nobody took is raised after it."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        self.take()

    def take(self) -> None:
        """Raise Interrupted for a signal that waits: here nothing is under way."""
        if self.received is not None:
            raise Interrupted(self.received)

    def _handle(self, signum, frame):
        if not self._deferred:
            raise Interrupted(signum)
        self.received = signum
        for each in SIGNALS:
            signal.signal(each, signal.SIG_DFL)
        os.write(2, b"\nstopping at the end of this step; once more stops at once\n")
