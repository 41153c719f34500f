"""The words around a training: what will be done, and what came out."""

import math
import pathlib

import numpy as np
from omegaconf import DictConfig

from aecli import __version__, runs, typed
from aecli.console import subgroups
from aecli.dataspec import by
from aecli.quantity import Quantity
from aecli.training.callbacks.progress import duration
from aecli.training.state import is_complete

FILES = ("checkpoints/best.keras", "history.csv", "metrics.json", "train.log")


def opening(plan, names: dict, folder, state=None) -> str:
    """Versions, data, model, fit and folder, a line each; where a resumed training goes on."""
    import keras
    import tensorflow as tf

    cfg, splits, trainer, model = plan.config, plan.splits, plan.trainer, plan.model
    images = len(splits.train)
    length = f"{trainer.total_epochs(images)} epochs x {trainer.steps_per_epoch(images)} steps"
    if trainer.steps:
        length = f"{trainer.steps:,} steps"
    noise = "" if names["noise"] == "none" else f"   noise: {names['noise']}"
    changes = ", ".join(plan.preparation.augment)
    noise += f"   augment: {changes}" if changes else ""
    xla = "xla" if trainer.uses_xla(model.network) else "no xla"
    rows = {
        "aecli": f"{__version__}   tensorflow {tf.__version__}   keras {keras.__version__}   "
        f"{_device()}   seed {cfg.seed}",
        "data": f"{names['dataset']}   {images:,} train / {len(splits.val):,} val / "
        f"{len(splits.test):,} test   {splits.spec}{_range(splits)}"
        f"{_classes(splits)}{noise}",
        "from": splits.source,
        "model": f"{names['model']}   {splits.spec} > code {by(model.code_shape)}   "
        f"{sum(math.prod(v.shape) for v in model.trainable_variables):,} parameters   "
        f"network: {type(model.network).__name__.lower()}{_inner(cfg)}   "
        f"loss: {_loss(cfg, model)}",
        "fit": f"{length}   batch {trainer.batch_size}   {_optimizer(cfg)}   "
        f"{trainer.precision}, {plan.feed.kind}, {xla}{_shared(trainer)}{_early(cfg)}",
        "run": str(folder),
    }
    for number, note in enumerate(splits.notes):
        rows["note" if number == 0 else f"note {number + 1}"] = note
    if state is not None and is_complete(state, plan.epochs):
        rows["resume"] = "the training is complete: metrics and figures"
    elif state is not None:
        step = f", step {state.step:,} of {plan.feed.steps_per_epoch:,}" if state.step else ""
        rows["resume"] = f"after epoch {state.epoch} of {plan.epochs}{step}"
    return table(rows)


def _range(splits) -> str:
    """From the lowest to the highest value; the numbers of tokens are names."""
    low, high = splits.data_range
    return "" if splits.spec.kind == "text" else f" in [{low:g}, {high:g}]"


def _classes(splits) -> str:
    """How many different labels the three parts have."""
    parts = {id(part): part for part in (splits.train, splits.val, splits.test)}
    labels = {
        n
        for part in parts.values()
        if part.labels is not None
        for n in np.unique(part.labels).tolist()
    }
    return f"   {len(labels):,} class{'' if len(labels) == 1 else 'es'}" if labels else ""


def _shared(trainer) -> str:
    replicas = trainer.join_replicas()
    return f", {replicas.count} replicas" if replicas else ""


def closing(
    run: runs.Run,
    values: dict[str, float | None],
    about: dict[str, Quantity],
    seconds: float,
) -> str:
    """Metrics, where everything is, and what to type next."""
    status = run.status
    figures = ", ".join(pathlib.Path(name).stem for name in status["figures"])
    option = "" if _is_latest(run) else f" {typed.setting('run', run.folder)}"
    can_draw = "manifold" in figures
    hints = {
        f"aecli eval{option}": "the same figures beside PCA",
        f"aecli {'plot-manifold' if can_draw else 'plot-reconstructions'}{option}": (
            "the code plane as images" if can_draw else "more images, or another split"
        ),
    }
    if run.spec.kind == "text":
        hints = {
            f"aecli reconstruct{option}": "sentences of the test part, written again",
            f"aecli interpolate{option}": "from one sentence to another",
        }
    first, second = (f"{command}    {what}" for command, what in hints.items())
    rows = {
        "done": f"{duration(seconds)}   best epoch {status['best_epoch']} of "
        f"{status['epochs_done']}   test: {metric_line(values, about)}",
        "run": str(run.folder),
        "files": "  ".join(name for name in FILES if (run.folder / name).is_file()),
        "figures": figures or "none",
        "next": first,
        "": second,
    }
    return table(rows)


def metric_line(values: dict[str, float | None], about: dict[str, Quantity]) -> str:
    """loss 147.3 nats an image  bce 0.188 nats a pixel  mse 0.0382 a pixel  psnr 15.1 dB"""
    names = ("loss", "bce", "mse", "psnr", "nats_a_token", "token_accuracy")
    shown = [n for n in names if values.get(n) is not None]
    units = {name: f" {about[name].unit}" for name in shown if name in about}
    return "  ".join(f"{name} {values[name]:.4g}{units.get(name, '')}" for name in shown)


def table(rows: dict[str, str]) -> str:
    """A line each, the texts below each other."""
    wide = max(7, *(len(key) for key in rows if key != next(iter(rows))))
    return "\n".join(f"{key:<{wide}} {text}" for key, text in rows.items())


def _inner(cfg: DictConfig) -> str:
    """What was chosen of the groups inside the model: posterior, prior ..."""
    kinds = {
        name: node._target_.split(".")[-2]
        for name, node in cfg.model.items()
        if isinstance(node, DictConfig) and "_target_" in node
    }
    return "".join(
        f"   {name}: {kind}"
        for name, kind in kinds.items()
        if kind != subgroups.default_of(f"model/{name}")
    )


def _loss(cfg: DictConfig, model) -> str:
    """binary_crossentropy + 1 kl (nats an image)"""
    name = cfg.loss._target_.rsplit(".", 2)[-2]
    terms = [f"{weight:g} {term}" for term, weight in model.weights_of_penalties().items()]
    if not model.codes_reconstruct:
        own = model.quantities()["loss"].label(" + ".join(terms))
        return f"{own}, the decoder's: {model.decoders_loss(name)}"
    return model.quantities()["loss"].label(" + ".join([name, *terms]))


def _optimizer(cfg: DictConfig) -> str:
    name = cfg.optimizer._target_.rsplit(".", 1)[-1].lower()
    schedule = cfg.schedule._target_.rsplit(".", 1)[-1].lower()
    suffix = "" if schedule == "schedule" else f", {schedule}"
    return f"{name} {cfg.optimizer.learning_rate:g}{suffix}"


def _early(cfg: DictConfig) -> str:
    node = (cfg.get("callbacks") or {}).get("early_stopping")
    return f"   early stop: {node.monitor}, patience {node.patience}" if node else ""


def _device() -> str:
    import tensorflow as tf

    from aecli.training.environment import threads

    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        return f"{len(gpus)} gpu"
    return f"cpu ({threads()} threads)"


def _is_latest(run: runs.Run) -> bool:
    try:
        return runs.find().folder.resolve() == run.folder.resolve()
    except ValueError:
        return False
