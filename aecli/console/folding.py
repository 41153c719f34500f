"""Long lines on a terminal: folded between words, below where their text begins."""

import shutil
import sys
import textwrap

LEAST = 40  # characters of a line


def folded(text: str, indent: int) -> str:
    """Lines of text as they are in a pipe; on a terminal each is folded to its width.

    indent: characters before what follows on in the next line. No word is broken.
    """
    if not sys.stdout.isatty():
        return text
    width = max(LEAST, shutil.get_terminal_size().columns)
    lines = (_fold(line, width, indent) for line in text.splitlines())
    return "\n".join(lines)


def _fold(line: str, width: int, indent: int) -> str:
    if len(line) <= width:
        return line
    return textwrap.fill(
        line,
        width,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
