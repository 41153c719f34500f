"""Proofs of the batch top-k sparse autoencoder."""

import numpy as np

from aecli.models.batch import Batch
from aecli.models.batch_top_k import RATE, BatchTopK
from aecli.models.top_k import TopK
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.models.dictionary import asked, made


def _smallest(z):
    z = np.asarray(z)
    return z[z > 0].min()


@proof("k units an example on average are active in training, not as many of each")
def k_units_on_average():
    model, x = made(BatchTopK, k=3)
    z = np.asarray(asked(model, x)[1]["z"])
    yield same((z > 0).sum() / len(z), 3.0)
    yield at_least(np.ptp((z > 0).sum(1)), 2)


@proof("of a batch of one example: the code of top_k")
def one_example():
    model, x = made(BatchTopK, k=3)
    plain, _ = made(TopK, k=3)
    for i in range(5):
        yield same(*(asked(m, x[i : i + 1])[1]["z"] for m in (model, plain)))


@proof("after one batch theta is its smallest active unit, and evaluation gives the same codes")
def theta_of_one_batch():
    model, x = made(BatchTopK, k=3)
    batch, out = asked(model, x)
    model.penalties(batch, out, training=True)
    yield close(model.theta, _smallest(out["z"]), rtol=1e-6)
    yield same(model.infer(batch)["z"], out["z"])


@proof("theta = mean of the smallest active units at first, then a running one; else untouched")
def theta_follows():
    model, x = made(BatchTopK, k=3)
    seen = []
    for start in (0, 5, 12):
        batch, out = asked(model, x[start : start + 8])
        model.penalties(batch, out, training=True)
        seen.append(_smallest(out["z"]))
    yield close(model.theta, np.mean(seen), rtol=1e-5)
    model.batches.assign(1000.0)
    model.penalties(*asked(model, x[:8]), training=True)
    yield close(model.theta, (1 - RATE) * np.mean(seen) + RATE * seen[0], rtol=1e-5)
    before = np.array(model.theta), np.array(model.batches)
    model.score(x)
    bias = np.array(model.pre.bias)
    model.pre.bias.assign(bias - 1000)  # no unit is active
    model.penalties(*asked(model, x), training=True)
    yield same(np.stack([model.theta, model.batches]), np.stack(before))


@proof("scores of 7 examples in batches of 3 = those of one batch of 7")
def batches():
    model, x = made(BatchTopK, k=3)
    model.penalties(*asked(model, x), training=True)
    x = x[:7]
    whole = model.objective(Batch(x, x), model.forward(Batch(x, x)))[0]
    pieces = [x[:3], x[3:6], x[6:]]
    apart = [model.objective(Batch(p, p), model.forward(Batch(p, p)))[0] for p in pieces]
    return close(np.concatenate(apart), whole, rtol=1e-6)
