"""Proofs of the sparse autoencoders."""

import numpy as np
from scipy import stats

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.sparse import RATE_MOMENTUM, Sparse
from aecli.networks.mlp import MLP
from aecli.proofs.base import close, proof


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
    running = RATE_MOMENTUM * 0.1 + (1 - RATE_MOMENTUM) * rates
    yield close(model.running_rate, running, rtol=1e-5)


@proof("KL term in evaluation = that of the running rates, whatever the batch")
def kl_in_evaluation():
    model, x = _model(penalty="kl", code_activation="sigmoid", rate=0.1)
    rates = np.linspace(0.02, 0.6, 5)
    model.running_rate.assign(rates)
    expected = sum(stats.entropy([0.1, 0.9], [rate, 1 - rate]) for rate in rates)
    return close(model.score(x[:3])["sparsity"], np.full(3, expected), rtol=1e-5)
