"""aecli train -m: Hydra composes the jobs; each is then frozen and trained by its own process."""

import contextlib
import math
import pathlib
import sys
import tempfile
import time
from collections.abc import Callable

from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from aecli import build, cores, runs, typed
from aecli.comparison import leaderboard_of_sweep
from aecli.console import options, root_keys
from aecli.console.arguments import Arguments
from aecli.console.wanted import NAMES
from aecli.errors import BadRequest, Interrupted
from aecli.jobs import warm
from aecli.jobs.pool import Work, run_all
from aecli.jobs.sweep import SUBDIR, Sweep, drop_empty_job_folder
from aecli.locking import locked
from aecli.runs import place, sweeps
from aecli.typed import quoted
from aecli.untrusted.bounded import check_writable, read_end

OUTPUT = "console.txt"  # in a job's folder: what its process said
MAX_SAID = 100_000  # bytes of it that are looked at

# hydra/launcher=process: Hydra's own launcher only composes, the processes are ours
ConfigStore.instance().store(
    group="hydra/launcher",
    name="process",
    node={"_target_": "hydra._internal.core_plugins.basic_launcher.BasicLauncher"},
    provider="aecli",
)


def is_one(arguments: Arguments) -> bool:
    """Whether this is `aecli train` for several jobs, by processes of ours."""
    stated = typed.stated(arguments.overrides)
    if arguments.command != "train" or arguments.has(*options.LOOKS):
        return False
    several = arguments.is_sweep or "seeds" in stated or "sweep" in stated
    if several and stated.get("dry_run", "false").lower() == "true":
        raise BadRequest("dry_run=true is of one training\nleave out -m, seeds and sweep")
    return several and stated.get("hydra/launcher", "process") == "process"


def run(
    arguments: Arguments,
    own: list[str],
    hydra_main: Callable,
    train: Callable[[sweeps.Sweep], int] | None = None,
) -> int:
    """The whole command: compose, freeze or find again, train, report.

    train: what to do with the jobs where they are not for processes of this machine.
    """
    overrides = _with_seeds(arguments.overrides)
    stated = typed.stated(overrides)
    arguments = arguments.as_sweep()
    known = (
        sweeps.find(stated["sweep"], stated.get("outputs", "outputs"))
        if "sweep" in stated
        else None
    )
    pays = 2 if known is None else 1 if len(known.left) > 1 else 0
    collected = ProcessSweep(train, pays)
    with contextlib.ExitStack() as stack:
        place = Sweep(overrides)
        if known is not None:  # composed for comparison only
            unseen = stack.enter_context(_unseen(known.folder))
            own = [*own, f"hydra.sweep.dir={quoted(unseen)}"]
        else:
            stack.callback(place.release_folder)
            own = [*own, *place.placed()]
        arguments.overrides = [*own, SUBDIR, *overrides]
        hydra_main(arguments, collected.collect)
        if collected.refused is not None:
            raise collected.refused
        folder = known.folder if known else place.folder or place.stated_folder
        assert folder is not None  # claimed, stated or found
        return collected.carry_out(folder, known)


def _unseen(folder: pathlib.Path) -> tempfile.TemporaryDirectory:
    """A folder in `folder` for as long as it is needed."""
    return tempfile.TemporaryDirectory(prefix=".composed.", suffix=".tmp", dir=folder)


def _with_seeds(overrides: list[str]) -> list[str]:
    """seeds=3 is short for seed=0,1,2."""
    stated = typed.stated(overrides)
    if "seeds" not in stated:
        return overrides
    count = stated["seeds"]
    if not count.isascii() or not count.isdigit() or not 1 <= int(count) <= 1000:
        raise BadRequest(f"seeds must be a whole number from 1 to 1000; got {count}")
    if "seed" in stated:
        raise BadRequest(f"seed={stated['seed']} and seeds={count}: state one of them")
    rest = [override for override in overrides if not override.startswith("seeds=")]
    return [*rest, "seed=" + ",".join(map(str, range(int(count))))]


