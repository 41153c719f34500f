"""Imports go one way, rooms do not import each other, Hydra stays in its rooms."""

import ast
import pathlib

import pytest

PACKAGE = pathlib.Path(__file__).parent.parent / "aecli"
FILES = sorted(PACKAGE.rglob("*.py"))
CONFIGS = PACKAGE.parent / "configs"
LAYERS = [
    {"cores", "memory", "pinned"},
    {
        "errors",
        "files",
        "limits",
        "look",
        "component",
        "dataspec",
        "direction",
        "philox",
        "quantity",
        "typed",
        "visible",
        "__init__",
    },
    {"cache", "locking", "serial", "divergences", "untrusted"},
    {"networks", "losses", "noise", "augment", "datasets"},
    {"latents", "samplers"},
    {"models"},
    {"training"},
    {"build", "targets"},
    {"runs"},
    {"console", "io"},
    {"metrics", "comparison", "proofs"},
    {"jobs"},
    {"fit", "tuning", "page", "packing", "explore", "figures", "inspection"},
    {"reproduction", "study"},
    {"api", "sklearn"},
    {"commands"},
    {"cli", "dispatch", "completion", "with_keras", "names", "classes", "__main__", "forked"},
]
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
SEPARATE = ["networks", "losses", "noise", "augment", "datasets"]
HYDRA = {"console", "dispatch", "build", "runs", "jobs", "fit", "tuning", "io", "metrics"}
HYDRA |= {"api", "figures", "commands", "page", "reproduction", "study"}
MODULES = {
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in FILES
}


def room(path: pathlib.Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: pathlib.Path):
    """Names of modules, or of what is in them; texts that are a module's name count."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else node.module for name in names)
        elif isinstance(node, ast.Constant) and node.value in MODULES:
            yield node.value


def test_no_file_leads_back_to_itself():
    leads_to = {
        name: {other for other in imported(path) if other in MODULES and other != "aecli"}
        for name, path in MODULES.items()
    }
    finished: set[str] = set()

    def walk(name: str, way: tuple[str, ...]):
        assert name not in way, " > ".join([*way[way.index(name) :], name])
        if name not in finished:
            for other in sorted(leads_to[name]):
                walk(other, (*way, name))
            finished.add(name)

    for name in MODULES:
        walk(name, ())


def test_a_command_is_one_file():
    """Of its own, named as it is typed; the plot-* commands share one."""
    typed = {path.stem.partition("-")[0] for path in CONFIGS.glob("[!_]*.yaml")}
    assert {path.stem for path in (PACKAGE / "commands").iterdir()} - {
        "__init__",
        "__pycache__",
    } == typed


def test_every_room_has_a_rank():
    assert {room(path) for path in FILES} <= set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    here = room(path)
    for name in imported(path):
        parts = name.split(".")
        if parts[0] == "aecli" and len(parts) > 1 and parts[1] in RANK and parts[1] != here:
            there = parts[1]
            entry = here in ("__init__", "cli", "__main__")  # the package's doors
            assert entry or RANK[there] <= RANK[here], f"{here} imports {there}"
            assert not (here in SEPARATE and there in SEPARATE), f"{here} imports {there}"
        if parts[0] in ("hydra", "omegaconf"):
            assert here in HYDRA, f"{here} imports {parts[0]}"


def test_files_stay_rooms_not_halls():
    long = {str(p): n for p in FILES if (n := len(p.read_text().splitlines())) > 260}
    assert not long


REWRITES = {"replace", "removeprefix", "removesuffix", "partition", "rpartition", "translate"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_nobody_rewrites_the_text_of_an_error(path):
    """str(error).replace(...) changes paths in it as well: an error of ours carries its key."""
    for handler in ast.walk(ast.parse(path.read_text())):
        if not isinstance(handler, ast.ExceptHandler) or handler.name is None:
            continue
        for node in ast.walk(handler):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", None) in REWRITES:
                names = {n.id for n in ast.walk(node.func) if isinstance(n, ast.Name)}
                assert handler.name not in names, f"line {node.lineno}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_error_is_its_own_cause(path):
    """`raise a or error from error`: who walks along the causes would never end."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Raise) or not isinstance(node.cause, ast.Name):
            continue
        raised = [node.exc]
        while raised:
            one = raised.pop()
            raised += getattr(one, "values", [])  # a or b
            raised += [getattr(one, side) for side in ("body", "orelse") if hasattr(one, side)]
            assert getattr(one, "id", None) != node.cause.id, f"line {node.lineno}"
