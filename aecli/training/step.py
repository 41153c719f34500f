"""The one training step: of both feeds, of Keras's compiled programs and of every replica."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from aecli.models.base import Autoencoder
from aecli.models.batch import Batch

Optimizers = dict[str, keras.optimizers.Optimizer]
"""{player: what minimises its loss}, the players in the model's order."""


@dataclasses.dataclass(frozen=True)
class Shared:
    """In a replica, which has some rows of a batch of `size`.

    counts: 1, or 0 where its rows stand for none of the batch; mean(term [b]): what these add to
    the mean over the batch; total(nest): the sum of what all replicas have.
    """

    size: Any
    counts: Any
    mean: Callable[[Any], Any]
    total: Callable[[Any], Any]


def train_step(
    model: Autoencoder, optimizers: Optimizers, batch: Batch, shared: Shared | None = None
) -> None:
    """Take one step of each optimizer on a batch, and add its loss and terms to the epoch's.

    All players look at the same outcome of the model, and each at what the others were before the
    step. In a replica, `batch` has its rows alone.
    """
    mean = tf.reduce_mean if shared is None else shared.mean
    trained = {player: model.variables_of(player) for player in optimizers}
    losses, scaled, terms, watched = {}, {}, {}, {}
    with tf.GradientTape(persistent=len(optimizers) > 1) as tape:
        out = model.forward(batch, training=True)
        for player, optimizer in optimizers.items():
            loss, its_terms, its_watched = model.objective(batch, out, player, training=True)
            losses[player], scaled[player] = loss, optimizer.scale_loss(mean(loss))
            terms |= its_terms
            watched |= its_watched
    gradients = {
        player: tape.gradient(scaled[player], [weight.value for weight in weights])
        for player, weights in trained.items()
    }
    del tape
    used = {
        player: [w for g, w in zip(gradients[player], weights, strict=True) if g is not None]
        for player, weights in trained.items()
    }
    gradients = {player: [g for g in its if g is not None] for player, its in gradients.items()}
    statistics = _statistics(model, losses, watched, shared)
    first, *_ = optimizers
    value = mean(losses[first])
    if shared is not None:
        means = {name: mean(term) for name, term in terms.items()}
        gradients, value, means, statistics = shared.total((gradients, value, means, statistics))
    else:
        means = terms
    for player, optimizer in optimizers.items():
        optimizer.apply(gradients[player], used[player])
    size = tf.shape(batch.x)[0] if shared is None else shared.size
    model._loss_tracker.update_state(value, sample_weight=size)
    for tracker in model.term_trackers:
        weight = None if shared is None else size
        tracker.update_state(means[tracker.name], sample_weight=weight)
    for tracker in (*model.watched, *model.opponent_losses):
        tracker.add(statistics[tracker.name])


def _statistics(model: Autoencoder, losses: dict, watched: dict, shared: Shared | None) -> dict:
    """{name: statistic} of what is watched, the losses of the players after the first included."""
    values = watched | {f"{player}_loss": losses[player] for player in [*losses][1:]}
    found = {
        tracker.name: tracker.statistic(values[tracker.name])
        for tracker in (*model.watched, *model.opponent_losses)
    }
    if shared is None:
        return found
    return {name: tf.cast(shared.counts, value.dtype) * value for name, value in found.items()}
