"""Runs one command through hydra.main: composition, the checks before it, its exit code."""

import functools
import importlib
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from aecli import typed
from aecli.console import catalog, messages, options, root_keys, searchpath
from aecli.console.arguments import Arguments, parse
from aecli.console.compose import VERSION_BASE
from aecli.errors import BadRequest, Interrupted
from aecli.files import cannot_write
from aecli.jobs import hydra_sweep, launcher
from aecli.jobs.sweep import SUBDIR, Sweep, drop_empty_job_folder

BY_THEMSELVES = ("reproduce", "study", "tune")  # they compose several trainings each

QUIET = {  # Hydra writes nothing of its own: a run's folder is made by aecli.runs, after all checks
    "hydra.run.dir": ".",
    "hydra.output_subdir": "null",
    "hydra.job.chdir": "false",
    "hydra/job_logging": "none",
    "hydra/hydra_logging": "none",
}


def run(command: str, argv: list[str]) -> int:
    """Run `aecli <command> <argv>`; returns the exit code.

    0 done, 1 failed, 2 a bad request, 128 + n ended by signal n. Prints no traceback unless
    AECLI_TRACEBACK=1 or HYDRA_FULL_ERROR=1.
    """
    with_traceback = messages.traceback_wanted()
    arguments = Arguments(command, overrides=[])
    try:
        arguments = parse(command, argv)
        if arguments.has(options.HELP):
            from aecli.console.help import command_help

            print(command_help(arguments), end="")
            return 0
        return _through_hydra(arguments, with_traceback)
    except BaseException as error:
        return _ended(error, arguments, with_traceback)


def run_job(folder: str) -> int:
    """`aecli train resume=FOLDER`, and its exit code, without composing what the folder has."""
    from aecli.fit.start import resume

    asked = Arguments("train", overrides=[typed.override("resume", folder)])
    try:
        resume(folder, OmegaConf.create({"outputs": "outputs"}), [])
    except BaseException as error:
        return _ended(error, asked, messages.traceback_wanted())
    return 0


def _ended(raised: BaseException, arguments: Arguments, with_traceback: bool) -> int:
    """The exit code of a command that raised, told on stderr."""
    try:
        raise raised
    except SystemExit as stop:  # Hydra's own options end so, and a run that a signal stopped
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except Interrupted as stop:
        print(str(stop) or "interrupted", file=sys.stderr)
        return stop.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        return messages.report(error, arguments.command, arguments.overrides, with_traceback)


def _through_hydra(arguments: Arguments, with_traceback: bool) -> int:
    if arguments.command in BY_THEMSELVES and not arguments.has(options.COMPLETION):
        return importlib.import_module(f"aecli.commands.{arguments.command}").run(arguments)
    searchpath.register(arguments.config_dir)  # not by Hydra: as ./configs
    arguments = arguments.without(options.CONFIG_DIR)
    if hydra_sweep.is_one(arguments):
        return hydra_sweep.run(arguments, _own(arguments), _hydra_main)
    if launcher.is_one(arguments):
        return launcher.run(arguments, _own(arguments), _hydra_main)
    command, user_overrides = arguments.command, list(arguments.overrides)
    sweep = Sweep(user_overrides) if arguments.is_sweep else None
    codes: list[int] = []

    def task(config: DictConfig) -> None:
        line = sweep.announce() if sweep else ""
        try:
            _check(config)
            _main(command)(config)
            code = 0
        except Exception as error:  # reported here: the other jobs of a sweep go on
            code = messages.report(error, command, user_overrides, with_traceback)
            drop_empty_job_folder()
        codes.append(code)
        if sweep:
            sweep.codes[line] = code

    stated = {override.partition("=")[0] for override in user_overrides}
    arguments.overrides = _own(arguments)
    if sweep:
        arguments.overrides += [SUBDIR] if "hydra.sweep.subdir" not in stated else []
        arguments.overrides += sweep.placed()
        if sweep.replaces:  # here a job is checked as its turn comes, too late to delete the others
            raise BadRequest("replace=true of a sweep takes hydra/launcher=process\nleave one out")
    arguments.overrides += user_overrides
    try:
        _hydra_main(arguments, task)
    except BaseException:
        if sweep:
            sweep.finish()
        raise
    if sweep:
        return sweep.finish()
    return codes[0] if codes else 0


def _main(command: str) -> Callable[[DictConfig], None]:
    """What carries a command out: `main` of its file; the plot-* commands share one."""
    if command.startswith("plot-"):
        plot = importlib.import_module("aecli.commands.plot").main
        return functools.partial(plot, command=command)
    return importlib.import_module(f"aecli.commands.{command}").main


def _own(arguments: Arguments) -> list[str]:
    """The settings of Hydra that are ours, where the user states no other."""
    stated = {override.partition("=")[0] for override in arguments.overrides}
    own = {**QUIET, "hydra.job.name": arguments.command}
    return [f"{key}={value}" for key, value in own.items() if key not in stated]


def _hydra_main(arguments: Arguments, task: Callable[[DictConfig], None]) -> None:
    with _hydra_that_raises(arguments.argv()):
        folder, name = str(catalog.package_configs()), arguments.command
        try:
            hydra.main(config_path=folder, config_name=name, version_base=VERSION_BASE)(task)()
        except OSError as error:  # what a task raises, it reports: this is Hydra's own folder
            if isinstance(error, HydraException):
                raise
            raise cannot_write(str(error.filename or "."), error) from error


def _check(config: DictConfig) -> None:
    """Resolve everything now: a missing value is told before data are read."""
    OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
    OmegaConf.resolve(config)
    root_keys.check(config)


@contextmanager
def _hydra_that_raises(argv: list[str]) -> Iterator[None]:
    """Hydra reads sys.argv, and hands its errors on only if HYDRA_FULL_ERROR is 1."""
    old_argv, old_value = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    sys.argv = [old_argv[0], *argv]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    try:
        yield
    finally:
        sys.argv = old_argv
        os.environ.pop("HYDRA_FULL_ERROR")
        if old_value is not None:
            os.environ["HYDRA_FULL_ERROR"] = old_value
