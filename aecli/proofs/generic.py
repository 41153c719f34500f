"""What holds of any model: proofs on a small one of its YAML, a user's own included."""

import dataclasses
import functools
import pathlib
import tempfile
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aecli import build
from aecli.console.compose import composed
from aecli.datasets.vocabulary import Vocabulary
from aecli.models.batch import Batch
from aecli.proofs.base import Finding, Proof, at_most, close, same
from aecli.training.step import train_step
from aecli.untrusted import keras_file

SMALL = {"widths": [16], "filters": [8, 4], "units": 16, "activation": "tanh"}  # of a network
GREYS = Vocabulary(("white", "light", "dark"))  # of digits, as a text of 16 words
LABELS = 3
ROWS = 32
STEPS = 20  # of a training
AFTER = 1e4  # epochs: every weight is the full one, as in evaluation
STEP = 1e-3  # of finite differences


@dataclasses.dataclass
class Case:
    """A model with examples x [N, *data_shape] of it."""

    model: Any
    x: np.ndarray

    def batch(
        self, first: int = 0, last: int | None = None, progress: float | None = None
    ) -> Batch:
        """Some of the examples, with the frozen draws that they have in evaluation."""
        rows, model = self.x[first:last], self.model
        last = first + len(rows)
        label = None
        if model.label_count is not None:
            label = (np.arange(first, last) % min(LABELS, model.label_count)).astype("int32")
        return Batch(rows, rows, model.frozen_draws(last - first, first), progress, label)

    def measured(self, first: int = 0, last: int | None = None) -> dict[str, np.ndarray]:
        """{"loss" and each term: [B]} in evaluation. Raises ValueError where they are others."""
        batch, names = self.batch(first, last), self.model.term_names()
        loss, terms, _ = self.model.objective(batch, self.model.forward(batch))
        found = {"loss": loss, **terms}
        if list(terms) != names:
            raise ValueError(f"the terms are {', '.join(terms)}, not {', '.join(names)}")
        for name, value in found.items():
            if value.shape != (len(batch.x),):
                raise ValueError(f"{name} has the shape {tuple(value.shape)}, not [B]")
        return {name: np.asarray(value) for name, value in found.items()}

    @functools.cached_property
    def fall(self) -> tuple[float, float]:
        """The loss after some steps of each player's Adam, and before.

        Where players oppose each other, the reconstruction: a loss follows the opponent's.
        """
        name = "loss" if len(self.model.players) == 1 else "reconstruction"
        before = self.measured()[name].mean()
        self.train(STEPS)
        return self.measured()[name].mean(), before

    def train(self, steps: int) -> None:
        """Take so many steps of each player's Adam on all examples at once."""
        model, batch = self.model, self.batch(progress=AFTER)
        optimizers: Any = {player: keras.optimizers.Adam(1e-2) for player in model.players}
        for player, optimizer in optimizers.items():
            optimizer.build(model.variables_of(player))
        model.compile(optimizers["model"])
        step = tf.function(lambda: train_step(model, optimizers, batch), autograph=False)
        for _ in range(steps):
            step()


def built(words: list[str], config_dir: str | None = None) -> Case:
    """The case of `aecli train WORDS` with a small network, on 8x8 digits.

    Raises what composing and building raise.
    """
    config = build.plain(composed("train", words, config_dir).config)
    network = config["network"]
    if network["_target_"].startswith("aecli."):
        config["network"] = network | {key: SMALL[key] for key in SMALL.keys() & network.keys()}
    x, vocabulary = _digits(), None
    if build.takes(network, "token_count", "network"):
        x, vocabulary = np.round(4 * x[:, ::2, ::2] / 2).reshape(-1, 1, 16, 1), GREYS
    elif build.component(network, "network").is_of_series:
        x = x.reshape(-1, 1, 8, 8)
    return Case(build.model(config, x.shape[1:], LABELS, None, vocabulary, train_count=1000), x)


def _digits() -> np.ndarray:
    from sklearn.datasets import load_digits

    digits: Any = load_digits()
    return (digits.images[:ROWS, ..., None] / 16).astype("float32")


def proofs(subject: str, case: Case) -> list[Proof]:
    """The proofs of a case, in the order in which they are to be looked at: some train it."""
    asked = [*ALWAYS, *({} if case.model.gradient_is_estimate else SLOPE)]
    asked += [*FALLS, *TRAINED] if case.model.reconstructs else TRAINED
    every = ALWAYS | SLOPE | FALLS | TRAINED
    return [Proof(subject, what, functools.partial(every[what], case)) for what in asked]


