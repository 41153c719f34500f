"""The Poincare ball: hyperbolic space of the curvature -c as the points |z| < 1 / sqrt(c).

Lengths there are lambda(z) = 2 / (1 - c |z|^2) times those that one sees. Tangent vectors u are
given here in these true lengths, also after they were carried from the centre to another point
(parallel transport), which turns none of their axes: an exp map has no factor lambda of its own
(Mathieu et al. 2019; Ganea et al. 2018).
"""

import math
from typing import Annotated

from keras import ops
from pydantic import Field

from aecli.divergences import gaussian_log_prob

Curvature = Annotated[float, Field(gt=0, le=1e4, description="c of a curvature -c")]

EDGE = 1e-5  # of the radius: no code is nearer to the edge, where float32 tells few of them apart
SHORT = 1e-12  # of a squared length, from here down to 0
FAR = 2.0 * math.atanh(1.0 - EDGE)  # what that is from the centre, times sqrt(c)


def space(curvature: float) -> str:
    """Where codes are, in the words of messages."""
    return f"in a Poincare ball of curvature {-curvature:g}"


def moved(x, y, c: float):
    """x (+) y, Moebius addition of points [B, D] of the ball (Ganea 2018)."""
    xy, xx, yy = _dot(x, y), _dot(x, x), _dot(y, y)
    above = (1.0 + 2.0 * c * xy + c * yy) * x + (1.0 - c * xx) * y
    return above / ops.maximum(1.0 + 2.0 * c * xy + c**2 * xx * yy, SHORT)


def exp_map(mean, u, c: float):
    """Where one comes to from mean along the geodesic u, |u| far: [B, D]."""
    half = 0.5 * math.sqrt(c) * _length(u)
    return inside(moved(mean, 0.5 * ops.tanh(half) / half * u, c), c)


def log_map(z, c: float):
    """u [B, D], from the centre of the ball to points z: the inverse of exp_map there."""
    length = math.sqrt(c) * _length(z)
    return 2.0 * ops.arctanh(ops.minimum(length, 1.0 - EDGE)) / length * z


def inside(z, c: float):
    """z [B, D], those beyond the edge drawn in, and with the gradient that would draw them in."""
    length = math.sqrt(c) * _length(z)
    drawn_in = z * ops.minimum(1.0, (1.0 - EDGE) / length)
    return z + ops.stop_gradient(drawn_in - z)


def wrapped_log_prob(u, log_var, c: float):
    """log-density of exp_map(mean, u, c) in nats [B], u ~ N(0, diag exp(log_var)).

    By the ball's own volume: N(u) less (D - 1) log( sinh(sqrt(c) |u|) / (sqrt(c) |u|) ), by which
    the exp map spreads what is around u (Mathieu 2019; Nagano 2019).
    """
    far = math.sqrt(c) * _length(u)[:, 0]
    log_spread = far + ops.log(-ops.expm1(-2.0 * far) / (2.0 * far))
    return gaussian_log_prob(u, 0.0, log_var) - (u.shape[-1] - 1) * log_spread


def drawn_in(mean, u, c: float):
    """How many nats [B] less likely exp_map(exp_0(mean), u, c) is about the centre than it is seen.

    0 for what is not beyond the edge. By the wrapped N(0, I), of the distance that the law of
    cosines has for it, and of FAR, where it is drawn in to. Without that, codes beyond the edge
    would be rare ones of the posterior and no rare ones of the prior: a bound without an end.
    """
    a, b = (math.sqrt(c) * _length(v) for v in (mean, u))
    cosine = _dot(mean, u) / (_length(mean) * _length(u))
    shrunk = [ops.exp(-2.0 * side) for side in (a, b)]
    around = (1 + shrunk[0]) * (1 + shrunk[1]) + (1 - shrunk[0]) * (1 - shrunk[1]) * cosine
    far = a + b + ops.log(ops.maximum(0.5 * around, SHORT))  # to exp(-2 FAR)
    beyond = ops.relu(far[:, 0] - FAR)
    log_spread = beyond - ops.log1p(beyond / FAR)
    return beyond * (beyond + 2.0 * FAR) / (2.0 * c) + (mean.shape[-1] - 1) * log_spread


def _dot(x, y):
    return ops.sum(x * y, axis=-1, keepdims=True)


def _length(x):
    return ops.sqrt(ops.maximum(_dot(x, x), SHORT))
