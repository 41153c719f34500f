"""Proofs of what all dictionaries share: W_d z + b, its start, the loss of dead units."""

import keras
import numpy as np
import tensorflow as tf

from aecli.losses.binary_crossentropy import BinaryCrossentropy
from aecli.losses.gaussian import Gaussian
from aecli.losses.mse import MSE
from aecli.metrics.dictionary import explained_variance
from aecli.models.batch import Batch
from aecli.models.sparse_codes import geometric_median
from aecli.models.top_k import TopK
from aecli.models.watched import EXPLAINED_VARIANCE, ExplainedVariance
from aecli.networks.dictionary import Dictionary
from aecli.proofs.base import at_least, close, proof, same
from aecli.training.step import train_step

DEAD = np.array([2, 5, 6, 11])  # units of 12


def made(kind, seed: int = 0, loss=None, **settings):
    """A small model whose biases are not 0, and 20 examples of it."""
    keras.utils.set_random_seed(1)
    model = kind(
        data_shape=(2, 3, 1), network=Dictionary(), reconstruction_loss=loss or MSE(),
        latent_dim=12, **settings,
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    model.pre.bias.assign(0.1 * rng.normal(size=12))
    model.directions.bias.assign(rng.normal(size=model.directions.bias.shape))
    return model, rng.normal(size=(20, 2, 3, 1)).astype("float32")


def parts(model):
    """W_e [6, 12], b_e, W_d [12, 6], b as float64."""
    found = model.pre.kernel, model.pre.bias, model.directions.kernel, model.directions.bias
    return [np.asarray(part, "float64") for part in found]


def asked(model, x):
    """A batch, and what forward gives for it in training."""
    batch = Batch(x, x)
    return batch, model.forward(batch, training=True)


def _with_dead(k: int = 3, **settings):
    model, x = made(TopK, k=2, aux_k=k, dead_after=50, **settings)
    silent = np.zeros(12)
    silent[DEAD] = 50
    model.silent.assign(silent)
    return model, x


def _aux(model, x, k: int = 3):
    """The auxiliary loss [B] in NumPy, and the code of the dead units."""
    w_e, b_e, w_d, b = parts(model)
    flat = x.reshape(len(x), -1)
    z = np.maximum((flat - b) @ w_e + b_e, 0)
    kept = z * (z >= np.sort(z, axis=1)[:, -2:-1])
    left = flat - kept @ w_d - b
    dead = np.zeros_like(z)
    dead[:, DEAD] = z[:, DEAD]
    dead *= dead >= np.sort(dead, axis=1)[:, -k][:, None]
    return np.square(left - dead @ w_d).sum(1), dead, left


@proof("code = ReLU of W_e (x - b) + b_e, reconstruction = W_d z + b, in NumPy")
def linear():
    model, x = made(TopK, k=12)
    w_e, b_e, w_d, b = parts(model)
    flat = x.reshape(20, -1)
    z = np.maximum((flat - b) @ w_e + b_e, 0)
    yield close(model.encode(x), z, atol=1e-5)
    yield close(model.reconstruct(x).reshape(20, -1), z @ w_d + b, atol=1e-5)
    yield close(model.score(x)["loss"], np.square(flat - z @ w_d - b).sum(1), rtol=1e-5)


@proof("at the start W_e = the transpose of W_d, whose rows have length 1")
def start():
    model, _ = made(TopK, k=2)
    w_e, _, w_d, _ = parts(model)
    yield close(np.linalg.norm(w_d, axis=1), 1.0, atol=1e-6)
    yield same(w_e, w_d.T)
    model, _ = made(TopK, k=2, loss=Gaussian())
    w_e, _, w_d, _ = parts(model)
    yield same(w_e, w_d[:, ::2].T)  # of a mean and a log-variance beside each other


@proof("b starts so that it stands for the geometric median, of a likelihood with such a mean")
def bias_at_the_start():
    for loss in (MSE(), Gaussian()):
        model, x = made(TopK, k=2, loss=loss)
        x = np.exp(x)
        model.adapt(x)
        known = geometric_median(x.reshape(20, -1))
        bias = np.asarray(model.directions.bias).reshape(1, 2, 3, -1)
        yield close(np.ravel(model.expected(bias)), known, rtol=1e-6)
        yield close(np.ravel(model.centre), known, rtol=1e-6)
    model, x = made(TopK, k=2, loss=BinaryCrossentropy())
    before = np.array(model.directions.bias)
    model.adapt(1 / (1 + np.exp(-x)))
    yield same(model.directions.bias, before)


@proof("rows of W_d keep length 1 through 30 steps of training, while they turn")
def unit_length():
    model, x = made(TopK, k=2)
    before = parts(model)[2]
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    for _ in range(30):
        train_step(model, {"model": optimizer}, Batch(x, x))
        yield close(np.linalg.norm(parts(model)[2], axis=1), 1.0, atol=1e-6)
    yield at_least(np.abs(parts(model)[2] - before).max(), 0.1)


@proof("aux = |e - W_d z_dead|^2 of the largest dead units, in NumPy; the loss has 1/32 of it")
def aux():
    model, x = _with_dead()
    batch, out = asked(model, x)
    known, _, _ = _aux(model, x)
    yield close(model.aux(x, out), known, rtol=1e-5)
    batch, out = asked(model, x)
    loss, terms, _ = model.objective(batch, out, training=True)
    yield close(loss, terms["reconstruction"] + terms["aux"] / 32, rtol=1e-6)


@proof("aux_k left out: half as many dead units as an example has numbers stand for the error")
def aux_of_half_the_numbers():
    model, x = made(TopK, k=2, dead_after=50)
    model.silent.assign(np.full(12, 50.0))
    w_e, b_e, w_d, b = parts(model)
    flat = x.reshape(20, -1)
    z = np.maximum((flat - b) @ w_e + b_e, 0)
    kept = z * (z >= np.sort(z, axis=1)[:, -2:-1])
    dead = z * (z >= np.sort(z, axis=1)[:, -3:-2])  # 3 of 6 numbers
    known = np.square(flat - kept @ w_d - b - dead @ w_d).sum(1)
    return close(model.aux(x, asked(model, x)[1]), known, rtol=1e-5)


@proof("aux is the same when the data and b are moved together")
def aux_of_shifted_data():
    model, x = _with_dead()
    one = np.asarray(model.aux(x, asked(model, x)[1]))
    model.directions.bias.assign_add(np.full(6, 5.0))
    return close(model.aux(x + 5, asked(model, x + 5)[1]), one, rtol=1e-4)


@proof("aux is 0, to the bit, where every unit is alive, and in evaluation; its gradient too")
def aux_without_dead_units():
    model, x = _with_dead()
    model.silent.assign(np.full(12, 49.0))
    with tf.GradientTape() as tape:
        term = model.aux(x, asked(model, x)[1])
    yield same(term, 0.0)
    none = tf.UnconnectedGradients.ZERO
    weights = model.directions.kernel.value
    yield same(tape.gradient(term, weights, unconnected_gradients=none), 0.0)
    model, x = _with_dead()
    yield same(model.score(x)["aux"], 0.0)


@proof("aux's gradient: none to live units; to dead rows of W_d that of a detached residual")
def aux_gradient():
    model, x = _with_dead()
    weights = [model.directions.kernel.value, model.pre.kernel.value, model.pre.bias.value]
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(model.aux(x, asked(model, x)[1]))
    found = [np.asarray(gradient) for gradient in tape.gradient(total, weights)]
    alive = np.setdiff1d(np.arange(12), DEAD)
    for gradient in (found[0][alive], found[1][:, alive], found[2][alive]):
        yield same(gradient, 0.0)
    _, z, left = _aux(model, x)
    w_d = parts(model)[2]
    yield close(found[0], -2 * z.T @ (left - z @ w_d), atol=1e-4)
    yield at_least(np.abs(found[1][:, DEAD]).min(), 1e-3)


@proof("aux of fewer dead units than aux_k = that of all of them, a number")
def aux_of_few():
    model, x = _with_dead(k=12)
    yield close(model.aux(x, asked(model, x)[1]), _aux(model, x, 4)[0], rtol=1e-5)
    model, x = made(TopK, k=2, dead_after=50)  # aux_k null: half of 6
    model.silent.assign(np.isin(np.arange(12), DEAD) * 50.0)
    yield close(model.aux(x, asked(model, x)[1]), _aux(model, x, 3)[0], rtol=1e-5)


@proof("aux of dead units that add nothing = the reconstruction: both are sums, in nats")
def aux_in_nats():
    model, x = _with_dead()
    bias = np.zeros(12)
    bias[DEAD] = -100
    model.pre.bias.assign(bias)
    batch, out = asked(model, x)
    return close(model.aux(x, out), model.objective(batch, out)[1]["reconstruction"], rtol=1e-6)


@proof("silent = examples since a unit was active; one of this batch is not dead")
def silence():
    model, x = made(TopK, k=2, dead_after=20)
    known = np.zeros(12)
    for batch in (x[:8], x[8:13], x[:8]):
        model.penalties(*asked(model, batch), training=True)
        known = np.where((model.encode(batch) > 0).any(0), 0, known + len(batch))
        yield same(model.silent, known)
    model.silent.assign(np.full(12, 100.0))
    model.penalties(*asked(model, x), training=True)
    yield same(np.asarray(model.is_dead), ~(model.encode(x) > 0).any(0))
    before = np.array(model.silent)
    model.score(x)
    yield same(model.silent, before)


@proof("l0, unused, explained variance of 20 examples in batches of 7 = NumPy's of all")
def watched():
    model, x = made(TopK, k=2)
    model.centre.assign(np.full((2, 3, 1), 0.5))
    for start in range(0, 20, 7):
        batch = Batch(x[start : start + 7], x[start : start + 7])
        values = model.objective(batch, model.forward(batch))[2]
        for tracker in model.watched:
            tracker.add(tracker.statistic(values[tracker.name]))
    found = {tracker.name: float(tracker.result()) for tracker in model.watched}
    z, error = model.encode(x), x - model.reconstruct(x)
    yield close(found["l0"], (z > 0).sum(1).mean(), rtol=1e-6)
    yield close(found["unused"], (z == 0).all(0).mean(), rtol=1e-6)
    known = 1 - error.var(0).sum() / x.var(0).sum()
    yield close(found["explained_variance"], known, atol=1e-5)


@proof("explained variance of scaled and shifted data is the same; that of their mean is 0")
def invariance():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 4)) * [1, 2, 3, 10]
    again = x + rng.normal(size=(50, 4)) + [0, 0, 5, 0]
    known = 1 - (x - again).var(0).sum() / x.var(0).sum()
    for scale, shift in ((1, 0), (1e-3, 0), (7, 1e3), (1, -5)):
        one, other = (scale * a + shift for a in (x, again))
        yield close(explained_variance(one, other), known, rtol=1e-9)
        found = ExplainedVariance("ev", EXPLAINED_VARIANCE, 4)
        for rows in (slice(0, 9), slice(9, 50)):  # of values from anywhere near their mean
            found.add(found.statistic((one[rows] - shift, (one - other)[rows])))
        yield close(found.result(), known, atol=1e-5)
    yield close(explained_variance(x, np.broadcast_to(x.mean(0), x.shape)), 0.0, atol=1e-12)
