"""A table on the terminal, plain aligned text in a pipe."""

import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aecli.console.streams import Visible
from aecli.visible import in_a_line


def show_table(headers: list[str], rows: list[list[str]]) -> None:
    """Print rows of text on stdout; no cell is ever cut short, only the last column is folded."""
    headers, *rows = [[in_a_line(cell) for cell in row] for row in (headers, *rows)]
    console = Console(highlight=False)
    widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
    room = console.width - sum(widths[:-1]) - 2 * len(widths)
    if not console.is_terminal or room < min(widths[-1], 20):
        for row in [headers, *rows]:
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            sys.stdout.write("  ".join(cells).rstrip() + "\n")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:  # Text: a str would be read as markup
        table.add_column(Text(header), overflow="fold", no_wrap=header is not headers[-1])
    for row in rows:
        table.add_row(*map(Text, row))
    with console.capture() as styled:
        console.print(table)
    out = sys.stdout
    (out.write_styled if isinstance(out, Visible) else out.write)(styled.get())
