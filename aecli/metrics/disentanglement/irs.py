"""The interventional robustness score: how far a code stays where it is while others move."""

import numpy as np


def irs(codes: np.ndarray, values: np.ndarray, quantile: float = 0.99) -> tuple[float, int]:
    """The score of codes [n, D] and factors [n, K] in [0, 1], and how many codes vary at all.

    Of a code and a factor: 1 - the mean over the factor's values of the `quantile` of
    |z - E[z | value]|, as a share of the largest |z - E z|. A code has the best of its factors; the
    score is the mean over codes, weighted by their largest deviation. quantile 1 is the maximum of
    the paper. Source: Suter et al. 2019; 0.99 is disentanglement_lib's.
    """
    codes = codes[:, np.ptp(codes, axis=0) > 0]
    if codes.shape[1] == 0:
        return 0.0, 0
    largest = np.abs(codes - codes.mean(axis=0)).max(axis=0)
    robust = np.empty((codes.shape[1], values.shape[1]))
    for k, factor in enumerate(values.T):
        deviations = [_deviation(codes[factor == value], quantile) for value in np.unique(factor)]
        robust[:, k] = 1.0 - np.mean(deviations, axis=0) / largest
    return float(np.average(robust.max(axis=1), weights=largest)), codes.shape[1]


def _deviation(codes: np.ndarray, quantile: float) -> np.ndarray:
    return np.quantile(np.abs(codes - codes.mean(axis=0)), quantile, axis=0)
