"""A training from its config to its finished run: a new one, or one that was stopped."""

import contextlib
import math
import pathlib
import time
from typing import Any

from omegaconf import DictConfig

from aecli import build, look, runs, typed
from aecli.comparison import measure
from aecli.console import root_keys
from aecli.console.wanted import NAMES
from aecli.errors import BadRequest, CannotWrite
from aecli.files import made_folder, remove_leftovers, unique_folder
from aecli.fit import awake
from aecli.locking import locked
from aecli.quantity import plain
from aecli.runs import data as run_data
from aecli.runs import listing, place
from aecli.training import programs
from aecli.training.cluster import cluster
from aecli.training.signals import Signals
from aecli.untrusted.bounded import check_writable


def train(
    cfg: DictConfig,
    names: dict[str, Any],
    overrides: list[str],
    folder: pathlib.Path | None = None,
    verbose: bool = True,
) -> runs.Run | None:
    """Train as the config says; returns the finished run.

    names: the chosen options, for folder names and titles. folder: one that is empty, not there or
    with a run that replace=true gives up, or None for <outputs>/<name>, where name is stated, else
    <outputs>/<date>/<time>_<model>_<dataset>. With dry_run=true nothing is written.
    None is returned by a dry run, and by a worker that trains along with a chief, whose folder it
    is. verbose: whether it tells of the training, on stdout and stderr.
    Raises BadRequest before anything is written, RunFailed when the training goes wrong or its
    folder cannot be written, Interrupted by a signal.
    """
    is_tried, folder = bool(cfg.get("dry_run")), _stated_folder(cfg, folder)
    if folder is not None:
        place.refuse_filled(folder, bool(cfg.get("replace")))
    cfg = root_keys.of_run(cfg)
    with Signals() as signals:
        plan = _planned(cfg)
        if plan.trainer.is_follower:
            return _followed(plan, signals)
        if is_tried:
            return _tried(plan, names, overrides, folder or _new_path(cfg, names))
        folder = _new_folder(cfg, names) if folder is None else made_folder(folder)
        check_writable(folder)
        with locked(folder):
            place.clear(folder)
            run = runs.create(folder, cfg, overrides, _about(names, plan))
            run_data.write(folder, plan.splits)
            return _carried_out(run, plan, names, signals, verbose=verbose)


def resume(
    path: str, cfg: DictConfig, overrides: list[str], verbose: bool = True
) -> runs.Run | None:
    """Go on with the run at `path` (or "latest") from its last whole checkpoint.

    cfg: the request as composed, of which only what `overrides` state counts.
    Raises BadRequest where that would make the result another, FolderBusy. None: as in train.
    """
    from aecli.fit import lengthening
    from aecli.fit import resume as continuation
    from aecli.training.state import is_complete

    if cfg.get("dry_run"):
        raise BadRequest("dry_run=true is of a training that begins, resume goes on with one")
    run = runs.find_any(path, cfg.outputs)
    if run.is_packed:
        begin = typed.command("train", str(run.folder / "config.yaml"), warm_start=run.folder)
        raise BadRequest(
            f"resume={path}: a pack has no training state to go on from\n"
            f"begin from its weights: {begin}"
        )
    check_writable(run.folder)
    follows = continuation.is_follower(run, cfg, overrides)
    with Signals() as signals, contextlib.nullcontext() if follows else locked(run.folder):
        if not follows:
            remove_leftovers(run.folder)
        state = continuation.read_state(run)
        config = continuation.merged(run, state, cfg, overrides)
        plan = _planned(config, continuation.threads(config, state), begins=state is None)
        continuation.check(run, state, plan)
        state = lengthening.go_on(state, plan)
        is_done = run.status.get("state") == "done"
        if is_done and state is not None and is_complete(state, plan.epochs):
            if verbose:
                print(lengthening.nothing_left(run, state, plan))
            return run
        if follows:
            return _followed(plan, signals, state)
        runs.write_config(run.folder, config)
        names = {key: run.status.get(key) for key in NAMES}
        about = _about(names, plan)
        run_data.write(run.folder, plan.splits)
        run.update_status(state="running", ended=None, error=None, **about)
        return _carried_out(runs.Run(run.folder), plan, names, signals, state, verbose)


def _planned(cfg: DictConfig, threads: int | None = None, begins: bool = True):
    look.of(cfg)  # refused before any work, as is what follows
    build.refuse_unstorable(cfg)
    if begins and cfg.get("warm_start") is not None:
        listing.at(str(cfg.warm_start), "warm_start")
    splits = build.component(cfg.dataset, "dataset").load()
    strategy = cfg.trainer.get("strategy", "none")  # of older runs: none
    cluster(strategy)  # refused before TensorFlow's seconds
    programs.keep(cfg.trainer.get("program_cache", True))
    awake.wake(cfg, len(splits.train), threads)
    from aecli.fit import plan as assembly

    return assembly.plan(cfg, splits, begins)


def _carried_out(
    run: runs.Run, plan, names: dict, signals: Signals, state=None, verbose: bool = True
) -> runs.Run:
    from aecli.fit import execute

    run.splits, run.preparation = plan.splits, plan.preparation
    return execute.perform(run, plan, names, signals, state, verbose)


def _followed(plan, signals: Signals, state=None) -> None:
    from aecli.fit import worker

    worker.follow(plan, signals, state)


def _tried(plan, names: dict[str, Any], overrides: list[str], folder: pathlib.Path) -> None:
    from aecli.fit import dry_run

    words = [word for word in overrides if not word.startswith("dry_run=")]
    print(dry_run.told(plan, names, folder, typed.command("train", *words)), flush=True)


def _stated_folder(cfg: DictConfig, folder: pathlib.Path | None) -> pathlib.Path | None:
    """That of name=NAME, where it is stated. Raises BadRequest for two of them."""
    name = cfg.get("name")
    if name is None:
        return folder
    if folder is not None:
        raise BadRequest(f"name={name}: Hydra's settings name the folder, {folder}\nleave one out")
    return pathlib.Path(cfg.outputs) / name


def _new_path(cfg: DictConfig, names: dict[str, Any]) -> pathlib.Path:
    name = f"%Y-%m-%d/%H-%M-%S_{names['model']}_{names['dataset']}"
    return pathlib.Path(cfg.outputs) / time.strftime(name)


def _new_folder(cfg: DictConfig, names: dict[str, Any]) -> pathlib.Path:
    try:
        return unique_folder(_new_path(cfg, names))
    except CannotWrite as error:
        cause = error.__cause__
        assert isinstance(cause, OSError)  # as files.writing has it
        raise CannotWrite(
            f"outputs={cfg.outputs} cannot be written to: {cause.strerror}\n"
            "name a folder of your own: outputs=DIR"
        ) from error


def _about(names: dict[str, Any], plan) -> dict[str, Any]:
    """What later commands want to know of a run without building anything."""
    splits = plan.splits
    return {
        "command": "train",
        **names,
        "data_shape": list(splits.data_shape),
        "data_range": list(splits.data_range),
        "label_count": splits.label_count,
        "train_count": len(splits.train),
        "val_count": len(splits.val),
        "test_count": len(splits.test),
        "parameters": sum(math.prod(v.shape) for v in plan.model.trainable_variables),
        "data_source": splits.source,
        "columns": plain(plan.model.quantities()),
        "keeps_measure": measure.kept(build.plain(plan.config)),
    }
