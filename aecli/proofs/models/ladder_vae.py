"""Proofs of the ladder VAE."""

from typing import Any

import numpy as np
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.metrics.bounds import importance_bound, log_densities
from aecli.models.batch import Batch
from aecli.models.draws import normal_draws
from aecli.models.ladder_vae import LadderVAE
from aecli.models.vae import VAE
from aecli.networks.mlp import MLP
from aecli.proofs.base import at_least, at_most, close, mean_of, proof, same
from aecli.proofs.cases import batch_of, images, loss_and_gradients, made

LITTLE = {"latent_dim": 4, "upper_dims": [3], "level_widths": [6]}


def _made(**settings) -> LadderVAE:
    return made(LadderVAE, 0.3, **LITTLE | settings)


@proof("without upper levels = the VAE, loss, gradient and KL of units, to the bit")
def one_level():
    ladder, vae, x = made(LadderVAE, 0.3, upper_dims=[]), made(VAE, 0.3), images(9)
    batch = batch_of(vae, x)
    (loss, gradients), (known, its) = (loss_and_gradients(m, batch) for m in (ladder, vae))
    yield same(loss, known)
    yield from map(same, gradients, its)
    yield same(ladder.kl_of_units(x), vae.kl_of_units(x))
    yield same(log_densities(ladder, x, x, 3), log_densities(vae, x, x, 3))


@proof("a flat likelihood of a level leaves its prior, KL 0; a sharp one does not")
def flat():
    model, x = _made(), images(9)
    for log_var, is_flat in ((60.0, True), (-20.0, False)):
        model.encoder.get_layer("log_var").set_weights([np.zeros((6, 4)), np.full(4, log_var)])
        z, terms = model.encode(x), model.score(x)
        source = model.down[0](z[:, 4:]) if is_flat else model.encoder(x)
        yield close(z[:, :4], np.asarray(source["mean"]), atol=1e-5)
        yield at_most(terms["kl_1"].max(), 1e-6) if is_flat else at_least(terms["kl_1"].min(), 10)
        yield at_least(terms["kl_2"].min(), 0.05)


@proof("log q - log p = kl_1 + kl_2, in the mean over draws")
def densities():
    model, x = _made(), images(4)
    log_q = log_densities(model, x, x, 2000)[1]
    epsilon = np.random.default_rng(1).normal(size=(2000, 4, 7)).astype("float32")
    rows = np.tile(x, (2000, 1, 1, 1))
    batch = Batch(rows, rows, {"z": epsilon.reshape(-1, 7)})
    terms = model.penalties(batch, model.infer(batch))
    closed = np.sum([np.asarray(term) for _, term in terms.values()], 0).reshape(2000, 4)
    yield mean_of(log_q - closed, 0)
    rising = _made(beta=3.0, warmup_epochs=4.0)
    penalties = rising.penalties(Batch(x, x, progress=1.0), rising.infer(Batch(x, x)))
    yield close([float(weight) for weight, _ in penalties.values()], 0.75)


def _linear(mean_error: float = 0.0, n: int = 2000):
    """A ladder of x = z_1 W + b + 0.7 e, z_1 = z_2 A + c + 0.5 e, with the true posterior.

    W has orthogonal rows and A is diagonal, so that the posterior of each level is, too.
    """
    rng, sigma, s = np.random.default_rng(0), 0.7, 0.5
    W = np.linalg.qr(rng.normal(size=(6, 2)))[0].T * np.array([[1.5], [0.8]])
    A, b, c = np.diag([1.2, -0.7]), rng.normal(size=6), rng.normal(size=2)
    model = LadderVAE(
        data_shape=(2, 3, 1), reconstruction_loss=Gaussian(stddev=sigma), latent_dim=2,
        network=MLP(widths=[], activation="linear"), upper_dims=[2], level_widths=[2],
    )  # fmt: skip
    model.decoder.set_weights([W, b])
    squares = np.square(W).sum(axis=1)
    message = W.T / squares  # x -> the likelihood's mean of z_1, and its variance
    variance = sigma**2 / squares
    heads = {"mean": (message, -b @ message + mean_error), "up": (message, -b @ message)}
    heads["log_var"] = (np.zeros((6, 2)), np.log(variance))
    for name, weights in heads.items():
        model.encoder.get_layer(name).set_weights(weights)
    precision = 1 + np.diag(A) ** 2 / (variance + s**2)  # of z_2 given x
    gain = np.diag(A) / (variance + s**2) / precision
    (up,), (down,) = model.up, model.down
    up.get_layer("mean").set_weights([np.diag(gain), -c * gain])
    up.get_layer("log_var").set_weights([np.zeros((2, 2)), -np.log(precision)])
    (hidden,) = [
        layer for layer in down.layers if layer.weights and layer.name not in ("mean", "log_var")
    ]
    hidden.set_weights([np.eye(2), np.zeros(2)])
    down.get_layer("mean").set_weights([A, c])
    down.get_layer("log_var").set_weights([np.zeros((2, 2)), np.full(2, 2 * np.log(s))])
    inner = A @ A.T + s**2 * np.eye(2)
    normal: Any = stats.multivariate_normal
    evidence = normal(c @ W + b, W.T @ inner @ W + sigma**2 * np.eye(6))
    x = evidence.rvs(n, random_state=rng).astype("float32")
    codes = normal(np.r_[c, 0, 0], np.block([[inner, A], [A, np.eye(2)]]))
    return model, x.reshape(-1, 2, 3, 1), evidence.logpdf(x), codes


