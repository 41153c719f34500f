"""Proofs of the capacity that rises."""

import tensorflow as tf

from aecli.latents.anneal.capacity import Capacity
from aecli.proofs.base import close, proof, same


@proof("target = final times the part of the warm-up that is done, then final")
def target():
    """Burgess et al. 2018, eq. 8."""
    anneal = Capacity(final=20.0)
    for progress, known in ((0.0, 0), (1.0, 4), (5.0, 20), (50.0, 20)):
        yield close(float(anneal.target(tf.constant(progress), 5)), known, atol=1e-5)
    yield same(anneal.target(None, 5), 20)
    yield same(anneal.factor(tf.constant(1.0), 5), 1)
    yield same(float(anneal.has_target), 1)
