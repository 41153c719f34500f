"""Proofs of the flow of a MAF."""

import numpy as np
import tensorflow as tf
from scipy import stats

from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.flows import jacobian
from aecli.samplers.flow import Flow


def _flow(alive=(1, 1, 1, 1), blocks: int = 3) -> Flow:
    """With random weights."""
    flow, rng = Flow(np.array(alive), blocks, [8, 8]), np.random.default_rng(2)
    for variable in flow.variables:
        variable.assign(0.5 * rng.standard_normal(variable.shape))
    return flow


@proof("the two directions are inverse; log |det| = that of the Jacobian that autodiff finds")
def inverse():
    flow = _flow()
    e = tf.constant(np.random.default_rng(0).standard_normal((50, 4)), tf.float32)
    x = flow.inverse(e)
    yield at_least(np.abs(x - e).max(), 1)
    back, log_det = flow.forward(x)
    yield close(back, np.asarray(e), atol=2e-4)
    known = np.linalg.slogdet(jacobian(lambda x: flow.forward(x)[0], x))[1]
    yield close(log_det, known, atol=1e-3)
    known = stats.norm.logpdf(back).sum(1) + log_det
    yield close(flow.log_prob(x), known, rtol=1e-4, atol=1e-4)


@proof("e = (x - m) / s, s of a bounded log, the next block in reverse order, by hand")
def by_hand():
    """Papamakarios 2017, eq. 4."""
    flow, x = _flow(), np.random.default_rng(0).standard_normal((9, 4)).astype("float32")
    found, total = flow.forward(x)[0], 0.0
    for block in flow.blocks:
        said = np.asarray(block(x))
        log_scale = 5 * np.tanh(said[..., 1] / 5)
        x, total = ((x - said[..., 0]) * np.exp(-log_scale))[:, ::-1], total - log_scale.sum(1)
    yield close(found, x, rtol=1e-3, atol=1e-4)
    again = np.random.default_rng(0).standard_normal((9, 4)).astype("float32")
    yield close(flow.forward(again)[1], total, rtol=1e-4, atol=1e-4)


@proof("a unit that is constant stays 0, and is no part of the density")
def constant():
    flow = _flow((0, 1, 1), 2)
    e = np.random.default_rng(0).standard_normal((20, 3)).astype("float32")
    x = np.array(flow.inverse(e))
    yield same(x[:, 0], 0)
    back, log_det = flow.forward(x)
    yield close(back[:, 1:], e[:, 1:], atol=2e-4)
    found = jacobian(lambda x: flow.forward(x)[0], tf.constant(x))[:, 1:, 1:]
    yield close(log_det, np.linalg.slogdet(found)[1], atol=1e-3)
    known = stats.norm.logpdf(back[:, 1:]).sum(1) + log_det
    yield close(flow.log_prob(x), known, rtol=1e-4, atol=1e-4)
