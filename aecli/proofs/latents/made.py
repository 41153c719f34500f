"""Proofs of MADE, a network of masked weights."""

import numpy as np
import tensorflow as tf

from aecli.latents.made import MADE, masks
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.flows import jacobian, scattered


@proof("an output depends on the inputs before its own, and on no others")
def autoregressive():
    for size, widths in ((1, [4]), (2, [3]), (5, [9, 7]), (6, [3]), (4, [])):
        made = scattered(MADE(size, widths, heads=3, activation="elu"))
        x = tf.constant(np.random.default_rng(1).standard_normal((20, size)), tf.float32)
        depends = np.abs(jacobian(made, x)).max(axis=0)  # [output, head, input]
        for head in range(3):
            yield same(np.triu(depends[:, head]), 0)
            if size > 1 and (not widths or min(widths) >= size - 1):
                yield at_least(depends[:, head][np.tril_indices(size, -1)].min(), 1e-6)


@proof("output = a network of the masked kernels, the context in its first layer, by hand")
def by_hand():
    for context, activation in ((0, "relu"), (2, "relu"), (2, "elu")):
        settings = {"context": context, "activation": activation}
        made = scattered(MADE(3, [5, 4], heads=2, **settings))
        rng = np.random.default_rng(1)
        x, given = (rng.standard_normal((6, size)).astype("float32") for size in (3, 2))
        first, *others = [
            (kernel.numpy() * mask, bias.numpy()) for kernel, mask, bias in made.masked
        ]
        known = x @ first[0] + first[1]
        known = known + (given @ made.of_context.numpy() if context else 0)
        for kernel, bias in others:
            bent = np.maximum(known, 0)
            bent = bent + (np.minimum(np.expm1(known), 0) if activation == "elu" else 0)
            known = bent @ kernel + bias
        found = made(x, given) if context else made(x)
        yield close(found, known.reshape(6, 3, 2), rtol=1e-4, atol=1e-5)


@proof("masks = Germain's degrees: a unit sees what has no higher one, an output a lower one")
def degrees():
    """Germain 2015, eq. 12 and 13; with a context some units see nothing but that."""
    first, last = masks(3, [4], heads=2)
    yield same(first, [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]])  # degrees 1, 1, 2, 2
    yield same(last[:, ::2], [[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1]])
    yield same(last[:, 1::2], last[:, ::2])
    first, last = masks(3, [3], heads=1, lowest=0)  # degrees 0, 1, 2
    yield same(first, [[0, 1, 1], [0, 0, 1], [0, 0, 0]])
    yield same(last, [[1, 1, 1], [0, 1, 1], [0, 0, 1]])
