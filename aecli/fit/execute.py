"""The training itself: fit, evaluate, draw, and what the status says when one of them ends."""

import contextlib
import logging
import time
from typing import Any

import tensorflow as tf
from omegaconf import DictConfig

from aecli import build, look, runs, typed
from aecli.console import logs
from aecli.errors import (
    BadRequest,
    CannotWrite,
    Interrupted,
    NotApplicable,
    OfOtherData,
    RunFailed,
)
from aecli.files import write_json
from aecli.fit import callbacks, summary, tracking
from aecli.fit.plan import Plan
from aecli.metrics.base import Evaluation, finite, stated
from aecli.metrics.detection import validation
from aecli.quantity import Quantity, beside
from aecli.training.callbacks import progress
from aecli.training.callbacks.pruning import Pruned
from aecli.training.signals import Signals
from aecli.untrusted import plain_yaml

log = logging.getLogger("aecli")


def perform(
    run: runs.Run, plan: Plan, names: dict, signals: Signals, state=None, verbose: bool = True
) -> runs.Run:
    """Train (from `state` on), evaluate and draw in a run folder that is ours alone.

    verbose: whether it tells of it, on stdout and stderr.
    """
    start, warnings = time.perf_counter(), []
    shown = logs.run_log(run.folder, progress.show_bar(verbose), verbose)
    with shown, tracking.following(run) as trackers:
        if verbose:
            print(summary.opening(plan, names, run.folder, state), flush=True)
        try:
            with signals.deferred():  # libraries swallow what is raised inside of them
                outcome = _fit(run, plan, signals, trackers, state, verbose)
                signals.take()
                _check_model(run)
                values, about = _evaluate(run, plan.config, warnings, signals)
                _keep_scores(run, warnings)
                figures = _draw(run, plan.config, warnings, signals)
            run.finish("done", **outcome, figures=figures, warnings=warnings)
        except Pruned as reason:
            run.finish("pruned", **_so_far(run))
            if verbose:
                print(reason)
            return run
        except BaseException as error:
            told = _ended(run, error)
            if told is error:  # its own cause: who looks along the causes would never end
                raise
            raise told from error
        if verbose:
            print(summary.closing(run, values, about, time.perf_counter() - start), flush=True)
    return run


def _fit(
    run: runs.Run, plan: Plan, signals: Signals, trackers: list, state, verbose: bool
) -> dict[str, Any]:
    """-> what the run's status says of it. trackers: gets those among the callbacks."""
    training = callbacks.of_run(plan, signals, str(run.folder), state, verbose)
    trackers += tracking.of(training)
    checkpoint = training.get("checkpoint")
    with contextlib.ExitStack() as stack:
        if "bar" in training:
            stack.callback(training["bar"].close)
            stack.enter_context(progress.above_the_bar())
        stack.enter_context(plan.trainer.guarded(str(run.folder)))
        if state is None:
            plan.begin()
        try:
            plan.trainer.fit(plan.model, plan.optimizers, plan.feed, plan.images, training, state)
        except (tf.errors.ResourceExhaustedError, MemoryError) as error:
            raise _out_of_memory(plan) from error
        finally:
            if checkpoint is not None and checkpoint.model is not None:
                checkpoint.write_best()
    return _outcome(training["lines"].val_losses, checkpoint)


def _out_of_memory(plan: Plan) -> RunFailed:
    ways = [f"trainer.batch_size={max(1, plan.trainer.batch_size // 2)}", "smaller network.*"]
    if plan.feed.kind == "resident":
        ways.append("trainer.feed=streaming")
    return RunFailed(f"out of memory\nusually helps: {', or '.join(ways)}")


def _check_model(run: runs.Run) -> None:
    """Raises RunFailed where what is kept is no model: nobody could use such a run."""
    try:
        run.model  # noqa: B018  (read now, and kept for what follows)
    except BadRequest as error:
        raise RunFailed(f"the trained model cannot be read back: {error}") from error


