"""Long lines on a terminal: folded at blanks, below where their text begins.

Standard library only, as `aecli --help` needs it.
"""

import os
import re
import textwrap
from typing import TextIO

USUAL = 80  # characters of a line, where a terminal does not say
LEAST = 40
ROOM = 24  # that a text has beside what stands before it; else it begins anew below
# before a text: its label, the command or the key that it is about
BEFORE = re.compile(r"((?:error|note): |\S+(?: \S+)*? {2,})(?:# )?(?=\S)")
COMMAND = re.compile(r"(?:aecli [\w-]+|pip install)(?: (?:-\S+|\S*[=/.\[]\S*))*")
JSON = ("{", "[")
GLUE = "\0"  # for a blank where no line may end


def columns(stream: TextIO | None) -> int | None:
    """The characters of a line, 40 or more; None for what is no terminal: a pipe, a file."""
    if stream is None or not stream.isatty():
        return None
    stated = os.environ.get("COLUMNS", "")
    try:
        found = int(stated) if stated.isdecimal() else os.get_terminal_size(stream.fileno()).columns
    except OSError:
        found = 0
    return max(found or USUAL, LEAST)


def folded(text: str, width: int) -> str:
    """Lines of text, each at most `width` long; what goes on stands below where its text began.

    No word is broken, and no command, which is there to be copied: one that is longer than a line
    goes on after a backslash. JSON stays as it is.
    """
    if text.startswith(JSON):
        return text
    return "\n".join(_fold(line, width) for line in text.split("\n"))


def _fold(line: str, width: int) -> str:
    if len(line) <= width:
        return line
    lead = len(line) - len(line.lstrip())
    anew = min(lead + 4, width - ROOM)
    before = BEFORE.match(line, lead)
    if before is None:  # of a command the rest stands further in
        return _wrap(line, width, min(lead + 2 * line.startswith("aecli ", lead), anew))
    longest = max(map(len, line[before.end() :].split()))
    if before.end() + max(longest, ROOM) <= width:
        return _wrap(line, width, before.end())
    label, text = line[: before.end(1)].rstrip(), line[before.end(1) :]
    return "\n".join(_wrap(one, width, anew) for one in (label, " " * anew + text))


def _wrap(line: str, width: int, below: int) -> str:
    text = line.lstrip()
    lead = len(line) - len(text)
    wrapped = textwrap.fill(
        COMMAND.sub(lambda c: _glued(c[0], width - (below if c.start() else lead)), text),
        width,
        initial_indent=" " * lead,
        subsequent_indent=" " * below,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return wrapped.replace(GLUE, " ")


def _glued(command: str, room: int) -> str:
    """A command as one word, or where it is too long as several, which a shell takes as one."""
    if len(command) <= room:
        return command.replace(" ", GLUE)
    pieces = [""]
    for word in command.split():
        if pieces[-1] and len(pieces[-1]) + len(word) + 3 > room:
            pieces.append(word)
        else:
            pieces[-1] += f"{GLUE}{word}" if pieces[-1] else word
    return f"{GLUE}\\ ".join(pieces)
