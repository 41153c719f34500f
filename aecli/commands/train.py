"""aecli train: assemble, train, evaluate, draw."""

import logging
import pathlib
import signal
import time
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli import build, runs
from aecli.app import logs, quiet
from aecli.app.sweep import job_folder
from aecli.errors import BadRequest, NotApplicable

log = logging.getLogger("aecli")


def main(cfg: DictConfig) -> None:
    """The command, under Hydra."""
    hydra = HydraConfig.get()
    choices = hydra.runtime.choices
    train(
        cfg,
        names={key: choices[key] for key in ("model", "dataset", "noise", "experiment")},
        overrides=list(hydra.overrides.task),
        folder=job_folder(),
    )


def train(
    cfg: DictConfig, names: dict[str, str], overrides: list[str], folder: pathlib.Path | None = None
) -> runs.Run:
    """Train as the config says; returns the finished run.

    names: the chosen options, for folder names and titles. folder: an existing empty folder, or
    None for <outputs>/<date>/<time>_<model>_<dataset>.
    Raises BadRequest before anything is written, RunFailed when the training goes wrong.
    """
    signal.signal(signal.SIGTERM, _terminated)  # before TensorFlow, whose import takes seconds
    if type(cfg.seed) is not int or not 0 <= cfg.seed < 2**31:
        raise BadRequest(f"seed must be a whole number from 0 to 2147483647; got {cfg.seed!r}")
    splits = build.component(cfg.dataset, "dataset").load()
    quiet.import_tensorflow_quietly(cfg.trainer.threads)
    from aecli.training.callbacks import progress

    plan = _plan(cfg, splits)
    folder = folder or _new_folder(cfg, names)
    callbacks = build.components(cfg.get("callbacks"), "callbacks", folder=str(folder))
    run = runs.create(folder, cfg, overrides, _about(names, splits))
    run.splits, run.preparation = splits, plan["preparation"]
    start = time.perf_counter()
    with logs.run_log(folder, bar=progress.show_bar()):
        from aecli.commands import summary

        print(summary.opening(cfg, names, splits, plan, folder), flush=True)
        try:
            history = _fit(plan, splits, callbacks)
            values = _evaluate(run, cfg)
            figures = _draw(run, cfg)
        except BaseException as error:
            state = "failed" if isinstance(error, Exception) else "interrupted"
            run.finish(state, error=str(error) or type(error).__name__, **_so_far(run))
            if state == "failed":
                log.error("failed", exc_info=error)
            raise
        run.finish("done", **_outcome(history), figures=figures)
        print(summary.closing(run, values, time.perf_counter() - start), flush=True)
    return run


def _plan(cfg: DictConfig, splits) -> dict[str, Any]:
    """Everything that can be refused, built and checked before a folder is made."""
    from aecli.training.feed import Preparation

    trainer = build.component(cfg.trainer, "trainer")
    model = build.model(cfg, splits.data_shape)
    images = len(splits.train)
    optimizer = build.optimizer(cfg, trainer.total_steps(images), trainer.steps_per_epoch(images))
    low, high = splits.data_range
    model.reconstruction_loss.check_range(low, high)
    noise = build.component(cfg.noise, "noise")
    if getattr(noise, "clip", False) and not (low >= 0 and high <= 1):
        raise BadRequest(
            f"noise.clip=true cuts to [0, 1]; the training images are in [{low:g}, {high:g}]\n"
            "take noise.clip=false, or scale them: dataset.scale=minmax"
        )
    if "reduce_on_plateau" in (cfg.get("callbacks") or {}) and not isinstance(
        optimizer.learning_rate, _variable()
    ):
        raise BadRequest("callbacks=reduce_on_plateau needs a constant rate: schedule=none")
    _check_monitors(cfg, model)
    build.components(cfg.get("callbacks"), "callbacks", folder="")
    build.components(cfg.get("metrics"), "metrics")
    build.components(cfg.get("figures"), "figures")
    dynamic = cfg.dataset.get("binarize") == "dynamic"
    preparation = Preparation(noise=noise, dynamic=dynamic, seed=cfg.seed)
    return {
        "trainer": trainer,
        "model": model,
        "optimizer": optimizer,
        "preparation": preparation,
        "feed": trainer.make_feed(splits, preparation),
    }