@proof("with the true posterior, every draw: p(x, z) / q(z|x) = p(x)")
def evidence():
    model, x, known, _ = _linear()
    likelihood, kl = log_densities(model, x[:300], x[:300], 3)
    yield close(likelihood - kl, np.tile(known[:300], (3, 1)), atol=5e-4)
    yield mean_of(-model.score(x)["loss"] - known, 0)  # the KL is in closed form


@proof("with a wrong posterior, ELBO < bound of 5 < bound of 50, near log p(x)")
def rises():
    model, x, known, _ = _linear(mean_error=0.7)
    likelihood, kl = log_densities(model, x, x, 50)
    gaps = [importance_bound((likelihood - kl)[:k]) - known for k in (1, 5, 50)]
    means = [gap.mean() for gap in gaps]
    errors = [3 * gap.std() / np.sqrt(len(gap)) for gap in gaps]
    yield at_least(means[1], means[0], -errors[0] - errors[1])
    yield at_least(means[2], means[1], -errors[1])
    yield at_most(abs(means[2]), max(errors[2], 0.1 * abs(means[0])))


@proof("codes of the prior = draws of the joint Gaussian of both levels, and its density")
def prior():
    model, _, _, codes = _linear(n=2)
    z = np.asarray(model.sample_prior(20_000, seed=0))
    yield mean_of(z, codes.mean)
    yield close(np.cov(z.T), codes.cov, atol=0.06)
    yield close(model.log_prior(z[:200]), codes.logpdf(z[:200]), atol=2e-4)


@proof("three levels, each made of the next: codes, log q, the prior's draws and density")
def three_levels():
    model, x = _made(upper_dims=[3, 2], epsilon_std=0.5), images(6)
    batch = batch_of(model, x)
    out: Any = model.infer(batch)
    first = model.encoder(x)
    second = model.up[0](first["up"])
    third = model.up[1](second["up"])
    log_q, above, e = 0.0, None, batch.draws["z"]
    for i, level in reversed([*enumerate(model.levels.values())]):
        heads = (first, second, third)[i]
        mean, log_var = (np.asarray(heads[name], "float64") for name in ("mean", "log_var"))
        if above is not None:
            prior = model.down[i](above)
            at, spread = (np.asarray(prior[name], "float64") for name in ("mean", "log_var"))
            precisions = np.exp(-log_var), np.exp(-spread)
            mean = (mean * precisions[0] + at * precisions[1]) / sum(precisions)
            log_var = -np.log(sum(precisions))
        stddev = 0.5 * np.exp(0.5 * log_var)
        above = (mean + stddev * e[:, level]).astype("float32")
        yield close(out["z"][:, level], above, atol=1e-4)
        log_q = log_q + stats.norm.logpdf(above, mean, stddev).sum(axis=1)
    yield close(out["log_q"], log_q, atol=2e-3)
    e, log_p = normal_draws(6, (9,), seed=3), 0.0
    above = e[:, 7:]
    drawn = [above]
    for i, level in ((1, slice(4, 7)), (0, slice(0, 4))):
        heads = {name: np.asarray(head) for name, head in model.down[i](above).items()}
        stddev = np.exp(0.5 * heads["log_var"])
        above = heads["mean"] + stddev * e[:, level]
        drawn.insert(0, above)
        log_p = log_p + stats.norm.logpdf(above, heads["mean"], stddev).sum(axis=1)
    log_p = log_p + stats.norm.logpdf(e[:, 7:]).sum(axis=1)
    z = np.asarray(model.sample_prior(6, seed=3))
    yield close(z, np.concatenate(drawn, axis=1), atol=1e-5)
    yield close(model.log_prior(z), log_p, rtol=1e-4)


@proof("KL of units, summed over a level = its term; the decoder sees the lowest alone")
def levels():
    model, x = _made(upper_dims=[3, 2]), images(6)
    units, scores, z = model.kl_of_units(x), model.score(x), model.encode(x)
    for i, level in enumerate(model.levels.values()):
        yield close(units[:, level].sum(axis=1), scores[f"kl_{i + 1}"], rtol=1e-5)
    other = z + np.r_[np.zeros(4), np.ones(5)].astype("float32")
    yield same(model.decode(other), model.decode(z))
    yield at_least(np.abs(model.decode(z + 1) - model.decode(z)).max(), 1e-3)
