"""The entry point: finds the command word and hands over. Standard library only until then."""

import importlib
import os
import sys
from collections.abc import Callable

from aecli import __version__
from aecli.console import catalog, command_words, options, streams

HELP = """\
aecli {version}: assemble an autoencoder from composable YAML, train it, look inside it.

usage: aecli COMMAND [key=value ...] [options]

commands:
{commands}

examples:
  aecli train                                        a first autoencoder, on data that is at hand
  aecli train model=vae dataset=mnist trainer.epochs=5
  aecli plot-manifold                                the latent space of the latest run

next:
  aecli COMMAND --help    its keys, their defaults and the choices of each group
  aecli list              every model, network, loss, dataset ... that can be chosen
  aecli -sc install=bash  how to switch on tab completion (bash, zsh, fish)
"""


def help_text() -> str:
    commands = catalog.commands()
    width = max(map(len, commands), default=0)
    lines = [f"  {name:{width}}  {catalog.description(file)}" for name, file in commands.items()]
    return HELP.format(version=__version__, commands="\n".join(lines))


def dispatch(argv: list[str]) -> int:
    if not argv or argv[0] in ("help", options.HELP.name, options.HELP.short):
        if argv[:1] == ["help"] and len(argv) > 1:
            return dispatch([argv[1], options.HELP.name])
        print(help_text(), end="")
        return 0
    if "--version" in argv:
        print(f"aecli {__version__}")
        return 0
    if options.BY_WORD.get(argv[0]) is options.COMPLETION:
        return importlib.import_module("aecli.completion").run(argv)
    if argv[0] not in catalog.commands():
        print(command_words.unknown(argv), file=sys.stderr)
        return 2
    if not _has_a_folder():
        print("error: the current folder was deleted\nhint:  cd into one", file=sys.stderr)
        return 2
    return importlib.import_module("aecli.dispatch").run(argv[0], argv[1:])


def _has_a_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def main() -> int:
    """Run the command line `sys.argv[1:]` and return its exit code."""
    if "AECLI_PARENT_PIPE" in os.environ:
        importlib.import_module("aecli.jobs.pool").go_with_the_parent()
    return lasting(lambda: dispatch(sys.argv[1:]), "".join(sys.argv[1:2]))


def lasting(action: Callable[[], int], command: str) -> int:
    """The exit code of an action whose streams outlive their readers."""
    out = streams.lasting()
    try:
        code = action()
    except KeyboardInterrupt:
        code = 130
    return streams.exit_code(code, command, out)
