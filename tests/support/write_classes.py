"""Writes aecli/classes.py: python tests/support/write_classes.py"""

import pathlib

import aecli
from aecli import names

FILE = pathlib.Path(aecli.__file__).parent / "classes.py"
HEAD = '''# ruff: noqa: F401
"""The classes that `from aecli import ...` gives, for type checkers.

Written by tests/support/write_classes.py, from the options that there are.
"""

'''


def text() -> str:
    """What the file is to hold."""
    lines = []
    for place, name in sorted((place, name) for name, place in names.places().items()):
        module, _, own = place.rpartition(".")
        line = f"from {module} import {own} as {name}"
        if len(line) > 100:
            line = f"from {module} import (\n    {own} as {name},\n)"
        lines.append(line)
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
