"""Proofs of the Hamiltonian VAE."""

from typing import Any

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.models.batch import Batch
from aecli.models.hvae import HVAE, LARGEST, leapfrog
from aecli.models.vae import VAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, close, mean_of, proof, same

SIGMA = 0.7
NORMAL: Any = stats.multivariate_normal  # whose types are wrong


def _linear(kind: Any = HVAE, mean_error=0.0, log_var_error=0.0, n=400, **settings):
    """A model whose decoder is x = z W + b + 0.7 e, its encoder off the true posterior.

    -> the model, examples x of its law, that law, W and b.
    """
    rng = np.random.default_rng(0)
    model = kind(
        data_shape=(2, 3, 1), network=MLP(widths=[], activation="linear"), latent_dim=2,
        reconstruction_loss=Gaussian(stddev=SIGMA), **settings,
    )  # fmt: skip
    W = np.linalg.qr(rng.normal(size=(6, 2)))[0].T * np.array([[1.5], [0.8]])
    b = rng.normal(size=6)
    precision = np.eye(2) + W @ W.T / SIGMA**2
    gain = np.linalg.solve(precision, W) / SIGMA**2
    model.decoder.set_weights([W, b])
    weights = {"mean": (gain.T, -gain @ b + mean_error)}
    weights["log_var"] = (np.zeros((6, 2)), -np.log(np.diag(precision)) + log_var_error)
    for name, (kernel, bias) in weights.items():
        model.encoder.get_layer(name).set_weights([kernel, bias])
    law = NORMAL(b, W.T @ W + SIGMA**2 * np.eye(6))
    x = law.rvs(n, random_state=rng).astype("float32")
    return model, x.reshape(-1, 2, 3, 1), law, W, b


def _batch(model, x) -> Batch:
    return Batch(x, x, model.frozen_draws(len(x)))


def _quartic(z):
    """The slope of the energy sum z^4 / 4 + z_1 z_2 / 2."""
    return z**3 + 0.5 * z[..., ::-1]


def _start(n=5) -> Any:
    rng = np.random.default_rng(1)
    return [tf.constant(rng.normal(size=(n, 2)), "float64") for _ in range(2)]


@proof("back with the momentum turned round = where the leapfrog began")
def reversible():
    z, p = _start()
    there = leapfrog(z, p, _quartic, 0.1, [1.0] * 5)
    back = leapfrog(there[0], -there[1], _quartic, 0.1, [1.0] * 5)
    yield close(back[0], z, atol=1e-12)
    yield close(back[1], -p, atol=1e-12)
    yield at_least(np.abs(there[0] - z).max(), 0.3)


@proof("log |det| of a leapfrog by autodiff = d times the sum of log factors")
def determinant():
    z, p = _start()
    factors = [0.9, 0.7, 0.95]
    with tf.GradientTape() as tape:
        both = tf.concat([z, p], axis=1)
        tape.watch(both)
        ends = tf.concat(leapfrog(both[:, :2], both[:, 2:], _quartic, 0.2, factors), axis=1)
    found = np.linalg.slogdet(tape.batch_jacobian(ends, both)).logabsdet
    return close(found, np.full(5, 2 * np.log(factors).sum()), atol=1e-10)


@proof("a leapfrog step on a parabola = its 2x2 matrix")
def parabola():
    z, p = _start()
    e, found = 0.3, leapfrog(z, p, lambda z: z, 0.3, [1.0])
    yield close(found[0], (1 - e**2 / 2) * z + e * p, atol=1e-12)
    yield close(found[1], (1 - e**2 / 2) * p - e * (1 - e**2 / 4) * z, atol=1e-12)


@proof("temperatures fall from T_0 to 1 as 1 + (T_0 - 1) (1 - k^2 / K^2)")
def temperatures():
    model = _linear(steps=4, temperature=2.5)[0]
    known = 1 + 1.5 * (1 - (np.arange(5) / 4) ** 2)
    yield close([float(t) for t in model.temperatures()], known, rtol=1e-5)
    yield same([float(t) for t in _linear(steps=2, temperature=1.0)[0].temperatures()], 1.0)


@proof("the slope = gradient of -log p(x, z) of a linear decoder in closed form")
def slope():
    model, x, _, W, b = _linear(n=9)
    z = np.random.default_rng(0).normal(size=(9, 2))
    known = z - (x.reshape(9, 6) - z @ W - b) @ W.T / SIGMA**2
    return close(model.slope(tf.constant(z, "float32"), x), known, rtol=1e-4, atol=1e-5)


