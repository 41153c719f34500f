"""Errors planted in a source file: one at a time, at a place that states a formula."""

import ast
import copy
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

DROPPED = {  # f(x) -> x
    "stop_gradient", "square", "exp", "log", "log1p", "expm1", "abs", "sqrt", "softplus", "sigmoid",
    "tanh", "relu", "batch_rows", "log_softmax", "sign", "minimum", "maximum",
}  # fmt: skip
SWAPPED = {  # f -> g
    "maximum": "minimum", "minimum": "maximum", "sum": "mean", "mean": "sum",
    "batch_mean": "batch_sum", "argmin": "argmax", "argmax": "argmin",
}  # fmt: skip
SIGNS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}
COMPARED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.Gt, ast.GtE: ast.Lt, ast.Eq: ast.NotEq}
NO_FORMULA = {  # functions that refuse, describe or make layers
    "assemble", "quantities", "described", "about", "origin", "check_range", "get_config", "heads",
    "from_config", "watches", "term_names", "noise_shapes", "shapes", "is_sound", "part_names",
    "prepare_charge", "__init__", "_layer", "layer", "build", "encoder_shape", "decoder_shape",
    "expected",
}  # fmt: skip
SHAPING = {  # f(x, shape)
    "reshape", "split", "zeros", "astype", "full", "slice", "repeat", "broadcast_to", "cast",
    "one_hot", "categorical", "take", "ones", "concatenate", "full_like",
}  # fmt: skip
REFUSALS = {
    "limits",
    "BadRequest",
    "NotApplicable",
    "Field",
    "Quantity",
    "tqdm",
    "range",
    "threadpool_limits",
    "warnings",
}


Plant = Callable[[Any], ast.expr]


@dataclasses.dataclass(frozen=True)
class Mutant:
    """text: the line as it stands; change: what is planted; place: of the expression, counted."""

    file: str
    line: int
    text: str
    change: str
    place: int
    plant: Plant

    def source(self, tree: ast.Module) -> str:
        """The whole file with the error, from the tree of what it is."""
        changed = copy.deepcopy(tree)
        place = next(n for i, n in enumerate(_formulas(changed)) if i == self.place)
        new = self.plant(place)
        if new is not place:
            changed = _Replace(place, new).visit(changed)
        return ast.unparse(ast.fix_missing_locations(changed))


def mutants(file: str, source: str) -> list[Mutant]:
    """Every error that can be planted in a file, in its order."""
    lines = source.splitlines()
    return [
        Mutant(file, node.lineno, lines[node.lineno - 1].strip(), change, place, plant)
        for place, node in enumerate(_formulas(ast.parse(source)))
        for change, plant in _plants(node)
    ]


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST):
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


