"""Proofs of the gated sparse autoencoder."""

import numpy as np
import tensorflow as tf

from aecli.models.gated import Gated
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.models.dictionary import asked, made, parts


def _model(**settings):
    model, x = made(Gated, **settings)
    rng = np.random.default_rng(3)
    model.log_scale.assign(rng.normal(size=12))
    model.shift.assign(0.3 * rng.normal(size=12))
    return model, x


@proof("r = 0 and equal biases: the code of ReLU")
def relu():
    model, x = made(Gated)
    model.shift.assign(model.pre.bias)
    w_e, b_e, _, b = parts(model)
    known = np.maximum((x.reshape(20, -1) - b) @ w_e + b_e, 0)
    return close(model.encode(x), known, atol=1e-5)


@proof("code = 1[u + b_g > 0] ReLU(exp(r) u + b_m), in NumPy")
def code():
    model, x = _model()
    w_e, b_e, _, b = parts(model)
    u = (x.reshape(20, -1) - b) @ w_e
    size = np.exp(np.asarray(model.log_scale, "float64")) * u + np.asarray(model.shift)
    z = model.encode(x)
    yield close(z, (u + b_e > 0) * np.maximum(size, 0), atol=1e-5)
    yield at_least(((u + b_e > 0) & (size < 0)).sum(), 1)
    yield at_least(((u + b_e < 0) & (size > 0)).sum(), 1)


@proof("loss = reconstruction + weight sum ReLU(pi) + |x - W_d ReLU(pi) - b|^2, in NumPy")
def objective():
    model, x = _model(weight=0.7)
    w_e, b_e, w_d, b = parts(model)
    flat = x.reshape(20, -1)
    gate = np.maximum((flat - b) @ w_e + b_e, 0)
    loss, terms, _ = model.objective(*asked(model, x), training=True)
    yield close(terms["sparsity"], gate.sum(1), rtol=1e-5)
    yield close(terms["gate"], np.square(flat - gate @ w_d - b).sum(1), rtol=1e-5)
    whole = terms["reconstruction"] + 0.7 * terms["sparsity"] + terms["gate"]
    yield close(loss, whole, rtol=1e-6)
    weighted = [
        float(model.penalties(*asked(model, x))["sparsity"][0]),
        float(
            _model(weight=0.7, warmup_epochs=4)[0].penalties(
                asked(model, x)[0]._replace(progress=1.0), asked(model, x)[1]
            )["sparsity"][0]
        ),
    ]
    yield close(weighted, [0.7, 0.175], rtol=1e-6)


@proof("the gate's loss has a frozen decoder: W_d gets nothing, b what comes by x - b alone")
def frozen_decoder():
    model, x = _model()
    with tf.GradientTape() as tape:
        batch, out = asked(model, x)
        total = tf.reduce_sum(model.penalties(batch, out, training=True)["gate"][1])
    weights = [model.directions.kernel.value, model.directions.bias.value, model.pre.kernel.value]
    gradients = tape.gradient(total, weights)
    yield same(0.0 if gradients[0] is None else np.abs(np.asarray(gradients[0])).max(), 0.0)
    w_e, b_e, w_d, b = parts(model)
    flat = x.reshape(20, -1)
    pre = (flat - b) @ w_e + b_e
    to_pre = -2 * (flat - np.maximum(pre, 0) @ w_d - b) @ w_d.T * (pre > 0)
    yield close(gradients[1], -(to_pre @ w_e.T).sum(0), atol=1e-3)
    yield close(gradients[2], (flat - b).T @ to_pre, atol=1e-3)
