"""Proofs of the top-k sparse autoencoder."""

import numpy as np

from aecli.models.top_k import TopK
from aecli.proofs.base import at_least, proof, same
from aecli.proofs.models.dictionary import asked, made


@proof("k units of each example are active, the largest; in training and in evaluation alike")
def k_units():
    model, x = made(TopK, k=3)
    model.pre.bias.assign(np.full(12, 10.0))  # more than k are above 0
    batch, out = asked(model, x)
    pre, z = np.asarray(out["pre"]), np.asarray(out["z"])
    yield same((z > 0).sum(1), 3.0)
    yield same(z, pre * (pre >= np.sort(pre, axis=1)[:, -3:-2]))
    yield same(model.infer(batch)["z"], z)


@proof("what is below 0 is not let through, however few are above")
def above_zero():
    model, x = made(TopK, k=11)
    out = asked(model, x)[1]
    z, pre = np.asarray(out["z"]), np.asarray(out["pre"])
    yield same(z, np.maximum(pre, 0) * (pre > np.sort(pre, axis=1)[:, :1]))
    yield at_least(z.min(), 0.0)
    yield at_least((z == 0).sum(1).max(), 3)
