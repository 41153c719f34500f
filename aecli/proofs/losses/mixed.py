"""Proofs of the likelihood of a table's rows."""

from typing import Any

import numpy as np
from scipy import special, stats

from aecli.losses.mixed import Mixed
from aecli.proofs.base import close, mean_of, proof, same

# a number, a category of 3, a count, a number with a flag, a category of 2
COLUMNS: Any = {"numbers": [0, 5], "flags": [6], "counts": [4], "offsets": [3.0], "divisors": [2.0],
           "starts": [1, 7], "sizes": [3, 2]}  # fmt: skip
N, WIDTH = 6, 9
FLOOR = 2 * np.log(0.01)


def _rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows [N, 1, 9, 1] and parameters [N, 1, 9, 2]."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, WIDTH))
    x[:, 1:4], x[:, 7:] = np.eye(3)[rng.integers(0, 3, N)], np.eye(2)[rng.integers(0, 2, N)]
    x[:, 4] = (rng.integers(0, 20, N) - 3) / 2
    x[:, 6] = rng.integers(0, 2, N)
    params = rng.normal(size=(N, 1, WIDTH, 2))
    return x[:, None, :, None].astype("float32"), params.astype("float32")


def _parts(**settings):
    """The parts of the loss, and x, first and second parameters [N, 9]."""
    x, params = _rows()
    found = Mixed(columns=COLUMNS, **settings).parts(x, params)
    x, params = x.astype("float64"), params.astype("float64")
    return found, x[:, 0, :, 0], params[:, 0, :, 0], params[:, 0, :, 1]


def _scale(second):
    return np.exp(0.5 * (FLOOR + np.logaddexp(0, second - FLOOR)))


@proof("numbers = SciPy's Gaussian and Student's t, their scale softly above its floor")
def numbers():
    at = [0, 5]
    found, x, a, b = _parts()
    known = -stats.norm.logpdf(x[:, at], a[:, at], _scale(b[:, at])).sum(1)
    yield close(found["gaussian"], known, rtol=1e-5)
    found, x, a, b = _parts(numbers="student_t", degrees_of_freedom=3.5)
    known = -stats.t.logpdf(x[:, at], 3.5, a[:, at], _scale(b[:, at])).sum(1)
    yield close(found["student_t"], known, rtol=1e-5)
    x, params = np.zeros((1, 1, 1, 1), "float32"), np.array([0.0, -50.0], "float32")
    lowest = Mixed(min_scale=0.2).log_prob(x, params.reshape(1, 1, 1, 2))
    yield close(lowest, stats.norm.logpdf(0, 0, 0.2), rtol=1e-4)


@proof("categories and flags = SciPy's log-softmax and Bernoulli")
def names():
    found, x, a, _ = _parts()
    logs = [special.log_softmax(a[:, i:j], axis=1)[x[:, i:j] == 1] for i, j in ((1, 4), (7, 9))]
    yield close(found["categorical"], -sum(logs), rtol=1e-5)
    known = -stats.bernoulli.logpmf(x[:, 6], special.expit(a[:, 6]))
    yield close(found["bernoulli"], known, rtol=1e-5)


@proof("counts = SciPy's Poisson and negative binomial, in the file's unit")
def counts():
    found, x, a, b = _parts()
    k, mu, r = np.round(x[:, 4] * 2 + 3), 5 * np.exp(a[:, 4]), np.exp(b[:, 4])
    yield close(found["poisson"], -stats.poisson.logpmf(k, mu), rtol=1e-5)
    found, *_ = _parts(counts="negative_binomial")
    known = -stats.nbinom.logpmf(k, r, r / (r + mu))
    yield close(found["negative_binomial"], known, rtol=1e-4)


@proof("loss = the sum of its parts, -log p; each part under its name")
def total():
    x, params = _rows()
    loss = Mixed(columns=COLUMNS)
    parts = loss.parts(x, params)
    known = sum(np.asarray(part) for part in parts.values())
    yield close(loss(x, params), known, rtol=1e-5)
    yield close(loss.log_prob(x, params), -known, rtol=1e-5)
    yield same(float(sorted(parts) == sorted(loss.part_names)), 1)


@proof("means = each column's, in its own unit and place")
def means():
    _, params = _rows()
    made = np.asarray(Mixed(columns=COLUMNS).mean(params))[:, 0, :, 0]
    a = params[:, 0, :, 0].astype("float64")
    known = a.copy()
    known[:, 1:4], known[:, 7:] = (special.softmax(a[:, i:j], axis=1) for i, j in ((1, 4), (7, 9)))
    known[:, 4] = (5 * np.exp(a[:, 4]) - 3) / 2
    known[:, 6] = special.expit(a[:, 6])
    return close(made, known, rtol=1e-5)


@proof("draws have these means and spreads, column by column")
def draws():
    for numbers, counts in (("gaussian", "poisson"), ("student_t", "negative_binomial")):
        settings = {"counts": counts, "numbers": numbers, "degrees_of_freedom": 10.0}
        loss = Mixed(columns=COLUMNS, **settings)
        params = np.repeat(_rows()[1][:1], 20_000, axis=0)
        x = np.asarray(loss.sample(params, 1), "float64")[:, 0, :, 0]
        yield mean_of(x, np.ravel(loss.mean(params[:1])))
        yield close(x[:, 1:4].sum(1), 1)
        k, (_, b) = x[:, 4] * 2 + 3, params[0, 0].T.astype("float64")
        yield close(k, np.round(k), atol=1e-4)
        mu = 5 * np.exp(params[0, 0, 4, 0])
        more = mu**2 / np.exp(b[4]) if counts == "negative_binomial" else 0
        yield mean_of((k - mu) ** 2, mu + more, 5)
        spread = _scale(b[[0, 5]]) ** 2 * (10 / 8 if numbers == "student_t" else 1)
        off = x[:, [0, 5]] - params[0, 0, [0, 5], 0]
        yield mean_of(off**2, spread)
        yield mean_of(off[:, 0] * off[:, 1], 0)


@proof("extreme parameters: means stay finite, and no loss is no number")
def extreme():
    x, _ = _rows()
    for counts in ("poisson", "negative_binomial"):
        loss = Mixed(columns=COLUMNS, counts=counts)
        for value in (-1e4, 1e4):
            params = np.full((N, 1, WIDTH, 2), value, "float32")
            yield same(np.isfinite(loss.mean(params)).all(), 1)
            yield same(np.isnan(loss(x, params)).any(), 0)
