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


class _ShortLists(yaml.SafeDumper):
    """Lists in one line: [128, 64]."""

    def represent_list(self, data: list) -> yaml.Node:
        return self.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=True)


_ShortLists.add_representer(list, _ShortLists.represent_list)


def command_help(arguments: Arguments) -> str:
    """The help text; overrides before --help are taken into account (`model=vae --help`)."""
    command = arguments.command
    overrides = [first_of_sweep(override) for override in arguments.overrides]
    config = composed(command, overrides, arguments.config_dir)
    comments = catalog.comment_lines(catalog.commands()[command])
    description = comments[0] if comments else ""
    examples = [line.strip() for line in comments[1:] if line.strip().startswith("aecli ")]
    groups = config.choices
    words = " [group=option ...]" if groups else ""
    parts = [
        f"aecli {command}: {description}\n",
        f"usage: aecli {command}{words} [key=value ...] [options]\n",
        _groups(groups) if groups else "",
        _keys(config),
        options.help_lines(),
        "examples:\n" + "".join(f"  {line}\n" for line in examples) if examples else "",
        f"next: aecli list GROUP describes the options; aecli {command} GROUP=OPTION --help shows "
        "their keys\n" if groups else "",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part)


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


def _keys(config: Composed) -> str:
    """The composed YAML, each line with the comment that its file gives it."""
    comments: dict[str, str] = {}
    for path, package in config.sources:
        file = _file(path)
        if file is not None:
            prefix = f"{package}." if package else ""
            comments |= {prefix + k: text for k, text in catalog.key_comments(file).items()}
    tree: Any = OmegaConf.to_container(config.config)
    text = yaml.dump(_shown(tree), Dumper=_ShortLists, sort_keys=False)
    lines = ["keys, as they stand:"]
    above: list[str] = []
    for line in text.splitlines():
        line = re.sub(r"^( *)'(\w+)':", r"\1\2:", line)  # YAML 1.1 quotes keys such as n
        depth = (len(line) - len(line.lstrip())) // 2
        above = [*above[:depth], line.strip().partition(":")[0]]
        comment = comments.get(".".join(above))
        lines.append(f"  {line:38}  # {comment}" if comment else f"  {line}")
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
