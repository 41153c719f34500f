"""A table on the terminal, plain aligned text in a pipe."""

import itertools
import sys
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from aecli.console import folding
from aecli.console.streams import Visible
from aecli.visible import in_a_line

GAP = 2  # characters between two columns
NARROW = 18  # characters that a column of text keeps: narrower ones are hard to read
INDENT = 4  # of what stands below the first column

Columns = Sequence[Sequence[str]]  # [column][row], the header first


def show_table(headers: list[str], rows: list[list[str]]) -> None:
    """Print rows of text on stdout; no cell is cut short, and in a pipe no line is folded.

    On a terminal that is too narrow cells are folded at blanks; where that is not enough, the first
    column has lines of its own and the others stand below it.
    """
    _show([headers, *rows], "", "bold")


def show_rows(rows: list[list[str]], lead: str = "") -> None:
    """Print rows as show_table does, without a head, each line after `lead`."""
    _show(rows, lead, "")


def _show(rows: list[list[str]], lead: str, head: str) -> None:
    """head: the style of the first row."""
    rows = [[in_a_line(cell) for cell in row] for row in rows]
    columns = list(zip(*rows, strict=True))
    width = folding.columns(sys.stdout)
    if width is None:
        widths = [max(map(len, column)) for column in columns]
        for row in rows:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            sys.stdout.write(lead + "  ".join(cells).rstrip() + "\n")
        return
    console = Console(highlight=False)
    with console.capture() as styled:
        for number, lines in enumerate(_folded(columns, width - len(lead), console)):
            for line in lines:
                console.print(Text(lead + line, "" if number else head), soft_wrap=True)
    out = sys.stdout
    (out.write_styled if isinstance(out, Visible) else out.write)(styled.get())


def fits(headers: list[str], rows: list[list[str]]) -> bool:
    """Whether each row has a line of its own on stdout, with no cell folded; in a pipe it has."""
    width = folding.columns(sys.stdout)
    longest = [max(map(cell_len, column)) for column in zip(headers, *rows, strict=True)]
    return width is None or _total(longest) <= width


def _folded(columns: Columns, width: int, console: Console) -> list[list[str]]:
    """The lines of the head, and of each row."""
    blocks = _blocks(columns, width)
    made = []
    for row in range(len(columns[0])):
        lines, first = [], 0
        for number, widths in enumerate(blocks):
            cells = [column[row] for column in columns[first : first + len(widths)]]
            lead = " " * (INDENT * min(number, 1))
            lines += [lead + line for line in _beside(cells, widths, console)]
            first += len(widths)
        made.append(lines)
    return made


def _blocks(columns: Columns, width: int) -> list[list[int]]:
    """The widths of columns that stand beside each other, block below block."""
    if (widths := _widths(columns, width)) is not None:
        return [widths]
    blocks, left = [[_longest(columns[0])]], list(columns[1:])
    while left:
        for count in range(len(left), 0, -1):
            widths = _widths(left[:count], width - INDENT)
            if widths is not None or count == 1:
                blocks.append(widths or [_longest(left[0])])
                left = left[count:]
                break
    return blocks


def _widths(columns: Columns, width: int) -> list[int] | None:
    """Of columns that fit beside each other, the widest folded first; None where they do not."""
    widths = [_longest(column) for column in columns]
    least = [_least(column) for column in columns]
    if _total(least) > width:
        return None
    cells = [max(one, _longest(column[1:])) for one, column in zip(least, columns, strict=True)]
    while _total(widths) > width:  # heads first, then what is widest
        at = max(
            range(len(widths)),
            key=lambda i: (widths[i] > cells[i], widths[i] > least[i], widths[i]),
        )
        widths[at] -= 1
    return widths


def _least(column: Sequence[str]) -> int:
    """The width at which no word is broken, and at which its text can be read."""
    word = max((cell_len(word) for cell in column for word in cell.split()), default=0)
    return max(word, min(_longest(column[1:]), NARROW))


def _longest(column: Sequence[str]) -> int:
    return max(map(cell_len, column), default=0)


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _beside(cells: Sequence[str], widths: Sequence[int], console: Console) -> list[str]:
    """The lines of a row."""
    parts = [_lines(cell, width, console) for cell, width in zip(cells, widths, strict=True)]
    lines = []
    for line in itertools.zip_longest(*parts, fillvalue=""):
        padded = [
            part + " " * (width - cell_len(part)) for part, width in zip(line, widths, strict=True)
        ]
        lines.append((" " * GAP).join(padded).rstrip())
    return lines


def _lines(cell: str, width: int, console: Console) -> list[str]:
    if cell_len(cell) <= width:
        return [cell]
    return [line.plain.rstrip() for line in Text(cell).wrap(console, width)]
