"""What holds of any likelihood: proofs on one of its YAML, a user's own included."""

import functools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from aecli import build
from aecli.console.compose import composed
from aecli.errors import NotApplicable
from aecli.proofs.base import Finding, Proof, at_least, close, mean_of, same

TOKENS = 3
VALUES = (-3.0, 0.0, 0.02, 0.7, 4.0)  # of a decoder's output


def built(words: list[str], config_dir: str | None = None) -> Any:
    """The loss of `aecli train WORDS`. Raises what composing and building raise."""
    node = composed("train", words, config_dir).config.loss
    tokens = {"token_count": TOKENS} if build.takes(node, "token_count", "loss") else {}
    return build.component(node, "loss", **tokens)


def proofs(subject: str, loss: Any) -> list[Proof]:
    """The proofs of a loss; of one that says that it is no likelihood, those of any loss alone."""
    pairs = [*OF_ANY.items(), *(() if loss.is_of_whole_images else OF_SUMS.items())]
    pairs += OF_DENSITIES.items() if _is_density(loss) else ()
    return [Proof(subject, what, functools.partial(compare, loss)) for what, compare in pairs]


def params_of(loss: Any, value: float = 0.7) -> np.ndarray:
    """[1, 1, 1, params], alike; of several tokens the first is likelier."""
    params = np.full((1, 1, 1, loss.params_per_channel), value, "float32")
    params[..., 0] += 1.0 if loss.is_of_tokens else 0.0
    return params


def support(loss: Any) -> tuple[np.ndarray, float]:
    """x [n, 1, 1, 1] over all that has a density, and the width of a cell, 1 of what is counted."""
    if loss.is_of_binary_data or loss.is_of_tokens:
        values, cell = np.arange(TOKENS if loss.is_of_tokens else 2), 1.0
    elif loss.is_of_levels:
        values, cell = np.arange(loss.levels) / (loss.levels - 1), 1.0
    else:
        edges = np.linspace(*((0, 1) if loss.needs_unit_range else (-60, 60)), 200_001)
        values, cell = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    return values.astype("float32").reshape(-1, 1, 1, 1), float(cell)


def _is_density(loss: Any) -> bool:
    try:
        loss.log_prob(support(loss)[0][:1], params_of(loss))
    except NotApplicable:
        return False
    return True


def _density(loss: Any, value: float) -> tuple[np.ndarray, np.ndarray]:
    """x [n], and the probability of each cell."""
    x, cell = support(loss)
    log_p = loss.log_prob(x, np.repeat(params_of(loss, value), len(x), axis=0))
    return x.ravel().astype("float64"), cell * np.exp(np.asarray(log_p, "float64"))


def _integrates(loss: Any) -> Iterable[Finding]:
    for value in VALUES:
        yield close(_density(loss, value)[1].sum(), 1, atol=1e-3)


def _mean(loss: Any) -> Iterable[Finding]:
    for value in VALUES:
        x, p = _density(loss, value)
        known = x[p.argmax()] if loss.is_of_tokens else p @ x / p.sum()
        yield close(loss.mean(params_of(loss, value)), known, atol=4e-3)


def _draws(loss: Any) -> Iterable[Finding]:
    for value in (-1.5, 0.7):
        x, p = _density(loss, value)
        p, params = p / p.sum(), np.repeat(params_of(loss, value), 20_000, axis=0)
        drawn = np.asarray(loss.sample(params, 1), "float64").ravel()
        yield mean_of(drawn, p @ x)
        if np.isfinite(tail := p @ (x - p @ x) ** 4) and tail < 1e4:
            yield mean_of((drawn - p @ x) ** 2, p @ (x - p @ x) ** 2)
    yield same(loss.sample(params[:9], 1), np.asarray(loss.sample(params[:9], 1)))
    apart = np.abs(np.asarray(loss.sample(params, 1)) - np.asarray(loss.sample(params, 2)))
    yield at_least(apart.max(), 1e-3)
    both = np.repeat(params_of(loss), 20_000, axis=2)
    pairs = np.asarray(loss.sample(both, 1), "float64").ravel().reshape(-1, 2)
    pairs = pairs - pairs.mean()
    yield mean_of(pairs[:, 0] * pairs[:, 1], 0)  # two pixels are drawn on their own


def _of_pixels(loss: Any) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.random((5, 16, 16, 2), dtype="float32")
    x = np.round((TOKENS - 1) * x) if loss.is_of_tokens else x
    return x, rng.normal(size=(5, 16, 16, 2 * loss.params_per_channel)).astype("float32")


def _alone(loss: Any) -> Iterable[Finding]:
    x, params = _of_pixels(loss)
    each = np.asarray(loss(x, params))
    yield close(loss(x[:2], params[:2]), each[:2], rtol=1e-5)
    yield close(loss(x[::-1], params[::-1]), each[::-1], rtol=1e-5)


def _sums(loss: Any) -> Iterable[Finding]:
    x, params = _of_pixels(loss)
    each = np.asarray(loss(x, params))
    twice = loss(np.concatenate([x, x], 1), np.concatenate([params, params], 1))
    yield close(twice, 2 * each, rtol=1e-5)


def _constant(loss: Any) -> Iterable[Finding]:
    x, params = _of_pixels(loss)
    constants = np.asarray(loss(x, params)) + np.asarray(loss.log_prob(x, params))
    yield close(constants, constants[0], rtol=1e-5, atol=2e-3)


OF_ANY: dict[str, Callable] = {"loss of an image, whatever is beside it, = its own": _alone}
OF_SUMS: dict[str, Callable] = {"loss of two images beside each other = the sum of theirs": _sums}
OF_DENSITIES: dict[str, Callable] = {
    "density over all values = 1": _integrates,
    "mean = that of the density, on a grid": _mean,
    "draws = the density's mean and variance, each pixel on its own": _draws,
    "loss = -log p(x), but for a constant": _constant,
}