def _evaluate(
    run: runs.Run, cfg: DictConfig, warnings: list, signals: Signals
) -> tuple[dict[str, float | None], dict[str, Quantity]]:
    """Write metrics.json, of the best epoch on the test split -> values, and what they measure.

    A metric that fails or is not finite is a warning. Raises RunFailed where all of them fail,
    Interrupted between two of them.
    """
    evaluation = Evaluation(run)
    values: dict[str, float | None] = {}
    about: dict[str, Quantity] = {}
    for name, metric in build.components(cfg.get("metrics"), "metrics").items():
        try:
            figures, lost = finite(metric(evaluation))
            values, about = values | figures, about | stated(metric, evaluation, figures)
            for line in lost:
                _warn(warnings, f"metric {name}: {line}")
        except OfOtherData:
            pass  # of the defaults, which are those of any data
        except NotApplicable as reason:
            log.info("no %s: %s", name, reason)
        except Exception as error:
            _warn(warnings, f"metric {name} failed: {type(error).__name__}: {error}")
        signals.take()
    if warnings and not values:
        raise RunFailed(f"no metric of the trained model could be computed: {warnings[0]}")
    write_json(run.folder / "metrics.json", values | beside(about))
    return values, about


def _keep_scores(run: runs.Run, warnings: list) -> None:
    """For thresholds without the data; without them a threshold needs the data."""
    try:
        validation.write(run)
    except NotApplicable as reason:
        _warn(warnings, str(reason).splitlines()[0])
    except (ValueError, ArithmeticError) as error:
        _warn(warnings, f"no validation scores: {type(error).__name__}: {error}")


def _draw(run: runs.Run, cfg: DictConfig, warnings: list, signals: Signals) -> list[str]:
    """The chosen figures; one that fails is a warning, never a lost run.

    Of those that no data of such a kind has, nothing is said unless figures were asked for. Raises
    Interrupted between two of them.
    """
    words = plain_yaml.read_overrides(run.folder / runs.CONFIG.with_name("overrides.yaml"))
    asked = any(word.lstrip("+~").startswith("figures") for word in words)
    drawn = []
    used = look.of(cfg)
    for name, figure in build.components(cfg.get("figures"), "figures").items():
        try:
            with used.used():
                drawn.append(run.save_figure(figure(run), name).name)
        except NotApplicable as reason:
            if asked or not isinstance(reason, OfOtherData):
                log.info("no %s figure: %s", name, reason)
        except BadRequest as error:
            _warn(warnings, f"figure {name} failed: {error.moved('figures', f'figures.{name}')}")
        except Exception as error:
            _warn(warnings, f"figure {name} failed: {type(error).__name__}: {error}")
        signals.take()
    return drawn


def _warn(warnings: list[str], text: str) -> None:
    log.warning(text)
    warnings.append(text)


def _outcome(losses: list[float], checkpoint) -> dict[str, Any]:
    """Of val_loss after each epoch; the best one is that of best.keras, by what it monitors."""
    best = None if checkpoint is None else checkpoint.best_epoch
    best = best or min(range(len(losses)), key=losses.__getitem__) + 1
    return {"epochs_done": len(losses), "val_loss": losses[best - 1], "best_epoch": best}


def _ended(run: runs.Run, error: BaseException) -> BaseException:
    """Write down how a run ended; returns what to raise, which says how to go on."""
    interrupted = isinstance(error, (Interrupted, KeyboardInterrupt, SystemExit))
    state = "interrupted" if interrupted else "failed"
    with contextlib.suppress(CannotWrite):  # a full disk may be what ended it
        run.finish(state, error=str(error) or type(error).__name__, **_so_far(run))
    if not interrupted:
        log.error("failed", exc_info=error)
    go_on = f"go on: {typed.command('train', resume=run.folder)}"
    if isinstance(error, Interrupted):
        return Interrupted(error.signum, f"interrupted: {run.folder} is saved\n{go_on}")
    if isinstance(error, CannotWrite):
        return CannotWrite(f"{error}\nthe checkpoint before it is whole; mend that, then {go_on}")
    return error


def _so_far(run: runs.Run) -> dict[str, Any]:
    """What was finished before the end came."""
    try:
        losses = run.history["val_loss"]
    except BadRequest:
        return {"epochs_done": 0}
    return {"epochs_done": len(losses), "val_loss": min(losses, default=None)}
