"""SIGINT, SIGTERM, SIGHUP and SIGUSR1: at once where nothing can be lost, else after the step."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

from aecli.errors import Interrupted

ALWAYS = (signal.SIGINT, signal.SIGTERM)
SIGNALS = (*ALWAYS, signal.SIGHUP, signal.SIGUSR1)  # a closed terminal, a scheduler's warning


class Signals:
    """A context: within it the signals raise Interrupted, or wait while `deferred`.

    SIGHUP and SIGUSR1 are left to who has ignored them (nohup) or handles them already. received:
    the signal that waits, None until then. A second one while the first waits ends the process at
    once.
    """

    def __init__(self):
        self.received: int | None = None
        self._deferred = False

    def __enter__(self) -> "Signals":
        self._is_main = threading.current_thread() is threading.main_thread()  # Python's condition
        mine = [s for s in SIGNALS if self._is_main and (s in ALWAYS or _is_free(s))]
        self._old = {s: signal.signal(s, self._handle) for s in mine}
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
        for each in self._old:
            signal.signal(each, signal.SIG_DFL)
        with contextlib.suppress(OSError):  # of a terminal that was closed
            os.write(2, b"\nstopping at the end of this step; once more stops at once\n")


def _is_free(signum: int) -> bool:
    return signal.getsignal(signum) is signal.SIG_DFL or is_ours(signum)


def is_ours(signum: int) -> bool:
    """Whether one of these contexts handles the signal."""
    return getattr(signal.getsignal(signum), "__func__", None) is Signals._handle
