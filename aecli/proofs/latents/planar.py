"""Proofs of planar flows."""

import numpy as np
from scipy.special import expit

from aecli.latents.posteriors.planar import Planar, mended, planar
from aecli.proofs.base import at_least, at_most, close, proof, same
from aecli.proofs.flows import D, heads_of, log_det_of, log_q_of, no_flow_of

FLOWS = Planar(flows=3)

ADVERSARIAL = [
    *[(u * np.ones(D), w * np.ones(D)) for u in (-1e4, -30, -1, 1e-4, 30) for w in (0.01, 1, 30)],
    (np.array([-5.0, 2, 3]), np.zeros(D)),
    (np.array([-5.0, 2, 3]), np.array([1e-9, 0, 1e-20])),
    (np.array([-1e3, 2, 3]), np.array([1e-3, -1e-3, 0])),
    (np.array([-800.0, 2, 3]), np.array([5e-4, 0, 0])),
    (np.zeros(D), np.array([1.0, 2, 3])),
]


@proof("log |det| = that of the Jacobian that autodiff finds")
def log_det():
    return log_det_of(FLOWS)


@proof("log q of a draw = the Gaussian's less the log |det|; the code = the mean's image")
def log_q():
    return log_q_of(FLOWS)


@proof("u = 0 = the Gaussian: codes and densities")
def no_flow():
    return no_flow_of(FLOWS, {"u": np.zeros((len(heads_of(FLOWS)["u"]), 3 * D), "float32")})


@proof("z + u^ tanh(w'z + b), flow after flow, by hand")
def by_hand():
    """Rezende & Mohamed 2015, eq. 10 and appendix A.1, its m(a) shifted so that m(0) = 0."""
    given = {name: np.asarray(head, "float64") for name, head in heads_of(FLOWS).items()}
    z = np.random.default_rng(3).normal(size=(len(given["b"]), D))
    found, _ = FLOWS.layer((D,)).pushed(z.astype("float32"), heads_of(FLOWS))
    for k in range(3):
        u, w = (given[name][:, k * D : (k + 1) * D] for name in ("u", "w"))
        a = (w * u).sum(-1)
        m = -1 + np.logaddexp(0, a + np.log(np.e - 1))
        hat = u + ((m - a) / (w * w).sum(-1))[:, None] * w
        z = z + hat * np.tanh((w * z).sum(-1) + given["b"][:, k])[:, None]
    return close(found, z, atol=1e-5)


@proof("flows are invertible whatever the encoder emits: w'u^ >= -1, u across w as it was")
def invertible():
    u, w = (np.array(values) for values in zip(*ADVERSARIAL, strict=True))
    asked = (w * u).sum(-1)
    yield at_least((asked < -1).sum(), 5)
    hat, said = (np.asarray(found) for found in mended(u, w))
    along = (w * hat).sum(-1)
    yield at_least(said.min(), 0)
    yield at_least(along.min(), -1, 1e-9)
    yield close(said, 1 + along, atol=1e-7)
    yield close(said[:-5], np.logaddexp(0, asked[:-5] + np.log(np.e - 1)), rtol=1e-7)
    across = hat - u - w * (along - asked)[:, None] / np.maximum((w * w).sum(-1), 1e-18)[:, None]
    yield close(across, 0, atol=1e-5)
    for one, other in zip(u, w, strict=True):
        way = np.linspace(-3, 3, 501)[:, None] * other / max(other @ other, 1e-12)
        us, ws = (np.repeat(v[None], 501, 0) for v in (one, other))
        moved, _ = planar(way, us, ws, np.full(501, 0.1))
        yield at_least(np.diff(np.asarray(moved) @ other).min(), 0, 1e-12)
    u, w = u.astype("float32"), w.astype("float32")
    z, log_det = planar(u, u, w, np.zeros(len(u), "float32"))
    yield same(np.isfinite(z).all() and np.isfinite(log_det).all(), True)


@proof("a small w moves u little: no pole at w = 0, where the papers' u^ has one")
def small():
    u = np.array([[3.0, -1, 2]], "float32")
    for w in (1e-1, 1e-2, 1e-3, 1e-4, 1e-8, 0):
        yield at_most(np.abs(mended(u, np.full((1, D), w, "float32"))[0] - u).max(), 1)
    w = np.array([[2e-4, 3e-4, -1e-4]])  # |w|^2 below FLAT: mended in part
    hat, said = mended(u.astype("float64"), w)
    yield close(said, 1 + (np.asarray(hat) * w).sum(-1), atol=1e-9)
    yield close(hat, u + _mend(w, u, w), atol=1e-6)


def _mend(w, u, direction):
    a = (w * u).sum(-1)
    return ((np.logaddexp(0, a + np.log(np.e - 1)) - 1 - a) / 1e-6)[:, None] * direction


@proof("where a flow squeezes to nothing, log |det| is finite and very low")
def squeezed():
    w = np.ones((1, D), "float32")
    u, z, b = -1e4 * w, np.zeros((1, D), "float32"), np.zeros(1, "float32")
    yield at_most(planar(z, u, w, b)[1][0], -60)
    wide = planar(z + 5, u, w, b)[1]  # where tanh is flat, nothing is squeezed
    yield close(wide, np.log(np.maximum(1 - 4 * expit(30) * expit(-30), 1e-30)), atol=1e-4)
