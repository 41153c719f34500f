"""The last word on what went wrong: one or two lines on stderr, and the exit code."""

import os
import sys
import traceback

from aecli.app.explain import explain
from aecli.errors import BadRequest, NotApplicable, RunFailed

EXIT_CODES = {BadRequest: 2, NotApplicable: 2, RunFailed: 1}


def traceback_wanted() -> bool:
    """Whether the user asked for tracebacks (read before Hydra is started, which sets its own)."""
    return "1" in (os.environ.get("AECLI_TRACEBACK"), os.environ.get("HYDRA_FULL_ERROR"))


def report(error: Exception, command: str, overrides: list[str], with_traceback: bool) -> int:
    """Print what went wrong; returns the exit code: 2 for a bad request, 1 for a failure."""
    if isinstance(error, BrokenPipeError):
        return 0  # the reader of `aecli list | head` has what it wanted
    if with_traceback:
        traceback.print_exception(error)
    known = _ours(error) or explain(error, command, overrides)
    if known is not None:
        show(str(known))
        return next(code for kind, code in EXIT_CODES.items() if isinstance(known, kind))
    first_line = next(iter(str(error).strip().splitlines()), "")
    hint = "" if with_traceback else "  (AECLI_TRACEBACK=1 shows where)"
    show(f"{type(error).__name__}: {first_line}".removesuffix(": ") + hint)
    return 1


def show(text: str) -> None:
    """Print `error: first line` and `hint:  second line`."""
    first, *rest = text.strip().splitlines() or ["unknown error"]
    lines = [f"error: {first}"]
    lines += [f"{'hint:' if i == 0 else '':6} {line.strip()}" for i, line in enumerate(rest)]
    print("\n".join(lines), file=sys.stderr, flush=True)


def _ours(error: BaseException | None) -> Exception | None:
    """The error of ours in a chain: Hydra wraps what a component's constructor raises."""
    while error is not None:
        if isinstance(error, tuple(EXIT_CODES)):
            return error
        error = error.__cause__
    return None
