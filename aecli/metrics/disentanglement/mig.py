"""The mutual information gap, from the information that codes have of factors."""

import numpy as np
from tqdm import tqdm

from aecli.metrics.disentanglement.represented import Represented

LOG_2_PI = float(np.log(2.0 * np.pi))
BLOCK = 2**17  # densities at a time


def gaps(information: np.ndarray, entropies: np.ndarray) -> np.ndarray:
    """(I1 - I2) / H(v_k) of each factor [K]: the two largest of each column of [D, K] nats.

    entropies: H(v_k) [K], above 0. Source: Chen et al. 2018, eq. 6, whose mean is the MIG.
    """
    ordered = np.sort(information, axis=0)
    return (ordered[-1] - ordered[-2]) / entropies


def posterior_information(
    of: Represented, n: int, n_given: int, rng: np.random.Generator
) -> np.ndarray:
    """I(z_d; v_k) = H(z_d) - E H(z_d | v_k) by the aggregate posterior: [D, K] nats, at least 0.

    q(z_d) is the mixture of the posteriors of n random examples, q(z_d | v_k = v) that of n_given
    with this value; the entropies are means of -log q over a draw from each of those examples.
    As Chen et al. 2018, where both mixtures are of all examples that there are.
    """
    marginal = _entropies(of, of.drawn(n, rng), rng)
    given = np.empty((len(marginal), len(of.sizes)))
    sizes = tqdm(of.sizes, "mig", unit="factor", leave=False, delay=1, disable=None)
    for k, size in enumerate(sizes):
        found = []
        for value in range(size):
            values = of.drawn(n_given, rng)
            values[:, k] = value
            found.append(_entropies(of, values, rng))
        given[:, k] = np.mean(found, axis=0)
    return np.maximum(marginal[:, None] - given, 0.0)


def _entropies(of: Represented, values: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """H(z_d) [D] nats of the mixture of the posteriors of values [n, K]."""
    assert of.posterior is not None
    mean, log_var = (part.astype("float64") for part in of.posterior(values))
    draws = mean + np.exp(0.5 * log_var) * rng.standard_normal(mean.shape)
    units = zip(draws.T, mean.T, log_var.T, strict=True)
    return np.array([_entropy(*unit) for unit in units])


def _entropy(draws: np.ndarray, mean: np.ndarray, log_var: np.ndarray) -> float:
    """The mean of -log of the mixture of N(mean, exp(log_var)) [n] at draws [s], in nats."""
    precision, middle = np.exp(-log_var), mean.mean()
    mean, draws = mean - middle, draws - middle
    powers = np.stack([draws**2, draws, np.ones_like(draws)], axis=1)
    factors = np.stack([-0.5 * precision, mean * precision, -0.5 * mean**2 * precision])
    factors[2] -= 0.5 * (log_var + LOG_2_PI)
    rows, total = max(1, BLOCK // len(mean)), 0.0
    for start in range(0, len(draws), rows):
        density = powers[start : start + rows] @ factors
        largest = density.max(axis=1)
        density -= largest[:, None]
        total -= (largest + np.log(np.exp(density, out=density).sum(axis=1))).sum()
    return total / len(draws) + float(np.log(len(mean)))
