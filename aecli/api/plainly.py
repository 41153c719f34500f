"""Errors as a Python session gets them: the text of the command line, and no traceback of ours."""

import contextlib
import signal
from collections.abc import Iterator, Sequence

from aecli.console import messages
from aecli.errors import Interrupted


@contextlib.contextmanager
def plainly(command: str = "train", overrides: Sequence[str] = ()) -> Iterator[None]:
    """Within it a mistake of the user's is a BadRequest, NotApplicable or RunFailed, as a command
    would print it; what is none passes as it is.

    Ctrl-C is KeyboardInterrupt, whose text says how to go on. AECLI_TRACEBACK=1 keeps the cause.
    """
    try:
        yield
    except Interrupted as stop:
        if stop.signum != signal.SIGINT:
            raise
        raise KeyboardInterrupt(str(stop)) from None
    except Exception as error:
        known = messages.of_the_user(error, command, list(overrides))
        if known is None:
            raise
        if known is error:
            raise known from (error.__cause__ if messages.traceback_wanted() else None)
        raise known from (error if messages.traceback_wanted() else None)
