"""All that a training needs, built and checked before a folder is made."""

import dataclasses
import math
from typing import Any

import keras
from omegaconf import DictConfig

from aecli import build, limits
from aecli.datasets import learnt_file
from aecli.datasets.cutting import cut_to_unit_range
from aecli.datasets.layout import layout
from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest
from aecli.fit import warm
from aecli.runs import kept
from aecli.training.callbacks.checkpoint import Checkpoint
from aecli.training.callbacks.csv_log import CSVLog
from aecli.training.environment import environment
from aecli.training.feed import Preparation
from aecli.training.step import Optimizers
from aecli.training.trainer import Trainer

MAX_VALUES = 2**23  # of what a model looks at before it is trained
ENOUGH = 0.8  # of the columns of a row: a code of so many numbers copies nearly all
NEEDED = {"checkpoint": Checkpoint, "csv_log": CSVLog}  # what is kept, and what is drawn


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is trained, how, and on what."""

    config: DictConfig
    splits: Any
    trainer: Trainer
    model: Any
    optimizers: Optimizers
    preparation: Preparation
    feed: Any
    start: warm.Start | None = None  # weights to begin from

    @property
    def images(self) -> int:
        return len(self.splits.train)

    @property
    def epochs(self) -> int:
        return self.trainer.total_epochs(self.images)

    def begin(self) -> None:
        """Let the model look at what it is to learn, before the first step of a training."""
        if (n := self.model.adapts_to) > 0:
            n = min(n, MAX_VALUES // math.prod(self.model.data_shape))
            self.model.adapt(self.preparation.frozen(self.splits.train.x[:n])[1])
        if self.start is not None:
            self.start.give_to(self.model)

    @property
    def about(self) -> dict[str, Any]:
        """What a checkpoint says of its origin: compared on resume."""
        jit, replicas = self.trainer.uses_xla(self.model.network), self.trainer.join_replicas()
        return {
            "config": build.plain(kept(self.config)),
            "data": self.splits.fingerprint,
            "parts": self.splits.fingerprints,
            "environment": environment(jit, self.feed.kind, replicas.count if replicas else 1),
        }


def plan(cfg: DictConfig, splits, begins: bool = True) -> Plan:
    """Raises BadRequest for everything that can be refused before the training.

    begins: whether it starts at its first step, where warm_start counts.
    """
    learnt_file.check_writable(splits.learnt)
    trainer = build.component(cfg.trainer, "trainer")
    images = len(splits.train)
    if trainer.batch_size > images:  # the config keeps what was asked, and a resume cuts it again
        splits = dataclasses.replace(splits, notes=(*splits.notes, _cut(trainer, images)))
        trainer = dataclasses.replace(trainer, batch_size=images)
    steps = trainer.total_steps(images), trainer.steps_per_epoch(images)
    with trainer.scope():
        of_data = layout(splits.learnt), splits.learnt.vocabulary
        model = build.model(cfg, splits.data_shape, splits.label_count, *of_data, images)
        optimizers = build.optimizers(cfg, model.players, *steps)
    decoders = [model.decoder] * model.decoded_an_example
    limits.check_step(trainer.batch_size, model.encoder, *decoders)
    if (replicas := trainer.join_replicas()) is not None:
        replicas.check(trainer.batch_size, model)
    if model.reconstruction_loss.needs_unit_range and cfg.dataset.get("scale") == "minmax":
        splits = cut_to_unit_range(splits)
    if model.label_count is not None and (unseen := splits.unseen_labels):
        splits = dataclasses.replace(splits, notes=(*splits.notes, _unseen(unseen)))
    model.learnt = splits.learnt.of_values
    if note := _no_bottleneck(splits.learnt, model):
        splits = dataclasses.replace(splits, notes=(*splits.notes, note))
    if model.has_gaps and model.reconstruction_loss.is_of_whole_images:
        raise BadRequest(
            "this loss compares whole series, and points of these are missing: loss=mse"
        )
    low, high = splits.data_range
    model.check_range(low, high)
    preparation = build.preparation(cfg, splits.spec.kind == "text")
    if getattr(preparation.noise, "clip", False) and not (low >= 0 and high <= 1):
        raise BadRequest(
            f"noise.clip=true cuts to [0, 1]; the images are in [{low:g}, {high:g}]\n"
            "take noise.clip=false, or scale them: dataset.scale=minmax"
        )
    _check_augment(preparation, splits)
    if "reduce_on_plateau" in (cfg.get("callbacks") or {}) and not isinstance(
        optimizers[model.players[0]].learning_rate, keras.Variable
    ):
        raise BadRequest("callbacks=reduce_on_plateau needs a constant rate: schedule=none")
    built = build.components(cfg.get("callbacks"), "callbacks", folder="")
    for name, kind in NEEDED.items():
        if not isinstance(built.get(name), kind):
            raise BadRequest(f"callbacks.{name} cannot be left out: a run is nothing without it")
    _check_monitors(cfg, model)
    build.components(cfg.get("metrics"), "metrics")
    build.components(cfg.get("figures"), "figures")
    start = warm.start(cfg, model) if begins else None
    if start is not None:
        splits = dataclasses.replace(splits, notes=(*splits.notes, start.note))
    feed = trainer.make_feed(splits, preparation, splits.labels_for(model))
    return Plan(cfg, splits, trainer, model, optimizers, preparation, feed, start)


def _cut(trainer: Trainer, images: int) -> str:
    return (
        f"trainer.batch_size={trainer.batch_size} is more than the {images} training images: "
        "each step takes all of them"
    )


def _no_bottleneck(learnt: Learnt, model) -> str:
    """A word where a code has as many numbers as a row has columns, or nearly; else ""."""
    columns, code = math.prod(learnt.raw_shape), math.prod(model.code_shape)
    if model.is_sparse or not model.codes_reconstruct:
        return ""
    if model.spec.kind != "table" or model.codebook_size or code < ENOUGH * columns:
        return ""
    return (
        f"the code has {code} numbers and a row {columns} columns: it can copy them and learn "
        f"nothing of how they hang together; a smaller one: model.latent_dim={max(1, columns // 2)}"
    )


def _unseen(labels: list[int]) -> str:
    shown = ", ".join(map(str, labels[:10])) + (", ..." if len(labels) > 10 else "")
    return f"no training image has label {shown}: what the model makes of it is not trained"


def _check_augment(preparation: Preparation, splits) -> None:
    """Raises BadRequest for augmentations that make no sense of the data."""
    scaling = splits.learnt.scaling
    for name, change in preparation.augment.items():
        change.check(name, splits.spec, *splits.data_range)
        if change.moves_pixels and scaling is not None and scaling.offset.ndim == 3:
            raise BadRequest(
                f"augment={name} moves values to other pixels, and each pixel has a scale of its "
                "own\ntake dataset.scale_per=global"
            )


def _check_monitors(cfg: DictConfig, model) -> None:
    """A callback may watch what history.csv will have; the checkpoint keeps the last epoch else."""
    terms = ["loss", *model.term_names()]
    columns = [f"val_{term}" for term in terms] + terms
    for name, node in (cfg.get("callbacks") or {}).items():
        allowed = [*columns, None] if name == "checkpoint" else columns
        if node is not None and node.get("monitor", columns[0]) not in allowed:
            raise BadRequest(
                f"callbacks.{name}.monitor must be one of {', '.join(columns)}; "
                f"got {node.monitor!r}"
            )
