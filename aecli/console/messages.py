"""The last word on what went wrong: one or two lines on stderr, and the exit code."""

import os
import sys
import traceback

from aecli.console import mistakes
from aecli.console.explain import explain
from aecli.errors import BadRequest, NotApplicable, RunFailed, UnknownKeys
from aecli.files import DENIED, FULL, cannot_write
from aecli.visible import in_a_line

OURS = (BadRequest, NotApplicable, RunFailed)


def traceback_wanted() -> bool:
    """Whether the user asked for tracebacks (read before Hydra is started, which sets its own)."""
    return "1" in (os.environ.get("AECLI_TRACEBACK"), os.environ.get("HYDRA_FULL_ERROR"))


def report(error: Exception, command: str, overrides: list[str], with_traceback: bool) -> int:
    """Print what went wrong; returns the exit code, which ours state and others make 1."""
    if with_traceback:
        traceback.print_exception(error)
    known = of_the_user(error, command, overrides)
    if known is not None:
        show(str(known))
        return known.exit_code
    first_line = next(iter(str(error).strip().splitlines()), "")
    hint = "" if with_traceback else "  (AECLI_TRACEBACK=1 shows where)"
    show(f"{type(error).__name__}: {first_line}".removesuffix(": ") + hint)
    return 1


def of_the_user(
    error: Exception, command: str, overrides: list[str]
) -> BadRequest | NotApplicable | RunFailed | None:
    """What the user is told of an error, None for one that is nobody's but the program's."""
    known = _ours(error) or _of_the_system(error) or explain(error, command, overrides)
    if isinstance(known, UnknownKeys):
        known = mistakes.left_by_a_recipe(known, overrides)
    return known


def show(text: str) -> None:
    """Print `error: first line` and `hint:  second line`."""
    printed = [in_a_line(line) for line in text.splitlines() if line.strip()]
    first, *rest = printed or ["unknown error"]
    lines = [f"error: {first}"]
    lines += [f"{'hint:' if i == 0 else '':6} {line.strip()}" for i, line in enumerate(rest)]
    print("\n".join(lines), file=sys.stderr, flush=True)


def _of_the_system(error: Exception) -> RunFailed | None:
    """A full disk, or a place that cannot be written to."""
    if not isinstance(error, OSError) or error.errno not in (*FULL, *DENIED):
        return None
    return cannot_write(str(error.filename or "a file"), error)


def _ours(error: BaseException | None) -> BadRequest | NotApplicable | RunFailed | None:
    """The error of ours in a chain: Hydra wraps what a component's constructor raises."""
    seen = []
    while error is not None and error not in seen:  # an error may be its own cause
        if isinstance(error, OURS):
            return error
        seen.append(error)
        error = error.__cause__
    return None
