"""One option or command in full: what it is, what it needs, its keys, and the line to type."""

import ast
import dataclasses
import functools
import pathlib
import re
from typing import Any

import yaml
from omegaconf import OmegaConf

from aecli import typed
from aecli.console import catalog, compose, subgroups

NEEDS = {  # a class attribute that is true: what that asks for
    "is_of_text": "sentences: dataset=text",
    "is_of_series": "series: dataset=series",
    "needs_unit_range": "values in [0, 1]: dataset.scale=minmax where they are others",
    "is_of_whole_images": "images or series without gaps",
}
PACKAGE = pathlib.Path(catalog.__file__).parents[1]
OF_A_COMMAND = {  # group: whose bare word it is
    "reproduce": ("reproduce",),
    "design": ("study",),
    "suite": ("bench", "suite"),
}
FIRST = ("train", "generate")  # that are asked whether they take an option
LABELS = "labels: a data set that has them"


@dataclasses.dataclass(frozen=True)
class Described:
    """group: "" for a command. about: its lines of words; paper: "" where none is named.

    needs: what else must be chosen or there; sets: what it chooses of other groups; keys: {dotted
    key: (value, comment)}; command: the line to type.
    """

    group: str
    name: str
    file: str
    about: list[str]
    paper: str
    needs: list[str]
    sets: list[str]
    keys: dict[str, tuple[Any, str]]
    command: str


def found(word: str) -> list[Described]:
    """All that have this name: options as NAME or GROUP/NAME, and the command."""
    group, _, name = word.rpartition("/")
    groups = [one for one in catalog.groups() if group in ("", one)]
    options = [(g, o) for g in groups for o in catalog.options(g) if o.name == name]
    made = [option(g, o) for g, o in options]
    file = catalog.commands().get(word)
    return made if file is None else [*made, command(word, file)]


def names() -> list[str]:
    """Every name that `found` knows, without its group."""
    options = [option.name for group in catalog.groups() for option in catalog.options(group)]
    return [*dict.fromkeys([*options, *catalog.commands()])]


def command(name: str, file: pathlib.Path) -> Described:
    """What a command is, from its YAML."""
    about = catalog.comment_lines(file)
    comments = catalog.key_comments(file)
    own = {k: v for k, v in subgroups.mapping(file).items() if k != "defaults"}
    keys = {key: (value, comments.get(key, "")) for key, value in own.items()}
    return Described("", name, str(file), about, "", [], [], keys, f"aecli {name} --help")


def option(group: str, one: catalog.Option) -> Described:
    """What an option is, from its YAML and the class that it names."""
    about = catalog.comment_lines(one.file)
    line = words(group, one.name)
    composed = (
        None if line is None or group in OF_A_COMMAND else compose.composed(line[0], list(line[1:]))
    )
    node, values = place(group, one), {}
    if composed is not None and node:
        values = _flat(OmegaConf.to_container(OmegaConf.select(composed.config, node)), f"{node}.")
    elif composed is not None:
        values = _flat(subgroups.mapping(one.file), "")
    comments: dict[str, str] = {}
    for path, package in composed.sources if composed else [(f"{group}/{one.name}", "")]:
        if (file := _file(path)) is not None:
            prefix = f"{package}." if package else ""
            comments |= {prefix + k: text for k, text in catalog.key_comments(file).items()}
    target = _target(one.file, composed, node)
    return Described(
        group=group,
        name=one.name,
        file=str(one.file),
        about=about,
        paper="; ".join(papers(about, target)),
        needs=_needs(one, target, composed),
        sets=_sets(group, line, composed),
        keys={key: (value, comments.get(key, "")) for key, value in values.items()},
        command=typed.command(*line) if line else "",
    )


def words(group: str, name: str) -> tuple[str, ...] | None:
    """The command that takes an option, and its words; None where none does."""
    choice = f"{group}={name}"
    if group in OF_A_COMMAND:
        return *OF_A_COMMAND[group], name
    for word in (*FIRST, *catalog.commands()):
        stated = compose.declared(word)
        if group in stated:
            return (word, f"+{choice}" if isinstance(stated[group], list) else choice)
        if having := subgroups.options_having(group):
            return "train", f"{group.rpartition('/')[0]}={having[0]}", choice
    return None


