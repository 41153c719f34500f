"""How far two sets of features cover each other: precision, recall, density and coverage."""

import numpy as np
from scipy.spatial.distance import cdist  # of differences: equal points are at no distance

BLOCK = 1000  # rows of distances at a time


def manifold_figures(real: np.ndarray, fake: np.ndarray, k: int = 5) -> dict[str, float]:
    """Of features [N, D] and [M, D] with N, M > k. A set's manifold is the union of the balls
    around its points that reach to each point's k-th nearest neighbour in the set.

    precision: share of the fake points in the real manifold; recall: of the real ones in the fake
    manifold (Kynkaanniemi 2019, eq. 1 and 2). density: real balls that a fake point lies in, over
    k, in the mean, may exceed 1; coverage: share of the real balls with a fake point in them
    (Naeem 2020, eq. 4 and 5). For equal distributions density tends to 1, and coverage to
    1 - 2^-k for N = M.
    """
    real, fake = real.astype("float64"), fake.astype("float64")
    real_radii, fake_radii = radii(real, k), radii(fake, k)
    in_real, recalled, covered = np.zeros(len(fake)), [], []
    for start in range(0, len(real), BLOCK):
        rows = slice(start, start + BLOCK)
        distances = cdist(real[rows], fake)
        inside = distances <= real_radii[rows, None]
        in_real += inside.sum(axis=0)
        covered.append(inside.any(axis=1))
        recalled.append((distances <= fake_radii).any(axis=1))
    return {
        "precision": float((in_real > 0).mean()),
        "recall": float(np.concatenate(recalled).mean()),
        "density": float(in_real.mean() / k),
        "coverage": float(np.concatenate(covered).mean()),
    }


def radii(points: np.ndarray, k: int) -> np.ndarray:
    """Distance of each point [N, D] to its k-th nearest neighbour, itself left out: [N]."""
    found = []
    for start in range(0, len(points), BLOCK):
        distances = cdist(points[start : start + BLOCK], points)
        found.append(np.partition(distances, k, axis=1)[:, k])  # at 0 is the point itself
    return np.concatenate(found)
