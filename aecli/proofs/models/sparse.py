"""Proofs of the sparse autoencoders."""

import numpy as np
from scipy import stats

from aecli.losses.mse import MSE
from aecli.models.ae import AE
from aecli.models.batch import Batch
from aecli.models.sparse import Sparse
from aecli.networks.mlp import MLP
from aecli.proofs.base import close, proof, same
from aecli.proofs.cases import batch_of, images, loss_and_gradients, made


def _model(**settings) -> tuple[Sparse, np.ndarray]:
    """A small model, and 20 examples of it."""
    model = Sparse(
        data_shape=(2, 3, 1), network=MLP(widths=[]), reconstruction_loss=MSE(), latent_dim=5,
        **settings,
    )  # fmt: skip
    x = np.random.default_rng(0).normal(size=(20, 2, 3, 1)).astype("float32")
    return model, x


@proof("L1 term = sum of the absolute codes")
def l1():
    model, x = _model()
    return close(model.score(x)["sparsity"], np.abs(model.encode(x)).sum(1), rtol=1e-5)


@proof("KL term of a batch = SciPy's KL of two coins, summed over the units")
def kl_of_rates():
    model, x = _model(penalty="kl", code_activation="sigmoid", rate=0.1)
    term = model.penalties(Batch(x, x), model(x), training=True)["sparsity"][1]
    rates = model.encode(x).mean(0)
    yield close(term, sum(stats.entropy([0.1, 0.9], [r, 1 - r]) for r in rates), rtol=1e-5)
    running = 0.99 * 0.1 + 0.01 * rates
    yield close(model.running_rate, running, rtol=1e-5)


@proof("KL term in evaluation = that of the running rates, whatever the batch")
def kl_in_evaluation():
    model, x = _model(penalty="kl", code_activation="sigmoid", rate=0.1)
    rates = np.linspace(0.02, 0.6, 5)
    model.running_rate.assign(rates)
    expected = sum(stats.entropy([0.1, 0.9], [rate, 1 - rate]) for rate in rates)
    return close(model.score(x[:3])["sparsity"], np.full(3, expected), rtol=1e-5)


@proof("weight 0 = the plain autoencoder, loss and gradient, to the bit")
def no_weight():
    for penalty, activation in (("l1", "relu"), ("kl", "sigmoid")):
        plain = made(AE, 0.1, code_activation=activation)
        settings = {"penalty": penalty, "code_activation": activation, "weight": 0.0}
        model = made(Sparse, 0.1, **settings)
        batch = batch_of(model, images(9))
        (loss, ours), (known, its) = (loss_and_gradients(m, batch, True) for m in (model, plain))
        yield same(loss, known)
        yield from map(same, ours, its)


@proof("loss = reconstruction + weight times the term, which begins at its target")
def weighs():
    for penalty, activation in (("l1", "relu"), ("kl", "sigmoid")):
        model, x = _model(penalty=penalty, code_activation=activation, weight=3.0)
        score = model.score(x)
        known = score["reconstruction"] + 3 * score["sparsity"]
        yield close(score["loss"], known, rtol=1e-5)
        if penalty == "kl":
            yield close(score["sparsity"], 0, atol=1e-6)
