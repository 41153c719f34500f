"""Proofs of the cyclical warm-up."""

import tensorflow as tf

from aecli.latents.anneal.cyclical import Cyclical
from aecli.proofs.base import close, proof, same

CASES = [  # periods of 4 epochs
    ({"periods": 2}, {0: 0, 1: 0.5, 2: 1, 3.5: 1, 4: 0, 5: 0.5, 7.5: 1, 8: 1, 9: 1}),
    ({"periods": 3, "rise": 1.0}, {1: 0.25, 3: 0.75, 4: 0, 11: 0.75, 12: 1}),
    ({}, {13: 0.5, 15: 1, 16: 1, 17: 1}),
]


@proof("factor = Fu's: rising over part of each period, then full, and full after the last")
def factor():
    """Fu et al. 2019, eq. 6 to 8."""
    for settings, known in CASES:
        for progress, value in known.items():
            found = Cyclical(**settings).factor(tf.constant(progress, tf.float32), 4)
            yield close(float(found), value, atol=1e-6)
    yield same(Cyclical().factor(None, 4), 1)
    yield same(Cyclical().factor(tf.constant(0.5), 0), 1)
