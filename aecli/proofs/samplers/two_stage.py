"""Proofs of the two-stage sampler."""

import io
from typing import Any

import numpy as np
from scipy import stats

from aecli.proofs.base import at_least, close, mean_of, proof, same
from aecli.samplers.two_stage import TwoStage

NORMAL: Any = stats.multivariate_normal  # whose types are wrong
MEAN, SPREAD = np.array([2.0, -1, 0.5]), np.array([[1.2, 0.8, 0], [0, 0.6, 0.1], [0, 0, 0.3]])


def _gaussian(n: int, seed: int = 0) -> np.ndarray:
    return MEAN + np.random.default_rng(seed).normal(size=(n, 3)) @ SPREAD


def _linear(draws: int = 3):
    """A sampler whose numbers are x = W u + b + gamma e, its encoder the true posterior.

    -> the sampler, its numbers, the law of x. The rows of W are orthogonal; the last unit is dead.
    """
    sampler, gamma = TwoStage(layers=1, width=4, draws=draws), 0.5
    rng = np.random.default_rng(3)
    numbers = {name: np.zeros(shape) for name, shape in sampler.shapes(3, 9).items()}
    numbers |= {"mean": rng.normal(size=3), "scale": np.array([2.0, 0.5, 0.0])}
    W, b = np.array([[1.5, 0.5], [-0.3, 0.9]]), np.array([0.2, -0.4])  # [u, x]
    precision = 1 + np.sum(W**2, 1) / gamma**2
    gain = W / gamma**2 / precision[:, None]  # [u, x]
    for name in ("encoder_kernel_0", "decoder_kernel_0"):
        numbers[name] = rng.normal(size=(3, 4))  # whose hidden units the last layer does not weigh
    numbers["decoder_kernel_1"][:2, :2] = W
    numbers["decoder_bias_1"][:] = [*b, 7.0]
    numbers["encoder_kernel_1"][:2, :2] = gain.T
    numbers["encoder_bias_1"][:2] = -gain @ b
    numbers["encoder_bias_1"][3:5] = -np.log(precision)
    numbers["log_gamma"] = np.log(np.array(gamma))
    scale = numbers["scale"][:2]
    covariance = scale[:, None] * (W.T @ W + gamma**2 * np.eye(2)) * scale
    return sampler, numbers, NORMAL(numbers["mean"][:2] + scale * b, covariance)


@proof("log density of a linear one whose encoder is its posterior = that of its Gaussian")
def linear_density():
    sampler, numbers, law = _linear()
    x = np.column_stack([law.rvs(40, random_state=0), np.full(40, numbers["mean"][2])])
    return close(sampler.log_density(numbers, x), law.logpdf(x[:, :2]), atol=2e-5)


@proof("its draws have the mean and the second moments of that Gaussian; a dead unit is constant")
def linear_draws():
    sampler, numbers, law = _linear()
    x = sampler.draw(numbers, 40_000, np.random.default_rng(0))
    yield same(x[:, 2], numbers["mean"][2])
    yield mean_of(x[:, :2], law.mean)
    apart = x[:, :2] - law.mean
    yield mean_of(apart[:, :, None] * apart[:, None], law.cov)


@proof("its training bound = log density, in the mean over draws; below it by the KL of a wrong q")
def linear_bound():
    sampler, numbers, law = _linear()
    x = law.rvs(20_000, random_state=1)
    rows = np.column_stack([(x - numbers["mean"][:2]) / numbers["scale"][:2], np.zeros(len(x))])
    epsilon = np.random.default_rng(0).normal(size=(len(x), 3)).astype("float32")
    log_scale = np.log(numbers["scale"][:2]).sum()
    for off in (0.0, 0.7):
        wrong = numbers | {"encoder_bias_1": numbers["encoder_bias_1"] + off * (np.arange(6) == 3)}
        made = sampler._restored(wrong)
        bound = np.asarray(made.log_prob(rows.astype("float32"), epsilon), "float64") - log_scale
        yield mean_of(bound - law.logpdf(x), -0.5 * (np.exp(off) - 1 - off))


@proof("of more draws the density of a wrong encoder rises, and stays below the truth")
def rises():
    _, numbers, law = _linear()
    x = law.rvs(2000, random_state=1)
    rows = np.column_stack([x, np.full(len(x), numbers["mean"][2])])
    wrong = numbers | {"encoder_bias_1": numbers["encoder_bias_1"] + 0.7 * (np.arange(6) < 2)}
    found = [
        TwoStage(layers=1, width=4, draws=k).log_density(wrong, rows).mean() for k in (1, 10, 100)
    ]
    truth = law.logpdf(x).mean()
    yield at_least(found[1], found[0] + 0.05)
    yield at_least(found[2], found[1] + 0.02)
    yield at_least(truth + 0.05, found[2])


@proof("fitted to Gaussian codes, its draws have their mean and covariance; its density, theirs")
def recovers():
    settings: dict[str, Any] = {"width": 16, "layers": 1, "epochs": 40, "learning_rate": 1e-2}
    fitted = TwoStage(**settings).fit(_gaussian(4000))
    draws, covariance = fitted.sample(40_000, 0).astype("float64"), SPREAD.T @ SPREAD
    widths = np.sqrt(np.diag(covariance))
    yield close((draws.mean(0) - MEAN) / widths, np.zeros(3), atol=0.08)
    found = np.cov(draws.T) / np.outer(widths, widths)
    yield close(found, covariance / np.outer(widths, widths), atol=0.1)
    new = _gaussian(2000, seed=5)
    truth = NORMAL(MEAN, covariance).logpdf(new).mean()
    yield close(fitted.log_prob(new).mean(), truth, atol=0.1)


@proof("numbers written and read again: the same draws and densities, to the bit")
def restored():
    fitted = TwoStage(width=8, layers=2, epochs=1, draws=3).fit(_gaussian(200))
    with io.BytesIO() as file:
        arrays: dict[str, Any] = {**fitted.numbers}
        np.savez(file, **arrays)
        file.seek(0)
        numbers = dict(np.load(file))
    yield same(fitted.sampler.draw(numbers, 50, np.random.default_rng(1)),
               fitted.sampler.draw(fitted.numbers, 50, np.random.default_rng(1)))  # fmt: skip
    x = _gaussian(20)
    yield same(fitted.sampler.log_density(numbers, x), fitted.log_prob(x))
    shapes = fitted.sampler.shapes(3, 200)
    yield same([len(shapes)], [len(fitted.numbers) - 2])  # rows and share are of the base
    yield same([list(shapes[name]) == list(fitted.numbers[name].shape) for name in shapes], 1)