def _check_monitors(cfg: DictConfig, model) -> None:
    """A callback may watch what history.csv will have."""
    terms = ["loss", *model.term_names()]
    columns = [f"val_{term}" for term in terms] + terms
    for name, node in (cfg.get("callbacks") or {}).items():
        if node is not None and node.get("monitor", columns[0]) not in columns:
            raise BadRequest(
                f"callbacks.{name}.monitor must be one of {', '.join(columns)}; "
                f"got {node.monitor!r}"
            )


def _variable() -> type:
    import keras

    return keras.Variable


def _new_folder(cfg: DictConfig, names: dict[str, str]) -> pathlib.Path:
    name = f"%Y-%m-%d/%H-%M-%S_{names['model']}_{names['dataset']}"
    try:
        return runs.unique_folder(pathlib.Path(cfg.outputs) / time.strftime(name))
    except OSError as error:
        raise BadRequest(
            f"outputs={cfg.outputs} cannot be written to: {error.strerror}\n"
            "name a folder of your own: outputs=DIR"
        ) from None


def _about(names: dict[str, str], splits) -> dict[str, Any]:
    return {
        "command": "train",
        **names,
        "data_shape": list(splits.data_shape),
        "data_range": list(splits.data_range),
        "data_source": splits.source,
    }


def _fit(plan: dict[str, Any], splits, callbacks: dict[str, Any]):
    from aecli.training.callbacks import progress

    trainer, feed, images = plan["trainer"], plan["feed"], len(splits.train)
    epochs = trainer.total_epochs(images)
    watchers = [progress.EpochLines(epochs), *callbacks.values()]
    if not progress.show_bar():
        return trainer.fit(plan["model"], plan["optimizer"], feed, images, watchers)
    bar = progress.Bar(feed, trainer.total_steps(images), epochs)
    try:
        with progress.above_the_bar():
            return trainer.fit(plan["model"], plan["optimizer"], feed, images, [*watchers, bar])
    finally:
        bar.close()


def _evaluate(run: runs.Run, cfg: DictConfig) -> dict[str, float | None]:
    """metrics.json of the best epoch on the test split; a metric that fails is a warning."""
    from aecli.files import write_json
    from aecli.metrics.base import Evaluation

    evaluation = Evaluation(run)
    values: dict[str, float | None] = {}
    for name, metric in build.components(cfg.get("metrics"), "metrics").items():
        try:
            values |= metric(evaluation)
        except Exception as error:
            log.warning("metric %s: %s", name, error)
    write_json(run.folder / "metrics.json", values)
    return values


def _draw(run: runs.Run, cfg: DictConfig) -> list[str]:
    """The chosen figures; one that does not fit is a log line, never a lost run."""
    drawn = []
    for name, figure in build.components(cfg.get("figures"), "figures").items():
        try:
            drawn.append(run.save_figure(figure(run), name).name)
        except NotApplicable as reason:
            log.info("no %s figure: %s", name, reason)
        except Exception as error:
            log.warning("figure %s failed: %s: %s", name, type(error).__name__, error)
    return drawn


def _outcome(history) -> dict[str, Any]:
    losses = history.history["val_loss"]
    best = min(range(len(losses)), key=losses.__getitem__)
    return {"epochs_done": len(losses), "val_loss": losses[best], "best_epoch": best + 1}


def _so_far(run: runs.Run) -> dict[str, Any]:
    """What was finished before the end came."""
    try:
        losses = run.history["val_loss"]
    except BadRequest:
        return {"epochs_done": 0}
    return {"epochs_done": len(losses), "val_loss": min(losses, default=None)}


def _terminated(signum, frame):
    raise SystemExit(128 + signum)
