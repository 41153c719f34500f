"""Which units of a code are active, as pure functions: the largest, those above a threshold."""

import numpy as np
from keras import ops

from aecli.models.batch import batch_rows

ITERATIONS = 100  # of Weiszfeld's at most


def largest(z, k: int):
    """z [B, n] >= 0 with all but the k largest units of each example set to 0.

    Source: Gao et al. 2024, eq. 2 (Makhzani & Frey 2014). Those as large as the last are kept.
    """
    least = ops.top_k(z, k)[0][:, -1:]
    return ops.where(z >= least, z, 0.0)


def largest_of_batch(z, k: int):
    """z [B, n] >= 0 with all but the B k largest units of the training batch set to 0.

    Source: Bussmann et al. 2024, eq. 3. Replicas share the batch.
    """
    rows = batch_rows(z)
    least = ops.top_k(ops.reshape(rows, (-1,)), k * ops.shape(rows)[0])[0][-1]
    return ops.where(z >= least, z, 0.0)


def jump_relu(x, threshold, bandwidth: float):
    """x 1[x > threshold], whose gradient to the threshold is -threshold K((x - t) / e) / e.

    x: [B, n]; threshold: [n] >= 0; bandwidth: e, in the unit of x. K is 1 on (-1/2, 1/2). That to
    x is 1[x > threshold] alone. Source: Rajamanoharan et al. 2024, JumpReLU, eq. 11.
    """
    slope = -threshold * _kernel(x, threshold, bandwidth)
    return x * _is_above(x, threshold) + _learned_by(threshold, slope)


def step(x, threshold, bandwidth: float):
    """1[x > threshold], whose gradient to the threshold is -K((x - t) / e) / e, and to x 0.

    As jump_relu. Source: Rajamanoharan et al. 2024, JumpReLU, eq. 12.
    """
    return _is_above(x, threshold) + _learned_by(threshold, -_kernel(x, threshold, bandwidth))


def _is_above(x, threshold):
    return ops.cast(x > threshold, "float32")


def _kernel(x, threshold, bandwidth: float):
    """K((x - t) / e) / e of the box."""
    return ops.cast(ops.abs(x - threshold) < 0.5 * bandwidth, "float32") / bandwidth


def _learned_by(threshold, slope):
    """0, whose gradient to the threshold is the slope, taken as it is."""
    return ops.stop_gradient(slope) * (threshold - ops.stop_gradient(threshold))


def geometric_median(points: np.ndarray, tolerance: float = 1e-6) -> np.ndarray:
    """The point [d] of the least summed distance to points [N, d], by Weiszfeld's iteration.

    tolerance: of the last move, in the mean distance. Source: Weiszfeld 1937; as the start of a
    dictionary's bias Bricken et al. 2023, and Gao et al. 2024, appendix A.
    """
    points = points.astype("float64")
    centre = points.mean(axis=0)
    for _ in range(ITERATIONS):
        distances = np.linalg.norm(points - centre, axis=1)
        size = distances.mean()
        if size == 0:
            break
        weights = 1.0 / np.maximum(distances, 1e-9 * size)
        before, centre = centre, weights @ points / weights.sum()
        if np.linalg.norm(centre - before) < tolerance * size:
            break
    return centre
