"""aecli train hydra/launcher=slurm: the jobs of a sweep, carried out by one of Hydra's launchers.

The jobs are composed and frozen here, as for processes of ours; each is then launched as a resume,
in a process of its own: a job that a scheduler starts anew goes on from its last checkpoint.
"""

import functools
import importlib.util
import os
import pathlib
import sys
import time
from collections.abc import Callable

from hydra import compose, initialize_config_dir
from hydra.errors import MissingConfigException
from omegaconf import DictConfig

from aecli import typed
from aecli.console import catalog, options
from aecli.console.arguments import Arguments
from aecli.console.compose import VERSION_BASE
from aecli.errors import BadRequest, Interrupted
from aecli.jobs import hydra_sweep
from aecli.jobs.pool import run_all
from aecli.runs import sweeps
from aecli.training.signals import Signals
from aecli.typed import quoted

EXTRAS = {  # launcher: package, extra
    "slurm": ("hydra_submitit_launcher", "slurm"),
    "submitit_slurm": ("hydra_submitit_launcher", "slurm"),
    "submitit_local": ("hydra_submitit_launcher", "slurm"),
    "ray_cluster": ("hydra_ray_launcher", "ray"),
    "ray": ("hydra_ray_launcher", "ray"),
}
OURS = ("process", "basic")  # without a launcher's plugin


def is_one(arguments: Arguments) -> bool:
    """Whether jobs are to be carried out elsewhere. Raises BadRequest where that cannot be."""
    stated = typed.stated(arguments.overrides)
    launcher = stated.get("hydra/launcher", "process")
    if launcher in OURS or arguments.has(*options.LOOKS, options.COMPLETION):
        return False
    if arguments.command != "train":
        raise BadRequest(f"hydra/launcher={launcher} is for aecli train alone")
    package, extra = EXTRAS.get(launcher, (None, None))
    if package is not None and not _is_installed(package):
        raise BadRequest(f"hydra/launcher={launcher} needs: pip install 'aecli[{extra}]'")
    return True


def run(arguments: Arguments, own: list[str], hydra_main: Callable) -> int:
    """The whole command; a single run is a sweep of one."""
    kinds = ("hydra/launcher=", "hydra.launcher.", "+hydra.launcher.")
    launcher = [o for o in arguments.overrides if o.startswith(kinds)]
    arguments.overrides = [o for o in arguments.overrides if o not in launcher]
    _check(launcher)
    train = functools.partial(train_all, launcher=launcher, own=own, hydra_main=hydra_main)
    return hydra_sweep.run(arguments, own, hydra_main, train)


def _check(launcher: list[str]) -> None:
    """Compose it once, before any job is frozen. Raises BadRequest, and what Hydra raises."""
    with initialize_config_dir(str(catalog.package_configs()), version_base=VERSION_BASE):
        try:
            compose("train", launcher, return_hydra_config=True)
        except MissingConfigException:
            known = [file.stem for file in catalog.package_configs().glob("hydra/launcher/*.yaml")]
            raise BadRequest(
                f"{launcher[0]} is not there\nhydra/launcher is one of: process, submitit_local, "
                f"{', '.join(sorted(known))}, or of a plugin of Hydra's that is installed"
            ) from None


def train_all(
    sweep: sweeps.Sweep, launcher: list[str], own: list[str], hydra_main: Callable
) -> int:
    """Each job that is not done. Returns 0, or 1 where one failed."""
    left, total = sweep.left, len(sweep.jobs)
    through = launcher[0].partition("=")[2]
    print(
        f"sweep  {total} jobs, {len(left)} to train, through {through}   {sweep.folder}", flush=True
    )
    here, starts = os.getcwd(), time.monotonic()

    def train_there(config: DictConfig) -> int:
        return carry_out(config.resume, here)

    asked = Arguments("train").as_sweep()
    folders = ",".join(quoted(str(job.folder.absolute())) for job in left)
    place = f"hydra.sweep.dir={quoted(str(sweep.folder.absolute()))}"
    asked.overrides = [*own, *launcher, place, "hydra.sweep.subdir=.", f"resume={folders}"]
    trouble = _launched(asked, hydra_main, train_there) if left else ""
    done = sum(job.state == "done" for job in sweep.jobs)
    print(f"sweep  {done} of {total} jobs done in {time.monotonic() - starts:.0f}s")
    failed = [job for job in left if job.state != "done"]
    for job in failed:
        why = hydra_sweep.last_error(job.folder / hydra_sweep.OUTPUT) or trouble or job.state
        print(f"failed [{job.number}/{total}] {job.line}".rstrip() + f": {why}", file=sys.stderr)
    if failed:
        again = typed.command("train", typed.override("sweep", sweep.folder), *launcher)
        print(f"again  {again}", file=sys.stderr)
    return 1 if failed else 0


def _launched(asked: Arguments, hydra_main: Callable, job: Callable[[DictConfig], int]) -> str:
    """Until all jobs have ended; -> what the launcher itself complained of, in a line."""
    try:
        with Signals():
            hydra_main(asked, job)
    except (Interrupted, BadRequest):
        raise
    except Exception as error:  # a job's own failure is in its folder
        lines = str(error).strip().splitlines() or [""]
        return f"{type(error).__name__}: {lines[0]}"
    return ""


def carry_out(folder: str, here: str) -> int:
    """On the machine of the job: train it in a process, from where the command was given."""
    os.chdir(here)
    work = hydra_sweep.work(pathlib.Path(folder))
    run_all([work], 1, None, lambda work: None)
    assert work.code is not None  # it has ended
    return work.code


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(f"hydra_plugins.{package}") is not None
    except ModuleNotFoundError:
        return False
