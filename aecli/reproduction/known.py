"""Values that need no publication: they are computed from the data."""

import math

from aecli.metrics.base import Evaluation
from aecli.metrics.baselines import flat


def ppca(evaluation: Evaluation) -> float:
    """The mean log-likelihood of the evaluated images under probabilistic PCA, in nats an image.

    Of as many components as the run's code has numbers, fitted to its training images by maximum
    likelihood (Tipping & Bishop 1999, eq. 7 and 8). It is what a linear VAE of that noise can reach
    and no more: its bound is tight where its posterior is the decoder's (Lucas et al. 2019).
    """
    from sklearn.decomposition import PCA

    size = math.prod(evaluation.run.model.stored_shape)
    fitted = PCA(size, random_state=0).fit(flat(evaluation.run.examples("train")[1]))
    return float(fitted.score(flat(evaluation.target)))


KNOWN = {"ppca": ppca}
