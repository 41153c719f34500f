"""Proofs of inverse autoregressive flows."""

import numpy as np
from scipy.special import expit

from aecli.latents.posteriors.iaf import IAF
from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.flows import (
    D,
    heads_of,
    jacobian,
    log_det_of,
    log_q_of,
    no_flow_of,
    normals,
    scattered,
)  # fmt: skip

FLOWS = IAF(flows=2, widths=[8, 7], context=4, gate_bias=1.0)


@proof("log |det| = that of the Jacobian that autodiff finds")
def log_det():
    return log_det_of(FLOWS)


@proof("log q of a draw = the Gaussian's less the log |det|; the code = the mean's image")
def log_q():
    return log_q_of(FLOWS)


@proof("a gate that is wide open = the Gaussian: codes and densities")
def no_flow():
    return no_flow_of(IAF(gate_bias=60.0), {})


@proof("z = s z + (1 - s) m, s = sigmoid(a + bias), the second flow in reverse order, by hand")
def by_hand():
    """Kingma 2016, algorithm 1 and eq. 14."""
    layer, given, z = scattered(FLOWS.layer((D,))), heads_of(FLOWS), normals()
    found, log_det = layer.pushed(z, given)
    z, total = np.asarray(z), 0.0
    for step, order in zip(layer.steps, (slice(None), slice(None, None, -1)), strict=True):
        said = np.asarray(step(z[:, order], given["context"]))[:, order]
        s = expit(said[..., 1] + 1.0)
        z, total = s * z + (1 - s) * said[..., 0], total + np.log(s).sum(-1)
    yield close(found, z, atol=1e-5)
    yield close(log_det, total, atol=1e-5)


@proof("Jacobian of one flow = lower triangular, of all that went before")
def triangular():
    one = IAF(flows=1, widths=[9], context=4)
    layer, given = scattered(one.layer((D,))), heads_of(one)
    found = jacobian(lambda z: layer.pushed(z, given)[0], normals())
    yield same(found[:, *np.triu_indices(D, 1)], 0)
    yield at_least(np.abs(found[:, *np.tril_indices(D)]).max(0).min(), 1e-4)
