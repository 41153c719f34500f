"""Proofs of what the samplers of choices share: draws, probabilities, the fit."""

import itertools

import numpy as np
from scipy import stats

from aecli.proofs.base import at_least, at_most, close, mean_of, proof, same
from aecli.samplers import grid_training
from aecli.samplers.grid import FittedGrid, grid_of
from aecli.samplers.pixelcnn import PixelCNN
from aecli.samplers.transformer import Transformer

PIXELCNN = PixelCNN(width=8, blocks=1, kernel=3)
TRANSFORMER = Transformer(width=8, blocks=1, heads=2)
SHAPE, K = (2, 2), 3


def random_weights(sampler, grid, choices: int, scale: float = 0.7) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes = sampler.network(grid, choices)
    return {name: scale * rng.normal(size=shape) for name, shape in shapes.items()}


def _fitted(sampler) -> FittedGrid:
    numbers = {"rows": np.array(9.0), "nats": np.array(1.0)}
    return FittedGrid(sampler, SHAPE, numbers | random_weights(sampler, SHAPE, K), K)


def _every_grid() -> np.ndarray:
    return np.array([*itertools.product(range(K), repeat=4)]).reshape(-1, *SHAPE)


@proof("probabilities of all grids of a small case: their sum = 1")
def sums_to_one():
    for sampler in (PIXELCNN, TRANSFORMER):
        p = np.exp(_fitted(sampler).log_prob(_every_grid()))
        yield close(p.sum(), 1.0, atol=1e-5)
        yield at_least(p.max() / p.min(), 10)  # and they are not even


@proof("how often each grid is drawn = its probability; the first of more draws are the same")
def draws():
    for sampler in (PIXELCNN, TRANSFORMER):
        fitted = _fitted(sampler)
        drawn = fitted.sample(4000, seed=1)
        places = drawn.reshape(-1, 4) @ K ** np.arange(4)[::-1]
        p = np.exp(fitted.log_prob(_every_grid()))
        likely = np.argsort(p)[-12:]
        yield mean_of(places[:, None] == likely, p[likely])
        yield same(fitted.sample(7, seed=1), drawn[:7])
        yield at_least((fitted.sample(50, seed=2) != drawn[:50]).sum(), 20)
        yield same(drawn.dtype == np.int32, True)


@proof("a Markov chain is learnt to its entropy, held out and new")
def markov_chain():
    rng = np.random.default_rng(0)
    start = np.array([0.5, 0.3, 0.2])
    moves = np.array([[0.8, 0.15, 0.05], [0.1, 0.1, 0.8], [0.3, 0.6, 0.1]])
    x = np.zeros((5000, 1, 6), int)
    x[:, 0, 0] = rng.choice(3, 5000, p=start)
    for i in range(1, 6):
        below = np.cumsum(moves, axis=1)[x[:, 0, i - 1]]
        x[:, 0, i] = (below < rng.random((5000, 1))).sum(1)
    entropy, share = stats.entropy(start), start
    for _ in range(5):
        entropy, share = entropy + share @ stats.entropy(moves, axis=1), share @ moves
    settings = {"width": 16, "blocks": 1, "learning_rate": 1e-2, "epochs": 8, "patience": 8}
    for kind in (PixelCNN, Transformer):
        fitted = kind(**settings).fit(x[:3000], 3)
        new = -fitted.log_prob(x[3000:])
        yield at_most(new.mean(), entropy, slack=0.08)
        yield at_least(new.mean(), entropy, slack=0.08)
        yield close(fitted.numbers["nats"], entropy / 6, atol=0.05)
        yield same(fitted.numbers["rows"], 3000)
        freed = fitted.sample(2000, seed=0)[:, 0]
        yield close(np.bincount(freed[:, 0], minlength=3) / 2000, start, atol=0.05)
        after = np.bincount(freed[:, 3][freed[:, 2] == 1], minlength=3)
        yield close(after / after.sum(), moves[1], atol=0.08)


@proof("starting weights: even within Glorot's limit, a bias 0, a scale 1")
def start():
    rng = np.random.default_rng(0)
    kernel = grid_training._start("around", (2, 3, 40, 30), rng)
    limit = np.sqrt(6 / (6 * 70))
    yield close([kernel.min(), kernel.max()], [-limit, limit], rtol=0.02)
    yield close(kernel.std(), limit / np.sqrt(3), rtol=0.03)
    yield same(grid_training._start("in_bias_0", (4,), rng), 0.0)
    yield same(grid_training._start("last_scale", (4,), rng), 1.0)


@proof("codes as grids: the choices of a cell stand side by side, in raster order")
def grids():
    yield same(grid_of((4,)), [1, 4])
    yield same(grid_of((2, 3)), [2, 3])
    yield same(grid_of((2, 3, 4)), [2, 12])
