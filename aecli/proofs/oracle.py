"""The oracle: a model whose evidence log p(x) and posterior are known in closed form."""

from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.models.vae import VAE
from aecli.networks.mlp import MLP

STDDEV = 0.7  # of a pixel, given the code
SHAPE = (2, 3, 1)


class Oracle(NamedTuple):
    """model: with 2 code units; x [n, 2, 3, 1] float32 drawn from its p(x); evidence: log p(x) [n].

    decoder: (W [2, 6], b [6]) of x = z W + b + 0.7 e.
    """

    model: Any
    x: np.ndarray
    evidence: np.ndarray
    decoder: tuple[np.ndarray, np.ndarray]


def linear_gaussian(
    mean_error: float = 0.0,
    log_var_error: float = 0.0,
    kind: Any = VAE,
    n: int = 4000,
    seed: int = 0,
    **settings: Any,
) -> Oracle:
    """A VAE, or another kind with its settings, of x = z W + b + 0.7 e, z and e standard normal.

    Its encoder is the true posterior, which is diagonal as W has orthogonal rows; the errors are
    added to each unit's mean and log variance. With none of them every bound is log p(x): of a
    draw, log p(x, z) - log q(z|x) is the evidence whatever is drawn. With some, ELBO < IWAE of 5 <
    IWAE of 50 < log p(x) in the mean. The same seed gives the same W, b and x.
    """
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(2, 6)), rng.normal(size=6)
    W = np.linalg.qr(W.T)[0].T * np.array([[1.5], [0.8]])
    network, loss = MLP(widths=[], activation="linear"), Gaussian(stddev=STDDEV)
    shared = {"network": network, "reconstruction_loss": loss, "latent_dim": 2}
    model = kind(data_shape=SHAPE, **shared | settings)
    precision = np.eye(2) + W @ W.T / STDDEV**2
    gain = np.linalg.solve(precision, W) / STDDEV**2
    model.decoder.set_weights([W, b])
    heads = {
        "mean": [gain.T, -gain @ b + mean_error],
        "log_var": [np.zeros((6, 2)), -np.log(np.diag(precision)) + log_var_error],
    }
    for name, weights in heads.items():
        model.encoder.get_layer(name).set_weights(weights)
    normal: Any = stats.multivariate_normal
    evidence = normal(b, W.T @ W + STDDEV**2 * np.eye(6))
    x = evidence.rvs(n, random_state=rng).astype("float32")
    return Oracle(model, x.reshape(-1, *SHAPE), evidence.logpdf(x), (W, b))


def kl_to_truth(oracle: Oracle, x: np.ndarray) -> np.ndarray:
    """KL( q(z|x) || p(z|x) ) of each x in nats [n]: how far its ELBO lies below the evidence."""
    from aecli.models.batch import Batch

    W, b = oracle.decoder
    precision = 1 + np.square(W).sum(axis=1) / STDDEV**2
    mean = (x.reshape(len(x), -1) - b) @ W.T / STDDEV**2 / precision
    heads = oracle.model.infer(Batch(x, x))
    q = [np.asarray(heads[name], "float64") for name in ("mean", "log_var")]
    ratio = np.exp(q[1]) * precision
    return 0.5 * (ratio + np.square(q[0] - mean) * precision - 1 - np.log(ratio)).sum(axis=1)
