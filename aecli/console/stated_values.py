"""Types and ranges of a config's values, checked before TensorFlow's seconds.

A component's annotations say them, and to import it may mean to import TensorFlow: they are read
from its file, as text of this package.
"""

import ast
import contextlib
import functools
import importlib
import pathlib
import re
from collections.abc import Iterator
from typing import Any

from aecli.component import adapter, check_with
from aecli.training import keras_arguments

ROOT = pathlib.Path(__file__).parents[2]
TARGET = re.compile(r"aecli(\.[A-Za-z]\w*)+")
IMPORTED = ("typing", "pydantic")  # modules whose names are taken as they are
BUILTINS = {kind.__name__: kind for kind in (bool, dict, float, int, list, str, tuple)}


def check(node: Any, key: str = "") -> None:
    """Check each value of a plain config that a `_target_` has an annotation for.

    Raises BadRequest, as the component itself would. What an annotation says by a class that would
    have to be imported is left to the component.
    """
    if not isinstance(node, dict):
        return
    target = node.get("_target_")
    if isinstance(target, str):
        check_with(_adapters(target), node, key)
    for name, value in node.items():
        check(value, f"{key}.{name}".lstrip("."))


@functools.cache
def _adapters(target: str) -> dict[str, Any]:
    if (arguments := keras_arguments.of(target)) is not None:
        hints = {k: v for k, v in arguments.__annotations__.items() if k != "return"}
    elif TARGET.fullmatch(target):
        hints = _fields(*target.rsplit(".", 1))
    else:
        hints = {}
    return {name: adapter(hint) for name, hint in hints.items()}


def _fields(module: str, name: str) -> dict[str, Any]:
    """{field: annotation} of a class and those that it stands on."""
    module, node = _found(module, name)
    if not isinstance(node, ast.ClassDef):
        return {}
    hints: dict[str, Any] = {}
    for base in reversed(node.bases):
        if isinstance(base, ast.Name):
            hints |= _fields(module, base.id)
    for field, annotation in _annotations(node):
        hints.pop(field, None)
        with contextlib.suppress(NameError):
            if "ClassVar" not in ast.dump(annotation):
                hints[field] = _Names(module).value(annotation)
    return hints


def _annotations(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Of the fields in a class's body, and of the arguments of its constructor."""
    for line in node.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            yield line.target.id, line.annotation
        elif isinstance(line, ast.FunctionDef) and line.name == "__init__":
            arguments = [*line.args.args, *line.args.kwonlyargs]
            yield from ((a.arg, a.annotation) for a in arguments if a.annotation is not None)


class _Names(dict):
    """What names mean in a module, as far as annotations need it; others are a NameError."""

    def __init__(self, module: str):
        super().__init__(BUILTINS)
        self.module = module

    def value(self, expression: ast.expr) -> Any:
        return eval(compile(ast.Expression(expression), self.module, "eval"), {}, self)

    def __missing__(self, name: str) -> Any:
        module, node = _found(self.module, name)
        if isinstance(node, ast.expr):
            return _Names(module).value(node)
        if node is None and module in IMPORTED:
            return getattr(importlib.import_module(module), name)
        raise NameError(name)


def _found(module: str, name: str) -> tuple[str, ast.AST | None]:
    """The module of the package in which a name is made, and the class or the value there.

    None for what is not of the package, with the module that it comes from, "" for nowhere.
    """
    while True:
        names = _names(module)
        found = names.get(name)
        if not isinstance(found, tuple):
            return (module if found is not None else ""), found
        module, name = found
        if not TARGET.fullmatch(module):
            return module, None


@functools.cache
def _names(module: str) -> dict[str, ast.AST | tuple[str, str]]:
    """{name: its class, its value, or (module, name) of an import} at the root of a module."""
    file = ROOT.joinpath(*module.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    if not file.is_file():
        return {}
    names: dict[str, ast.AST | tuple[str, str]] = {}
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            names[node.name] = node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {a.asname or a.name: (node.module, a.name) for a in node.names}
    return names
