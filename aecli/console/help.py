"""`aecli COMMAND --help`, made from the composed config and the comments in its YAML files."""

import re
import shutil
import textwrap
from typing import Any

import yaml
from omegaconf import OmegaConf

from aecli.console import catalog, options
from aecli.console.arguments import Arguments
from aecli.console.compose import Composed, composed, first_of_sweep

KEY = 38  # characters of a key and its value, before its comment
WIDE = 50  # characters of a command, beside which there is room on a line of 80


class _ShortLists(yaml.SafeDumper):
    """Lists in one line: [128, 64]."""

    def represent_list(self, data: list) -> yaml.Node:
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_ShortLists.add_representer(list, _ShortLists.represent_list)


def command_help(arguments: Arguments) -> str:
    """The help text; overrides before --help are taken into account (`model=vae --help`).

    Of a command whose YAML names everyday keys it has those, and the keys of what is chosen
    before --help; all of them with --help=all.
    """
    command = arguments.command
    overrides = [first_of_sweep(override) for override in arguments.overrides]
    config = composed(command, overrides, arguments.config_dir)
    file = catalog.commands()[command]
    comments = catalog.comment_lines(file)
    description = comments[0] if comments else ""
    examples = [line.strip() for line in comments[1:] if line.strip().startswith("aecli ")]
    everyday, about = catalog.everyday(file), {}
    groups = config.choices
    words = " [group=option ...]" if groups else ""
    if everyday and arguments.options.get(options.HELP.name) is None:
        about = {"--help=all": f"all keys of aecli {command}, and what each group can be"}
        chosen = {re.split(r"[./@=]", override.lstrip("+~"))[0] for override in overrides}
        inside = [group for group in groups if "/" in group and group.split("/")[0] in chosen]
        groups = {group: groups[group] for group in inside}
        keys = "" if not chosen else _keys(config, chosen)
    else:
        everyday, keys = {}, _keys(config)
    parts = [
        f"aecli {command}: {description}\n",
        f"usage: aecli {command}{words} [key=value ...] [options]\n",
        _everyday(everyday, config) if everyday else "",
        _groups(groups) if groups else "",
        keys,
        options.help_lines(about),
        _examples(examples) if examples else "",
        f"next: aecli list GROUP describes the options; aecli {command} GROUP=OPTION --help shows "
        "their keys\n" if words else "",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)


def _examples(lines: list[str]) -> str:
    """Commands, with what they do beside them where that has room."""
    pairs = [re.split(r" {2,}", line, maxsplit=1) for line in lines]
    width = max((len(c) for c, *text in pairs if text and len(c) <= WIDE), default=0)
    text = (f"  {'  '.join([command.ljust(width), *text])}".rstrip() for command, *text in pairs)
    return "\n".join(["examples:", *text]) + "\n"


def _everyday(keys: dict[str, str], config: Composed) -> str:
    """A line each, with the value as it stands where the YAML shows no other."""
    lines = {}
    for words, text in keys.items():
        key = words.partition("=")[0]
        value = config.choices.get(key)
        if "=" not in words:
            words += f"={OmegaConf.select(config.config, key) if value is None else value}"
        lines[words] = text
    width = max(map(len, lines))
    text = "".join(f"  {words:{width}}  {text}\n" for words, text in lines.items())
    return f"everyday keys, as they stand:\n{text}"


def _groups(groups: dict[str, str | list[str] | None]) -> str:
    width = max(map(len, groups)) + 2
    columns = shutil.get_terminal_size().columns
    lines = ["groups, and what each can be (* = as it stands):"]
    for group, choice in groups.items():
        chosen = choice if isinstance(choice, list) else [choice]
        names = [o.name + "*" * (o.name in chosen) for o in catalog.options(group)]
        lines += textwrap.wrap(
            " ".join(names),
            max(columns, 60),
            initial_indent=f"  {group:{width}}",
            subsequent_indent=" " * (width + 2),
            break_on_hyphens=False,
        )
    return "\n".join(lines) + "\n"


def _keys(config: Composed, only: set[str] | None = None) -> str:
    """The composed YAML, each line with the comment that its file gives it.

    only: keys at its root, instead of all; where they have none below them, nothing.
    """
    comments: dict[str, str] = {}
    for path, package in config.sources:
        file = _file(path)
        if file is not None:
            prefix = f"{package}." if package else ""
            comments |= {prefix + k: text for k, text in catalog.key_comments(file).items()}
    tree: Any = OmegaConf.to_container(config.config)
    if only is not None:
        tree = {key: value for key, value in tree.items() if key in only}
    if not (tree := _shown(tree)):
        return ""
    text = yaml.dump(tree, Dumper=_ShortLists, sort_keys=False)
    lines = ["keys, as they stand:"]
    above: list[str] = []
    shown = [re.sub(r"^( *)'(\w+)':", r"\1\2:", line) for line in text.splitlines()]  # YAML 1.1: n
    width = min(max(map(len, shown)), KEY)
    for line in shown:
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], line.strip().partition(":")[0]]
        comment = comments.get(".".join(above))
        lines.append(f"  {line:{width}}  # {comment}" if comment else f"  {line}")
    return "\n".join(lines) + "\n"


def _shown(tree: dict) -> dict:
    """Without `_target_`, and without what then has no keys."""
    kept = {key: _shown(v) if isinstance(v, dict) else v for key, v in tree.items()}
    return {k: v for k, v in kept.items() if not k.startswith("_") and v != {}}


def _file(path: str):
    group, _, name = path.rpartition("/")
    if not group:
        return catalog.commands().get(name)
    return next((o.file for o in catalog.options(group) if o.name == name), None)
