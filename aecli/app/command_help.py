"""`aecli COMMAND --help`, made from the composed config and the comments in its YAML files."""

import shutil
import textwrap

from omegaconf import OmegaConf

from aecli.app import catalog
from aecli.app.arguments import Arguments
from aecli.app.compose import Composed, composed

OPTIONS = """\
options:
  -m, --multirun       one run for each combination of values: model=ae,vae model.latent_dim=2,8
  --cfg job            print the composed config and stop
  --info defaults      which YAML files it was composed from
  --config-dir DIR     one more folder of YAML options (./configs is one already)
"""


def command_help(arguments: Arguments) -> str:
    """The help text; overrides before --help are taken into account (`model=vae --help`)."""
    command = arguments.command
    config = composed(command, arguments.overrides, arguments.options.get("--config-dir"))
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
        OPTIONS,
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
    lines = ["keys, as they stand:"]
    stack: list[str] = []
    for line in OmegaConf.to_yaml(config.config).splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        name = line.strip().partition(":")[0]
        if name == "_target_":
            continue
        stack = [*stack[:depth], name]
        comment = comments.get(".".join(stack))
        lines.append(f"  {line:38}  # {comment}" if comment else f"  {line}")
    return "\n".join(lines) + "\n"


def _file(path: str):
    group, _, name = path.rpartition("/")
    if not group:
        return catalog.commands().get(name)
    return next((o.file for o in catalog.options(group) if o.name == name), None)
