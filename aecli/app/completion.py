"""Tab completion: the command word by aecli, everything after it by Hydra."""

import os

from aecli.app import catalog, hydra_app


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
    return hydra_app.run(command, argv)