class ProcessSweep:
    """Collects the jobs of one command, then carries them out."""

    def __init__(self, train: Callable[[sweeps.Sweep], int] | None = None, pays: int = 0) -> None:
        """pays: after so many jobs it is known that a server of warm ones does; 0: never."""
        self.train, self.pays = train, pays
        self.asked: list[sweeps.Asked] = []
        self.settings: DictConfig | None = None
        self.refused: BadRequest | None = None

    def collect(self, config: DictConfig) -> None:
        """One composed job, under Hydra, which prints a line of its own of what is raised."""
        try:
            self._collect(config)
        except BadRequest as error:
            self.refused = self.refused or error

    def _collect(self, config: DictConfig) -> None:
        drop_empty_job_folder()  # Hydra's; ours is made once every job is known to be right
        hydra = HydraConfig.get()
        OmegaConf.resolve(config)
        OmegaConf.to_container(config, throw_on_missing=True)
        self.settings = config
        root_keys.check(config)
        told = {override: override.partition("=")[0] for override in hydra.overrides.task}
        overrides = [word for word, key in told.items() if key not in root_keys.NOT_OF_A_JOB]
        cfg = root_keys.of_run(config)
        if cfg.trainer.threads is None and self.train is None:
            cfg.trainer.threads = threads(config.n_jobs)
        build.refuse_unstorable(cfg)  # each job's process will read it
        names = {key: hydra.runtime.choices[key] for key in NAMES}
        self.asked.append(sweeps.Asked(overrides, cfg, names))
        if self.train is None and len(self.asked) == self.pays:
            warm.get_ready(cfg, config.gpus)

    def carry_out(self, folder: pathlib.Path, known: sweeps.Sweep | None) -> int:
        """Train what is left to train; returns 0, or 1 where a job failed."""
        if known is not None and any(one.overrides for one in self.asked):
            known.check_same(self.asked)
        check_writable(folder)
        with locked(folder):
            if known is None:
                place.clear(folder)
            sweep = known or sweeps.create(folder, self.asked)
            if self.train is not None:
                return self.train(sweep)
            assert self.settings is not None  # a command has one job at least
            return train_all(sweep, self.settings.n_jobs, self.settings.gpus)


def threads(n_jobs: int) -> int:
    """Of each job: the cores shared out, so that jobs do not fight for them."""
    return max(1, cores.count() // n_jobs)


def train_all(
    sweep: sweeps.Sweep, n_jobs: int, gpus: list[int] | None, command: str = "train"
) -> int:
    """Each job that is not done, `n_jobs` at once. Returns 0, or 1 where one failed.

    command: whose sweep it is, and who goes on with it; another than train tells its own results.
    """
    left, total = sweep.left, len(sweep.jobs)
    print(f"sweep  {total} jobs, {len(left)} to train, {n_jobs} at once   {sweep.folder}")
    works = {id(w): (w, job) for job in left for w in [work(job.folder)]}
    failed: dict[int, str] = {}
    bar = tqdm(total=total, initial=total - len(left), desc="sweep", unit="job", disable=None)
    starts = time.monotonic()

    def ended(work: Work) -> None:
        job = works[id(work)][1]
        line = f"[{job.number}/{total}] {job.line}"
        if work.code:
            failed[job.number] = f"{line}: {reason(work)}"
            tqdm.write(f"failed {failed[job.number]}", file=sys.stderr)
        elif bar.disable:
            print(f"done   {line}  {_val_loss(job)}", file=sys.stderr, flush=True)
        bar.set_postfix_str(_so_far(sweep, len(failed)))
        bar.update()

    if len(left) > 1:
        warm.get_ready(runs.Run(left[0].folder).config, gpus)
    try:
        with bar:
            run_all([w for w, _ in works.values()], n_jobs, gpus, ended, several=len(left) > 1)
    except Interrupted as stop:
        done = sum(job.state == "done" for job in sweep.jobs)
        go_on = typed.command(command, sweep=sweep.folder)
        text = f"interrupted: {done} of {total} jobs are done, and those under way are saved"
        raise Interrupted(stop.signum, f"{text}\ngo on: {go_on}") from None
    done = sum(job.state == "done" for job in sweep.jobs)
    print(f"sweep  {done} of {total} jobs done in {time.monotonic() - starts:.0f}s")
    if command == "train":
        with contextlib.suppress(BadRequest):  # where none is done
            print(leaderboard_of_sweep(sweep.folder))
    for number in sorted(failed):
        print(f"failed {failed[number]}", file=sys.stderr)
    if failed:
        again = typed.command(command, sweep=sweep.folder)
        print(f"again  {again}", file=sys.stderr)
    return 1 if failed else 0


def work(folder: pathlib.Path) -> Work:
    """The process that trains a job."""
    return Work(folder, folder / OUTPUT)


def reason(work: Work) -> str:
    """Why a job that has ended failed, in one line."""
    if work.code is not None and work.code < 0:
        hint = ": out of memory?" if work.code == -9 else ""
        return f"killed by signal {-work.code}{hint}"
    return last_error(work.output) or f"exit code {work.code}"


def last_error(output: pathlib.Path) -> str:
    """The last line that a process gave as an error, "" where there is none."""
    lines = read_end(output, MAX_SAID).splitlines()
    errors = [line for line in lines if line.startswith("error: ")]
    return errors[-1].removeprefix("error: ") if errors else ""


def _val_loss(job: sweeps.Job) -> str:
    value = runs.read_status(job.folder).get("val_loss")
    return "" if value is None else f"val_loss {value:.5g}"


def _so_far(sweep: sweeps.Sweep, failed: int) -> str:
    """best 28.9 (model=vae seed=1), 1 failed"""
    losses = [(runs.read_status(job.folder).get("val_loss"), job) for job in sweep.jobs]
    known = [(v, j) for v, j in losses if v is not None and math.isfinite(v)]
    best = min(known, key=lambda pair: pair[0], default=None)
    parts = [] if best is None else [f"best val_loss {best[0]:.5g} ({best[1].line})"]
    return ", ".join(parts + ([f"{failed} failed"] if failed else []))