def place(group: str, one: catalog.Option) -> str:
    """The dotted key of an option's settings in a config, "" for the root."""
    stated = re.search(r"@package\s+(\S+)", "\n".join(catalog.head(one.file)))
    if stated is None or stated[1] == "_global_":
        return "model" if group == "model" else "" if stated else group.replace("/", ".")
    return stated[1]


def papers(about: list[str], target: str) -> list[str]:
    """What the words of an option cite, or else the docstrings of its class and its file."""
    cited = [text for line in about for text in re.findall(r"\(([A-Z][^()]* [12]\d{3})\)", line)]
    for text in () if cited else (_class(target).doc, _module_doc(target)):
        found = re.findall(r"[A-Z][\w'&-]+(?:,? (?:and |& )?[A-Z][\w'&-]+)*,? \(?[12]\d{3}", text)
        cited += [re.sub(r"[(,]", "", " ".join(one.split())) for one in found]
    return [*dict.fromkeys(cited)][:2]


@dataclasses.dataclass(frozen=True)
class _Read:
    """What the source of a class says: its docstring, and its attributes that are constants."""

    doc: str = ""
    constants: dict[str, Any] = dataclasses.field(default_factory=dict)


@functools.cache
def _class(target: str) -> _Read:
    """Of aecli's own alone, and without importing it: TensorFlow takes seconds."""
    module, _, name = target.rpartition(".")
    tree = _tree(module)
    node = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name), None)
    if node is None:
        return _Read()
    from_where = {
        alias.asname or alias.name: f"{one.module}.{alias.name}"
        for one in tree.body
        if isinstance(one, ast.ImportFrom)
        for alias in one.names
    }
    constants: dict[str, Any] = {}
    for base in node.bases:
        if isinstance(base, ast.Name):
            constants |= _class(from_where.get(base.id, f"{module}.{base.id}")).constants
    for one in node.body:
        if isinstance(one, ast.AnnAssign) and isinstance(one.value, ast.Constant):
            constants[ast.unparse(one.target)] = one.value.value
    return _Read(ast.get_docstring(node) or "", constants)


@functools.cache
def _tree(module: str) -> ast.Module:
    file = PACKAGE.joinpath(*module.split(".")[1:]).with_suffix(".py")
    if not module.startswith("aecli.") or not file.is_file():
        return ast.Module([], [])
    return ast.parse(file.read_text(encoding="utf-8"))


def _module_doc(target: str) -> str:
    return ast.get_docstring(_tree(target.rpartition(".")[0])) or ""


def _target(file: pathlib.Path, composed: compose.Composed | None, node: str) -> str:
    own = subgroups.mapping(file).get("_target_")
    if own is None and composed is not None and node:
        own = OmegaConf.select(composed.config, f"{node}._target_")
    return str(own or "")


def _needs(one: catalog.Option, target: str, composed: compose.Composed | None) -> list[str]:
    known = _class(target).constants
    needs = [text for name, text in NEEDS.items() if known.get(name) is True][:1]
    if one.partner:
        needs.append(one.partner)
    if composed is not None and OmegaConf.select(composed.config, "model.condition") == "label":
        needs.append(LABELS)
    return needs


def _sets(group: str, line, composed: compose.Composed | None) -> list[str]:
    """What is chosen of other groups beside it, where that is not as it stands anyway."""
    if line is None or composed is None:
        return []
    usual = compose.declared(line[0])
    return [
        chosen
        for other, choice in composed.choices.items()
        if other in usual
        and other != group
        and choice not in (None, usual[other])
        and not isinstance(choice, list)
        and (chosen := f"{other}={choice}") not in line
    ]


def _flat(tree: Any, prefix: str) -> dict[str, Any]:
    """{dotted key: value} of a mapping, without `_target_`, `defaults` and the like."""
    found: dict[str, Any] = {}
    for key, value in tree.items() if isinstance(tree, dict) else ():
        if str(key).startswith("_") or key == "defaults":
            continue
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{key}.")
        else:
            found[f"{prefix}{key}"] = value
    return found


def in_yaml(value: Any) -> str:
    """A value as a YAML has it, in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")


def _file(path: str) -> pathlib.Path | None:
    group, _, name = path.rpartition("/")
    return next((o.file for o in catalog.options(group) if o.name == name), None) if group else None
