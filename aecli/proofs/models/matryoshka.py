"""Proofs of the Matryoshka sparse autoencoder."""

import numpy as np

from aecli.models.batch_top_k import BatchTopK
from aecli.models.matryoshka import Matryoshka
from aecli.models.top_k import TopK
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.models.dictionary import asked, made, parts


@proof("with no prefix but the whole: batch_top_k, to the bit")
def one_prefix():
    model, x = made(Matryoshka, k=3, prefixes=[])
    plain, _ = made(BatchTopK, k=3)
    for training in (True, False):
        one, other = (
            m.objective(asked(m, x)[0], asked(m, x)[1], training=training) for m in (model, plain)
        )
        yield same(one[0], other[0])
    yield same(model.theta, plain.theta)


@proof("with no prefix but the whole, of a batch of one example: top_k, to the bit")
def one_prefix_of_one_example():
    model, x = made(Matryoshka, k=3, prefixes=[])
    plain, _ = made(TopK, k=3)
    for i in range(4):
        one, other = (m.objective(*asked(m, x[i : i + 1]), training=True) for m in (model, plain))
        yield same(one[0], other[0])


@proof("nested = sum over the prefixes of |x - W_d[:m] z[:m] - b|^2, in NumPy")
def nested():
    model, x = made(Matryoshka, k=9, prefixes=[0.25, 0.5, 0.75])
    model.pre.bias.assign_add(np.full(12, 2.0))
    yield same(model.sizes, [3.0, 6.0, 9.0])
    batch, out = asked(model, x)
    yield at_least(np.asarray(out["z"]).max(axis=0).min(), 0.1)  # no unit is silent
    _, _, w_d, b = parts(model)
    z, flat = np.asarray(out["z"], "float64"), x.reshape(20, -1)
    known = sum(np.square(flat - z[:, :m] @ w_d[:m] - b).sum(1) for m in (3, 6, 9))
    loss, terms, _ = model.objective(batch, out, training=True)
    yield close(terms["nested"], known, rtol=1e-5)
    whole = terms["reconstruction"] + terms["nested"] + terms["aux"] / 32
    yield close(loss, whole, rtol=1e-6)
    yield close(terms["reconstruction"], np.square(flat - z @ w_d - b).sum(1), rtol=1e-5)