def _formulas(node: ast.AST, inside: bool = False) -> Iterator[ast.expr]:
    """The expressions of functions that compute, and the constants of a module, depth first."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef):
            if child.name not in NO_FORMULA and not _is_of_class(child):
                for statement in child.body:
                    yield from _statement(statement)
        elif isinstance(child, ast.ClassDef):
            yield from _formulas(child)
        elif _is_constant(child) and isinstance(node, ast.Module):
            yield from _expressions(child.value)


def _is_constant(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant | ast.BinOp)


def _is_of_class(function: ast.FunctionDef) -> bool:
    names = {d.id for d in function.decorator_list if isinstance(d, ast.Name)}
    return bool(names & {"classmethod", "staticmethod"})


def _statement(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Raise | ast.Import | ast.ImportFrom | ast.Assert):
        return
    if isinstance(node, ast.If) and isinstance(node.body[-1], ast.Raise):  # its lines are words
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield from _expressions(child)
        elif not isinstance(child, ast.arguments):
            yield from _statement(child)


def _expressions(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.JoinedStr | ast.Lambda) or {n.id for n in _heads(node)} & REFUSALS:
        return
    if isinstance(node, ast.expr):
        yield node
    for child in _inner(node):
        yield from _expressions(child)


def _inner(node: ast.AST) -> list[ast.AST]:
    """What is inside, but for indices, axes and shapes: an error there ends with an exception."""
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, ast.keyword) and node.arg == "axis":
        return []
    if _name(node) in SHAPING:
        return node.args[:1]
    return list(ast.iter_child_nodes(node))


def _heads(node: ast.AST) -> list[ast.Name]:
    """limits of limits.count(...)"""
    if not isinstance(node, ast.Call):
        return []
    function = node.func
    while isinstance(function, ast.Attribute):
        function = function.value
    return [function] if isinstance(function, ast.Name) else []


def _name(node: ast.AST) -> str:
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "attr", getattr(node.func, "id", ""))


def _plants(node: ast.expr) -> Iterator[tuple[str, Plant]]:
    """(what is changed, how) of an expression."""
    if isinstance(node, ast.BinOp):
        if type(node.op) in SIGNS:
            other = SIGNS[type(node.op)]
            yield f"{_sign(node.op)} to {_sign(other())}", _with(op=other())
        if isinstance(node.op, ast.Mult | ast.Div | ast.Pow):
            yield f"{_short(node)} to {_short(node.left)}", lambda n: n.left
        if isinstance(node.op, ast.Mult):
            yield f"{_short(node)} to {_short(node.right)}", lambda n: n.right
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield f"{_short(node)} to {_short(node.operand)}", lambda n: n.operand
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARED and len(node.ops) == 1:
        other = COMPARED[type(node.ops[0])]()
        yield f"comparison {_short(node)} the other way", _with(ops=[other])
    elif isinstance(node, ast.Constant) and _counts(node.value):
        value = {0.5: 1.0, 0: 1, 1: 2, 2: 1}.get(node.value, 2 * node.value)
        yield f"{node.value} to {value}", _with(value=type(node.value)(value))
    elif isinstance(node, ast.Call):
        yield from _of_call(node)


def _counts(value: Any) -> bool:
    """Whether a constant is a number, and none that merely keeps from 0."""
    return type(value) in (int, float) and not 0 < abs(value) < 1e-3


def _of_call(node: ast.Call) -> Iterator[tuple[str, Plant]]:
    name, count = _name(node), len(node.args)
    if name in DROPPED and count:
        which = count - 1 if name in ("minimum", "maximum") else 0
        yield f"{_short(node)} to {_short(node.args[which])}", lambda n: n.args[which]
    if name in SWAPPED and isinstance(node.func, ast.Attribute):
        yield f"{name} to {SWAPPED[name]}", _renamed(SWAPPED[name])
    if name == "where" and count == 3:
        yield "the two sides of where", lambda n: _swapped(n, 1, 2)
    elif count >= 2 and (
        "kl" in name or "log_prob" in name or name in ("merged_gaussians", "draw")
    ):
        yield f"the arguments of {name}", lambda n: _swapped(n, 0, 1)
    for i, keyword in enumerate(node.keywords):
        if keyword.arg == "axis" and isinstance(axis := _number(keyword.value), int):
            other = {0: 1, 1: 0, -1: 0, 2: 1}.get(axis, 0)
            yield f"axis {axis} to {other}", lambda n, i=i, other=other: _axis(n, i, other)


def _number(node: ast.AST) -> int | None:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, int) else None


def _with(**fields) -> Plant:
    def plant(node: ast.expr) -> ast.expr:
        for name, value in fields.items():
            setattr(node, name, value)
        return node

    return plant


def _renamed(name: str) -> Plant:
    def plant(node: ast.expr) -> ast.expr:
        node.func.attr = name
        return node

    return plant


def _swapped(node: ast.expr, i: int, j: int) -> ast.expr:
    node.args[i], node.args[j] = node.args[j], node.args[i]
    return node


def _axis(node: ast.expr, i: int, axis: int) -> ast.expr:
    node.keywords[i].value = ast.Constant(axis)
    return node


def _sign(op: ast.AST) -> str:
    return {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(op)]


def _short(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) < 45 else f"{text[:42]}..."