@proof("codes, log q and loss = the bound of codes and momenta, by hand in NumPy")
def by_hand():
    model, x, _, W, b = _linear(
        steps=3, temperature=1.8, step_size=0.2, mean_error=0.4, beta=0.7, n=200
    )
    batch, flat = _batch(model, x), x.reshape(-1, 6).astype("float64")
    out = model.infer(batch)
    mean, log_var = (np.asarray(out[name], "float64") for name in ("mean", "log_var"))
    z_0 = z = mean + np.exp(0.5 * log_var) * batch.draws["z"]
    p_0 = p = np.sqrt(1.8) * batch.draws["momentum"].astype("float64")
    T = 1 + 0.8 * (1 - (np.arange(4) / 3) ** 2)

    def energy_slope(z):
        return z - (flat - z @ W - b) @ W.T / SIGMA**2

    for k in range(3):
        p = p - 0.1 * energy_slope(z)
        z = z + 0.2 * p
        p = (p - 0.1 * energy_slope(z)) * np.sqrt(T[k + 1] / T[k])
    yield close(out["z"], z, atol=2e-4)
    log_q = stats.norm.logpdf(z_0, mean, np.exp(0.5 * log_var)).sum(1)
    log_q += stats.norm.logpdf(p_0, scale=np.sqrt(1.8)).sum(1)  # of both
    log_det = 2 * 0.5 * np.log(T[1:] / T[:-1]).sum()
    of_bound = log_q - log_det - stats.norm.logpdf(p).sum(1)
    yield close(out["log_q"], of_bound, atol=2e-3)
    epsilon = np.stack([batch.draws["z"], batch.draws["momentum"]], 1)
    again = model.draw(model.infer(Batch(x, x)), epsilon)
    yield close(again[0], z, atol=2e-4)
    yield close(again[1], of_bound, atol=2e-3)
    kl = 0.5 * (np.exp(log_var) + mean**2 - 1 - log_var).sum(1)
    kl += stats.norm.logpdf(z_0).sum(1) - stats.norm.logpdf(z).sum(1)
    kl += 0.5 * (p**2).sum(1) - 0.5 * (p_0**2).sum(1) / 1.8
    likelihood = stats.norm.logpdf(flat, z @ W + b, SIGMA).sum(1)
    scores = model.score(x)
    yield close(scores["kl"], kl, atol=3e-3)
    yield close(scores["loss"], -likelihood + 0.7 * kl, atol=5e-3)
    yield mean_of(scores["kl"] - (of_bound - stats.norm.logpdf(z).sum(1)), 0)


@proof("without steps = the VAE: loss and gradient, to the bit")
def without_steps():
    (model, x, *_), (vae, *_) = _linear(steps=0, mean_error=0.5), _linear(VAE, mean_error=0.5)
    yield same(model.score(x)["loss"], vae.score(x)["loss"])
    slopes = []
    for one in (model, vae):
        with tf.GradientTape() as tape:
            batch = Batch(x, x, model.frozen_draws(len(x)))
            loss = tf.reduce_mean(one.objective(batch, one.forward(batch, True), training=True)[0])
        slopes.append(tape.gradient(loss, [v.value for v in one.trainable_variables]))
    yield same(len(slopes[0]), len(slopes[1]))
    for ours, known in zip(*slopes, strict=True):
        yield same(ours, known)


@proof("bound of a linear-Gaussian model <= log p(x), and rises with the steps")
def rises():
    off: dict[str, Any] = {
        "mean_error": 0.5,
        "log_var_error": 0.8,
        "step_size": 0.15,
        "temperature": 1.0,
    }
    bounds = []
    for steps in (0, 2, 5):
        model, x, law, *_ = _linear(steps=steps, n=4000, **off)
        bounds.append(-model.score(x)["loss"])
    truth = law.logpdf(x.reshape(-1, 6))
    gaps = [(bounds[1] - bounds[0]), (bounds[2] - bounds[1]), (truth - bounds[2])]
    for gap in gaps:
        yield at_least(gap.mean(), 4 * gap.std() / np.sqrt(len(gap)))


@proof("mean importance weight of 4,000 draws = p(x), with tempering")
def importance():
    settings: dict[str, Any] = {"steps": 3, "temperature": 1.6, "step_size": 0.2, "mean_error": 0.2}
    model, x, law, *_ = _linear(n=6, **settings)
    rows = np.repeat(x, 4000, axis=0)
    out = model.infer(_batch(model, rows))
    params = model.params(out["z"])
    log_w = model.log_likelihood(rows, params) + model.log_prior(out["z"]) - out["log_q"]
    weights = np.asarray(log_w, "float64").reshape(6, 4000) - law.logpdf(x.reshape(6, 6))[:, None]
    return mean_of(np.exp(weights).T, 1.0)


@proof("the step is learnt below its largest; loss's gradient by it = finite difference")
def learnt():
    model, x, *_ = _linear(steps=2, step_size=0.3, mean_error=0.4, n=50)
    yield close(LARGEST / (1 + np.exp(-model.step_logit.numpy())), np.full(2, 0.3), rtol=1e-5)
    batch = _batch(model, x)

    def loss():
        return tf.reduce_mean(model.objective(batch, model.forward(batch))[0])

    for variable in (model.step_logit, model.log_excess):
        with tf.GradientTape() as tape:
            value = loss()
        slope, start, ends = tape.gradient(value, variable.value), variable.numpy(), []
        for step in (1e-2, -1e-2):
            variable.assign(start + step)
            ends.append(float(loss()))
        variable.assign(start)
        yield close(np.sum(slope), (ends[0] - ends[1]) / 2e-2, rtol=0.02, atol=1e-4)
