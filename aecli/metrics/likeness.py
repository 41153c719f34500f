"""How like real images others are, by the features of both, and how sure that is."""

import dataclasses

import numpy as np

from aecli.metrics import jackknife
from aecli.metrics.base import ERROR, Figures
from aecli.metrics.frechet import frechet_distance, frechet_without
from aecli.metrics.kid import kernel_distance
from aecli.metrics.neighbourhoods import manifold_figures


@dataclasses.dataclass(frozen=True)
class Likeness:
    """figures: the distances and their standard errors, precision, recall, density, coverage.

    frechet_bias: by how much the Frechet distance is too high for the number of images.
    """

    figures: Figures
    frechet_bias: float


def likeness(real: np.ndarray, others: np.ndarray, k: int, subsets: int, end: str) -> Likeness:
    """The likeness of features [N, D] to real ones [N, D], N > 3 and N > k.

    k: neighbours of the manifolds. subsets: how many parts of the images are left out, one at a
    time, for the standard errors, which are those of the choice of both sets of images. end: of
    the names of the distances, which are of these features alone.
    """
    parts = jackknife.parts_of(len(real), subsets)
    frechet, without = frechet_distance(real, others), frechet_without(real, others, parts)
    kid, kid_without = kernel_distance(real, others, parts)
    distances: Figures = {
        f"frechet{end}": frechet,
        f"frechet{end}{ERROR}": jackknife.standard_error(without),
        f"kid{end}": kid,
        f"kid{end}{ERROR}": jackknife.standard_error(kid_without),
    }
    near = manifold_figures(real, others, k)
    return Likeness(distances | near, jackknife.bias(frechet, without))
