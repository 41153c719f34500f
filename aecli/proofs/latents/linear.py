"""Proofs of the linear warm-up."""

import tensorflow as tf

from aecli.latents.anneal.base import Anneal
from aecli.latents.anneal.linear import Linear
from aecli.proofs.base import close, proof, same


@proof("factor = epochs done / epochs of the warm-up, at most 1; 1 in evaluation")
def factor():
    for progress, known in ((0, 0), (1, 0.25), (2, 0.5), (4, 1), (9, 1)):
        yield close(float(Linear().factor(tf.constant(progress, tf.float32), 4)), known)
    yield same(Linear().factor(None, 4), 1)
    yield same(Linear().factor(tf.constant(0.5), 0), 1)
    yield same(Anneal().factor(tf.constant(0.5), 4), 1)
