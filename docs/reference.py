"""The pages of the reference: one a group of configs, one of the commands, one a room of Python."""

import ast
import inspect
import itertools
import pathlib
import re
import shutil

ROOT = pathlib.Path(__file__).parents[1]
CONFIGS = ROOT / "configs"
ROOMS = {  # what is used from Python, and what somebody adds to
    "runs": "Runs", "models": "Models", "latents": "Posteriors, priors, annealing",
    "networks": "Networks", "losses": "Losses", "noise": "Noise", "augment": "Augmentations",
    "datasets": "Data sets", "samplers": "Samplers", "metrics": "Metrics", "figures": "Figures",
}  # fmt: skip


def write(docs: pathlib.Path) -> None:
    """Writes docs/reference/ anew; the classes' settings get into their docstrings."""
    from aecli import names

    for name in names.places():
        names.find(name)
    folder = docs / "reference"
    shutil.rmtree(folder, ignore_errors=True)
    pages = {"commands": _of_commands()}
    groups = sorted(p for p in CONFIGS.iterdir() if p.is_dir() and p.name != "hydra")
    pages |= {f"keys/{group.name}": _of_group(group) for group in groups}
    pages |= {f"python/{room}": _of_room(room, title) for room, title in ROOMS.items()}
    toctree = ["```{toctree}", ":maxdepth: 1", *pages, "```"]
    told = "Written from the YAML files and the docstrings of this version."
    pages["index"] = "\n".join(["# Reference", "", told, "", *toctree, ""])
    for name, text in pages.items():
        path = folder / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def is_foreign(app, what, name, obj, skip, options) -> bool | None:
    """Whether autodoc is to leave out a member: true of what a library made."""
    return None if getattr(obj, "__module__", "aecli").startswith("aecli") else True


def as_plain_text(app, what, name, obj, options, lines) -> None:
    """Keeps autodoc from reading a docstring as markup: ours are plain text."""
    text, _, settings = "\n".join(lines).partition("\nSettings:\n")
    lines[:] = [line.strip() for line in _escaped(text).splitlines()]  # an indent is no quotation
    if settings:
        one = re.compile(r"^    (\w+)(: .*)\n(?:        (.*)\n?)?", re.M)
        found = one.findall(settings + "\n")
        lines += ["", *(f"* **{name}**{_escaped(kind)}" + (f"; {_escaped(said)}" if said else "")
                        for name, kind, said in found), ""]  # fmt: skip


def _escaped(text: str) -> str:
    return re.sub(r"([*|`\\_])", r"\\\1", text)


def with_settings(app, what, name, obj, options, signature, returns):
    """A class's settings and their defaults in place of Keras's (*args, **kwargs)."""
    if what != "class" or "**kwargs" not in (signature or ""):
        return None
    settings = inspect.signature(obj).parameters.values()
    return f"({', '.join(str(one.replace(annotation=one.empty)) for one in settings)})", returns


def _said(text: str) -> str:
    """The first comment of a YAML: what it is."""
    lines = (line[2:] for line in text.splitlines() if line.startswith("# "))
    return next((line for line in lines if not line.startswith("@")), "")


def _of_commands() -> str:
    told = "`aecli COMMAND --help` shows the same on the terminal."
    return _of_configs("Commands", told, sorted(CONFIGS.glob("*.yaml")), CONFIGS)


def _of_group(group: pathlib.Path) -> str:
    told = f"`aecli train {group.name}=OPTION`; `aecli list {group.name}` on the terminal."
    return _of_configs(group.name, told, sorted(group.rglob("*.yaml")), group)


def _of_configs(title: str, told: str, files: list[pathlib.Path], under: pathlib.Path) -> str:
    parts = [f"# {title}", told]
    for file in files:
        text, name = file.read_text().rstrip(), file.relative_to(under).with_suffix("")
        said = _said(text)
        rest = [line for line in text.splitlines() if line != f"# {said}" and not _is_mark(line)]
        text = "\n".join(itertools.dropwhile(lambda line: line in ("#", ""), rest))
        parts += [f"## {name}", f"{said}.", f"```yaml\n{text}\n```"]
    return "\n\n".join(parts) + "\n"


def _is_mark(line: str) -> bool:
    """Whether it is of aecli list: a family, another name."""
    return line.startswith(("# @family", "# @also", "# @loss", "# @network"))


def _of_room(room: str, title: str) -> str:
    files = [file for file in sorted((ROOT / "aecli" / room).rglob("*.py")) if _is_public(file)]
    modules = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    parts = [f"## {name}\n\n```{{eval-rst}}\n.. automodule:: {name}\n```" for name in modules]
    return "\n\n".join([f"# {title}", *parts]) + "\n"


def _is_public(file: pathlib.Path) -> bool:
    """Whether a module has a public class or function with a docstring."""
    nodes = [
        node
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_")
    ]
    return not file.name.startswith("_") and any(ast.get_docstring(node) for node in nodes)
