"""Proofs of the JumpReLU sparse autoencoder; its gradients are proved in sparse_codes."""

import numpy as np
import tensorflow as tf

from aecli.models.jump_relu import JumpReLU, risen
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.models.dictionary import asked, made


@proof("code = pre 1[pre > theta], theta at the start that of the setting; loss adds weight L0")
def objective():
    model, x = made(JumpReLU, threshold=0.4, weight=0.7)
    yield close(model.theta, 0.4, rtol=1e-6)
    batch, out = asked(model, x)
    pre = np.asarray(out["pre"])
    yield same(out["z"], pre * (pre > np.asarray(model.theta)))
    yield same(model.infer(batch)["z"], out["z"])
    loss, terms, _ = model.objective(batch, out, training=True)
    yield same(terms["l0_charged"], (pre > np.asarray(model.theta)).sum(1))
    yield close(loss, terms["reconstruction"] + 0.7 * terms["l0_charged"], rtol=1e-6)


@proof("gradient of weight L0 to what is trained = -weight theta K / e, theta its exponential")
def gradient():
    model, x = made(JumpReLU, threshold=0.4, bandwidth=0.3, weight=0.7)
    with tf.GradientTape() as tape:
        batch, out = asked(model, x)
        terms = model.penalties(batch, out, training=True)
        weight, term = terms["l0_charged"]
        value = weight * tf.reduce_sum(term)
    inside = np.abs(np.asarray(out["pre"]) - 0.4) < 0.15
    yield close(
        tape.gradient(value, model.log_theta.value), -0.7 * 0.4 * inside.sum(0) / 0.3, rtol=1e-4
    )
    yield at_least(inside.sum(), 10)


@proof("the weight rises in a line over the warm-up; evaluation has the full one")
def warm_up():
    yield close([float(risen(p, 4.0)) for p in (0.0, 1.0, 4.0, 9.0)], [0, 0.25, 1, 1])
    model, x = made(JumpReLU, weight=0.7, warmup_epochs=4)
    batch, out = asked(model, x)
    for progress, known in ((1.0, 0.175), (None, 0.7)):
        terms = model.penalties(batch._replace(progress=progress), out)
        yield close(terms["l0_charged"][0], known, rtol=1e-6)
    yield close(risen(0.0, 0), 1.0)
