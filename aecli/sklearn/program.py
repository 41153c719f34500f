"""Program: a model and its compiled epoch, kept for the next fit of the same settings and shape.

Tracing takes a second, a small fit some milliseconds: so estimators hold weights alone, as arrays,
and share the programs that they are run by.
"""

import functools
import json
import threading
from typing import Any

import numpy as np
import tensorflow as tf

from aecli import build
from aecli.errors import BadRequest, Diverged
from aecli.models.batch import Batch
from aecli.training.feed import epoch_order
from aecli.training.step import train_step

QUESTIONS = ("reconstruction", "elbo", "distance")  # what a detector goes by
KEPT = 8  # programs at a time
BUSY = threading.RLock()  # a program has one set of weights at a time

CONSTANT = "aecli.training.schedules.Schedule"  # of schedule=none

Weights = list[np.ndarray]


class Program:
    """How a model of a config is trained on rows [N, D], and asked for what it makes of them."""

    def __init__(self, config: dict[str, Any], columns: int, examples: int):
        self.shape = (1, columns, 1)
        self.batch_size = config["trainer"]["batch_size"]
        per_epoch, steps = self.length(config, examples)
        self.model = build.model(config, self.shape, train_count=examples)
        self.preparation = build.preparation(config | {"dataset": {}})
        players = self.model.players
        self._optimizers = build.optimizers(config, players, steps, per_epoch)
        self.model.compile(self._optimizers[players[0]], jit_compile=False)
        for player, optimizer in self._optimizers.items():
            optimizer.build(self.model.variables_of(player))
        self._state = [v for one in self._optimizers.values() for v in one.variables]
        self._start = [v.numpy() for v in self._state]
        rows, number = tf.TensorSpec([None, *self.shape]), tf.TensorSpec([], tf.int32)
        self._epoch = tf.function(
            self._run_epoch,
            input_signature=[rows, tf.TensorSpec([None], tf.int32), number, number],
            autograph=False,
        )

    def length(self, config: dict[str, Any], examples: int) -> tuple[int, int]:
        """Steps an epoch, and in all."""
        trainer, per_epoch = config["trainer"], -(-examples // self.batch_size)
        return per_epoch, trainer["steps"] or trainer["epochs"] * per_epoch

    def fit(
        self, config: dict[str, Any], x: np.ndarray, epochs_of: Any = range
    ) -> tuple[Weights, list[float]]:
        """Train on x [N, D] float32 from config["seed"] on -> weights, loss of each epoch in nats.

        epochs_of: makes of the number of epochs what counts them, for a bar. Raises Diverged.
        """
        seed, rows = config["seed"], x.reshape(-1, *self.shape)
        per_epoch, steps = self.length(config, len(rows))
        self.model.set_weights(_first_weights(json.dumps(config), self.shape[1], len(rows)))
        for variable, value in zip(self._state, self._start, strict=True):
            variable.assign(value)
        if self.model.adapts_to:
            self.model.adapt(rows[: self.model.adapts_to])
        losses, data = [], tf.constant(rows)
        for epoch in epochs_of(-(-steps // per_epoch)):
            before = epoch * per_epoch
            order = epoch_order(seed, epoch, len(rows))[: (steps - before) * self.batch_size]
            self.model.reset_metrics()
            self._epoch(data, *map(tf.constant, (order, before, per_epoch)))
            losses.append(float(self.model._loss_tracker.result()))
            if not np.isfinite(losses[-1]):
                raise Diverged(
                    f"the loss is no longer finite in epoch {epoch + 1}: take a smaller "
                    "learning_rate"
                )
        return self.model.get_weights(), losses

    def _run_epoch(self, data, order, before, per_epoch):
        n, size = tf.shape(order)[0], self.batch_size

        def body(i):
            rows = tf.gather(data, order[i * size : tf.minimum((i + 1) * size, n)])
            step = before + i
            x, target = self.preparation.fresh(rows, step)
            draws = self.preparation.draws(self.model.noise_shapes(), tf.shape(x)[0], step)
            progress = tf.cast(step / per_epoch, tf.float32)
            train_step(self.model, self._optimizers, Batch(x, target, draws, progress))
            return i + 1

        steps = -(-n // size)
        tf.while_loop(lambda i: i < steps, body, [tf.constant(0)], parallel_iterations=1)

    def ask(self, weights: Weights, question: Any, *arrays: np.ndarray) -> np.ndarray:
        """What question(model, *arrays) gives of a model of these weights, row by row.

        Rows are asked in blocks of one size, the last filled up: what becomes of a row does not
        depend, not to the last bit, on those that it is asked with.
        """
        self.model.set_weights(weights)
        n, size = len(arrays[0]), self.model.rows_at_once(self.model.decoded_an_example)
        filled = [_filled(np.asarray(a, "float32"), -(-n // size) * size) for a in arrays]
        return question(self.model, *filled)[:n]


def _filled(x: np.ndarray, n: int) -> np.ndarray:
    return np.pad(x, [(0, n - len(x)), *[(0, 0)] * (x.ndim - 1)], mode="edge")


def program(config: dict[str, Any], columns: int, examples: int) -> Program:
    """The program of such trainings, made anew where none is kept. To be called with BUSY."""
    is_constant = config["schedule"]["_target_"] == CONSTANT
    counts = not is_constant or build.takes(config["model"], "train_count", "model")
    examples = examples if counts else 1
    found = _kept(json.dumps(config | {"seed": None}, sort_keys=True), columns, examples, None)
    if found.preparation.is_random or found.model.noise_shapes():  # its draws are of the seed
        return _kept(json.dumps(config, sort_keys=True), columns, examples, config["seed"])
    return found


@functools.lru_cache(KEPT)
def _kept(text: str, columns: int, examples: int, seed: int | None) -> Program:
    return Program(json.loads(text) | {"seed": seed or 0}, columns, examples)


@functools.lru_cache(KEPT)
def _first_weights(text: str, columns: int, examples: int) -> Weights:
    """Those of a model before its training, by the seed of its config."""
    return build.model(json.loads(text), (1, columns, 1), train_count=examples).get_weights()


def codes(model, x: np.ndarray) -> np.ndarray:
    """[N, D] -> [N, K]"""
    z = model.encode(x.reshape(-1, *model.data_shape))
    return z.reshape(len(z), -1)


def rows(model, z: np.ndarray) -> np.ndarray:
    """[N, K] -> [N, D]"""
    x = model.decode(z.reshape(-1, *model.code_shape))
    return x.reshape(len(x), -1)


def outlyingness(criterion: str | None):
    """What gives the score [N] of rows [N, D], the higher the less normal. Raises BadRequest."""
    from aecli.metrics.detection.scores import check_has, negative_elbo, squared_errors

    if criterion not in (None, *QUESTIONS):
        raise BadRequest(f"criterion must be one of {', '.join(QUESTIONS)}; got {criterion!r}")

    def question(model, x):
        asked = criterion or model.own_score
        check_has(model, asked)
        x = x.reshape(-1, *model.data_shape)
        if asked == "elbo":
            return negative_elbo(model, x)
        if asked == "distance":
            return model.score(x)["distance"].astype(np.float64)
        return squared_errors(x, model.reconstruct(x))

    return question
