"""How far the units of a code depend on each other: no factors are asked for."""

import numpy as np

from aecli.metrics.disentanglement.mutual_information import discretised, mutual_information


def total_correlation(covariance: np.ndarray) -> float:
    """KL( N(0, C) || N(0, diag C) ) = (sum_d log C_dd - log det C) / 2 in nats, of C [D, D].

    Infinite where C is singular, as where a unit is a multiple of another.
    """
    sign, log_det = np.linalg.slogdet(covariance)
    if sign <= 0:
        return float("inf")
    return float(0.5 * (np.log(np.diag(covariance)).sum() - log_det))


def wasserstein_correlation(covariance: np.ndarray) -> float:
    """The squared 2-Wasserstein distance of N(0, C) and N(0, diag C), in the codes' units squared.

    2 tr C - 2 tr (S C S)^(1/2) with S = diag C^(1/2).
    """
    scale = np.sqrt(np.diag(covariance))
    eigenvalues = np.linalg.eigvalsh(scale[:, None] * covariance * scale)
    return float(2 * (np.trace(covariance) - np.sqrt(np.maximum(eigenvalues, 0.0)).sum()))


def information_between(codes: np.ndarray, bins: int = 20) -> float:
    """The mean of I(z_d; z_e) over pairs of units d != e of codes [n, D], in nats, by bins."""
    discrete = discretised(codes, bins)
    between = mutual_information(discrete, discrete)
    units = len(between)
    return float((between.sum() - np.trace(between)) / (units * (units - 1)))