def _players(case: Case) -> Iterable[Finding]:
    model, batch = case.model, case.batch(progress=0.5)
    owned = [id(v) for player in model.players for v in model.variables_of(player)]
    yield same(len(owned), len({*owned}))
    yield same(len({*owned} ^ {id(v) for v in model.trainable_variables}), 0)
    unreached = []
    for player in model.players:
        variables = model.variables_of(player)
        with tf.GradientTape() as tape:
            out = model.forward(batch, training=True)
            loss = tf.reduce_mean(model.objective(batch, out, player, training=True)[0])
        gradients = tape.gradient(loss, variables)
        pairs = zip(variables, gradients, strict=True)
        unreached += [v.path for v, g in pairs if g is None or not np.any(g)]
    found = same(len(unreached), 0)
    yield dataclasses.replace(found, note=f"not reached: {', '.join(unreached)}")


def _slope(case: Case) -> Iterable[Finding]:
    """Along a random direction for each variable, of the first player's loss in training."""
    model, rng = case.model, np.random.default_rng(0)
    batch = case.batch(last=ROWS // 2, progress=0.5)

    def loss():
        return tf.reduce_mean(model.objective(batch, model.forward(batch, True), training=True)[0])

    loss_of = tf.function(loss, autograph=False)
    variables = model.variables_of(model.players[0])
    loss_of()  # what a model remembers of its first batch, it has then
    with tf.GradientTape() as tape:
        value = loss()
    gradients = tape.gradient(value, [variable.value for variable in variables])
    for variable, gradient in zip(variables, gradients, strict=True):
        direction = rng.normal(size=variable.shape).astype("float32")
        start, ends = variable.numpy(), []
        for step in (STEP, -STEP):
            variable.assign(start + step * direction)
            ends.append(float(loss_of()))
        variable.assign(start)
        gradient = np.zeros(variable.shape) if gradient is None else np.asarray(gradient)
        slope, known = float(np.sum(gradient * direction)), (ends[0] - ends[1]) / (2 * STEP)
        size = max(abs(known), float(np.linalg.norm(gradient)))
        found = Finding(slope, known, 0.02 * size + 5e-7 * abs(float(value)) / STEP)
        yield dataclasses.replace(found, note=f"of {variable.path}")


def _falls(case: Case) -> Finding:
    after, before = case.fall
    return at_most(after, before - 0.1 * abs(before))


def _sums(case: Case) -> Finding:
    _ = case.fall
    found, weights = case.measured(), case.model.weights_of_penalties()
    total = found["reconstruction"] if case.model.codes_reconstruct else 0.0
    total = total + sum(weights[name] * found[name] for name in weights)
    finite = [same(np.isfinite(value).all(), True) for value in found.values()]
    return max([close(found["loss"], total, rtol=2e-5, atol=2e-5), *finite], key=_excess)


def _batches(case: Case) -> Iterable[Finding]:
    _ = case.fall
    whole = case.measured(0, 7)
    parts = [case.measured(first, min(first + 3, 7)) for first in (0, 3, 6)]
    for name, value in whole.items():
        ours = np.concatenate([part[name] for part in parts])
        yield dataclasses.replace(close(ours, value, rtol=3e-5, atol=3e-5), note=f"of {name}")


def _again(case: Case) -> Iterable[Finding]:
    _ = case.fall
    before = [variable.numpy() for variable in case.model.variables]
    first, second = case.measured(), case.measured()
    for name in first:
        yield dataclasses.replace(same(second[name], first[name]), note=f"of {name}")
    changed = [
        variable.path
        for variable, value in zip(case.model.variables, before, strict=True)
        if not np.array_equal(variable.numpy(), value, equal_nan=True)
    ]
    yield dataclasses.replace(same(len(changed), 0), note=f"changed: {', '.join(changed)}")


def _reload(case: Case) -> Iterable[Finding]:
    _ = case.fall
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "model.keras"
        keras_file.save(case.model, file)
        with warnings.catch_warnings():  # of several players, Keras knows one optimizer
            warnings.simplefilter("ignore", UserWarning)
            again = Case(keras.models.load_model(file), case.x)
    for name, value in case.measured().items():
        yield dataclasses.replace(same(again.measured()[name], value), note=f"of {name}")
    batch = case.batch()._replace(draws={})
    ours, known = (ops.convert_to_numpy(m.infer(batch)["z"]) for m in (again.model, case.model))
    yield dataclasses.replace(same(ours, known), note="of the codes")


def _excess(finding: Finding) -> float:
    return finding.excess


Compared = dict[str, Callable[[Case], Finding | Iterable[Finding]]]
ALWAYS: Compared = {"variables that no player's gradient reaches, or two own = 0": _players}
SLOPE: Compared = {"gradient = finite difference along a random direction": _slope}
FALLS: Compared = {f"loss after {STEPS} steps of Adam <= 0.9 of what it was": _falls}
TRAINED: Compared = {
    "loss = its terms, weighted, each finite and a number an example": _sums,
    "7 examples evaluated 3 at a time = all at once": _batches,
    "evaluated again = evaluated, and no variable has moved": _again,
    "reloaded from its file by plain Keras = itself, to the bit": _reload,
}
