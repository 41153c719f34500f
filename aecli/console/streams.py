"""Standard output and error: they outlive their readers, and show all text as plain text."""

import errno
import io
import os
import re
import sys
from typing import TextIO

from aecli.console import folding
from aecli.visible import visible

IN_A_FOLDER = ("train", "tune")  # commands whose result is not what they print
SIGPIPE = 141  # 128 + 13: how other programs end whose reader has gone


BAR = re.compile(r"\r[^\r\x1b]*|[\r\n]*(\x1b\[A)*")  # what a progress bar writes


class Visible(io.TextIOWrapper):
    """Text for a terminal: nothing in a file's name or content steers it, its lines fit."""

    _is_within = False  # a line that has begun

    def write(self, text: str) -> int:
        if BAR.fullmatch(text):
            first = text[:1]
            super().write(first + visible(text[1:]) if first == "\r" else text)
            self._is_within = False
        else:
            width = None if self._is_within else folding.columns(self)
            shown = visible(text)
            super().write(shown if width is None else folding.folded(shown, width))
            self._is_within = not text.endswith("\n")
        return len(text)

    def write_styled(self, text: str) -> int:
        """For text with styles of ours, in which what others wrote is visible already."""
        return super().write(text)


class Lasting(io.FileIO):
    """A descriptor; what can no longer be written to it is dropped.

    lost: the first error of the system, None until then.
    """

    lost: OSError | None = None

    def write(self, data) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.lost = self.lost or error
            self._drop_the_rest()
            return memoryview(data).nbytes

    def _drop_the_rest(self) -> None:
        """For other processes and libraries that write to the descriptor, too."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)


def lasting() -> Lasting:
    """Make sys.stdout and sys.stderr such; returns what is below sys.stdout.

    A descriptor that was closed (`>&-`) leads to nowhere: the next file to be opened would get its
    number, and what a library prints.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number: this one
    out = Lasting(1, "w", closefd=False)
    sys.stdout = _text(out, sys.stdout)
    sys.stderr = _text(Lasting(2, "w", closefd=False), sys.stderr)
    return out


def _text(raw: Lasting, before: TextIO | None) -> TextIO:
    """As Python had set it up; None where the descriptor was closed."""
    at_once = isinstance(before, io.TextIOWrapper) and before.write_through  # PYTHONUNBUFFERED
    return Visible(
        raw if at_once else io.BufferedWriter(raw),
        encoding=getattr(before, "encoding", "utf-8"),
        errors=getattr(before, "errors", "backslashreplace"),
        line_buffering=getattr(before, "line_buffering", False),
        write_through=at_once,
    )


def exit_code(code: int, command: str, out: Lasting) -> int:
    """The exit code of a command: a result that was lost on its way out is no success."""
    sys.stdout.flush()
    if code or out.lost is None:
        return code
    is_closed = out.lost.errno == errno.EPIPE  # `aecli list | head`
    if not is_closed:
        what = "warning" if command in IN_A_FOLDER else "error"
        print(f"{what}: cannot write standard output: {out.lost.strerror}", file=sys.stderr)
    if command in IN_A_FOLDER:
        return 0
    return SIGPIPE if is_closed else 5
