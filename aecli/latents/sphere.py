"""The von Mises-Fisher density on a sphere, by quadrature over the angle to its mean direction.

A point of the sphere |z| = 1 in m dimensions is known by its angle t to the mean direction and by
where it lies around that. Under the uniform density t has the density sin(t)^(m-2) / Z_m, and von
Mises-Fisher is that times exp(k cos t), renewed (Davidson et al. 2018, section 3.1). All that is
asked of it is an integral of this smooth bump: the Gauss-Legendre sums here are good to float32
for every m and k, where series of Bessel functions of the order m / 2 - 1 each have their range.
"""

import math

import numpy as np
import tensorflow as tf
from keras import ops

NODES, WEIGHTS = (part.astype("float32") for part in np.polynomial.legendre.leggauss(40))
REACH = 9.0  # standard deviations of the bump on either side that are integrated over
SPACE = "on a sphere"  # where codes are, in the words of messages
HALVINGS, STEPS = 8, 3  # of a quantile's bracket; and of Newton's method from there
TINY = 1e-30


def log_area(m: int) -> float:
    """log of the area 2 pi^(m/2) / Gamma(m/2) of the sphere |z| = 1 in m dimensions."""
    return math.log(2.0) + 0.5 * m * math.log(math.pi) - math.lgamma(0.5 * m)


def log_partition(k, m: int):
    """log E exp(k (cos t - 1)) over the sphere, for concentrations k [B]: [B].

    With v = m / 2 - 1 it is log( Gamma(v + 1) (2 / k)^v I_v(k) ) - k, I_v the modified Bessel
    function, as in Davidson's normaliser; 0 at k = 0. Its derivative is E cos t - 1.
    """
    return ops.logsumexp(_bump(k, m)[1], axis=-1) - _log_uniform(m)


def mean_gap(k, m: int):
    """E(1 - cos t) for concentrations k [B]: [B]; 1 less it is I_(m/2)(k) / I_(m/2-1)(k)."""
    angles, log_mass = _bump(k, m)
    return ops.sum(ops.softmax(log_mass, axis=-1) * gap(angles), axis=-1)


def kl_to_uniform(k, m: int):
    """KL( von Mises-Fisher || uniform ) in nats: k E cos t - log E exp(k cos t) (Davidson).

    The k of both terms cancels. Args: k: [B]. Returns: [B].
    """
    return -k * mean_gap(k, m) - log_partition(k, m)


def gap(t):
    """1 - cos t, without cancellation."""
    return 2.0 * ops.square(ops.sin(0.5 * t))


def angle(a, k, m: int):
    """The angle t [B] of standard normals a [B]: P(T > t) = P(A < a), so that a large a is near.

    By bisection, then by Newton's method. The last step is the one that is differentiated:
    dt/dk = -(dF/dk) / (dF/dt), the gradient of an implicit reparameterisation (Figurnov, Mohamed &
    Mnih 2018). So nothing is rejected, and no correction is needed.
    """
    tail = _tail_of_normal(a, m)
    fixed_k, fixed = ops.stop_gradient(k), [ops.stop_gradient(part) for part in tail]
    ends = low, high = _reach(fixed_k, m)
    t = 0.5 * (low + high)
    for step in range(HALVINGS + STEPS):
        excess, slope = _excess(t, fixed_k, m, ends, fixed)
        low, high = ops.where(excess < 0, t, low), ops.where(excess < 0, high, t)
        t = 0.5 * (low + high) if step < HALVINGS else ops.clip(t - excess / slope, low, high)
    t = ops.stop_gradient(t)
    excess, slope = _excess(t, k, m, ends, tail)
    return t - excess / ops.stop_gradient(slope)


def _tail_of_normal(a, m: int):
    """-> the smaller of P(A > a), P(A < a) to the power 1 / (m - 1); and whether it is the first.

    The part of a sphere that is nearer than t grows as t^(m - 1) at first: to that power, linearly.
    """
    is_near = ops.cast(a > 0, a.dtype)
    share = 0.5 * tf.math.erfc(ops.abs(a) / math.sqrt(2.0))
    return ops.power(ops.maximum(share, TINY), 1.0 / (m - 1)), is_near


def _excess(t, k, m: int, ends, tail):
    """-> by how much, at angles t [B], P(T < t) is too large, to the power of `tail`; its slope.

    Where P(T > t) is the smaller one, that is compared.
    """
    parts = [_log_mass(*_between(*span), k, m)[1] for span in ((ends[0], t), (t, ends[1]))]
    near, far = (ops.logsumexp(part, axis=-1) for part in parts)
    wanted, is_near = tail
    power, sign = 1.0 / (m - 1), 2.0 * is_near - 1.0
    log_share = is_near * near + (1.0 - is_near) * far
    found = ops.exp(power * (log_share - ops.logaddexp(near, far)))
    log_density = (m - 2) * ops.log(ops.maximum(ops.sin(t), TINY)) - k * gap(t)
    slope = power * found * ops.exp(log_density - log_share)
    return sign * (found - wanted), ops.maximum(slope, TINY)


def _mode_and_width(k, m: int):
    """Where the density of t is largest, and the standard deviation that its curvature there says.

    (m - 2) cos t = k sin(t)^2 at the mode.
    """
    cosine = 2.0 * k / ops.maximum(m - 2 + ops.sqrt((m - 2.0) ** 2 + 4.0 * ops.square(k)), TINY)
    cosine = ops.minimum(cosine, 1.0)
    mode = ops.arccos(cosine)
    curvature = (m - 2) / ops.maximum(1.0 - ops.square(cosine), TINY) + k * cosine
    return mode, 1.0 / ops.sqrt(ops.maximum(curvature, 0.1))


def _reach(k, m: int):
    """From where to where there is anything of the density of t."""
    mode, width = _mode_and_width(k, m)
    return ops.maximum(mode - REACH * width, 0.0), ops.minimum(mode + REACH * width, math.pi)


def _between(low, high):
    """-> angles [B, N] between two [B], and the log of what each stands for."""
    half = 0.5 * (high - low)[:, None]
    angles = low[:, None] + half * (1.0 + NODES)
    return angles, ops.log(ops.maximum(half, TINY) * WEIGHTS)


def _log_mass(angles, log_width, k, m: int):
    """-> angles [B, N], and the log of what of sin(t)^(m-2) exp(k (cos t - 1)) is at each."""
    log_sine = ops.log(ops.maximum(ops.sin(angles), TINY))
    return angles, log_width + (m - 2) * log_sine - k[:, None] * gap(angles)


def _bump(k, m: int):
    return _log_mass(*_between(*_reach(ops.stop_gradient(k), m)), k, m)


def _log_uniform(m: int) -> float:
    """log of the integral of sin(t)^(m-2) over the angles."""
    return 0.5 * math.log(math.pi) + math.lgamma(0.5 * (m - 1)) - math.lgamma(0.5 * m)
