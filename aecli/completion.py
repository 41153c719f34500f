"""Tab completion: the command word by aecli, everything after it by Hydra."""

import contextlib
import io
import os
import re

from aecli import dispatch
from aecli.console import catalog


def run(argv: list[str]) -> int:
    """`aecli -sc install=bash`, `uninstall=bash`, and what the shell then calls: `query=bash`."""
    line = os.environ.get("COMP_LINE", "")
    words = line.split()
    is_query = any(word.startswith("query=") for word in argv)
    if is_query and (len(words) < 2 or (len(words) == 2 and not line.endswith(" "))):
        print(" ".join(catalog.commands()))
        return 0
    command = words[1] if is_query else next(iter(catalog.commands()))
    if command not in catalog.commands():
        return 0
    os.environ["COMP_LINE"] = line.replace(f" {command}", "", 1)
    if not is_query:
        return dispatch.run(command, argv)
    with contextlib.redirect_stdout(io.StringIO()) as said:
        code = dispatch.run(command, argv)
    print(re.sub(r"\S+", _plain, said.getvalue()), end="")
    return code


def _plain(word: re.Match) -> str:
    """A shell expands what it is offered: a file called $(...) would be a command."""
    return word[0] if re.fullmatch(r"[\w./=,:@+~\[\]-]+", word[0]) else ""
