"""Divergences and log-densities as pure functions: tensors in, one number an example out."""

import math

from keras import ops


def gaussian_kl(mean, log_var):
    """KL( N(mean, exp(log_var)) || N(0, I) ), in nats, summed over all but the first axis.

    Args: mean, log_var: [B, ...]. Returns: [B].
    Source: Kingma & Welling 2014, appendix B: -1/2 sum(1 + log s^2 - m^2 - s^2).
    """
    return sum_per_example(gaussian_kl_of_units(mean, log_var))


def gaussian_kl_of_units(mean, log_var):
    """KL( N(mean, exp(log_var)) || N(0, 1) ) of each code unit, in nats; shapes as given."""
    return -0.5 * (1.0 + log_var - ops.square(mean) - ops.exp(log_var))


def gaussian_kl_between_units(mean, log_var, prior_mean, prior_log_var):
    """KL( N(mean, exp(log_var)) || N(prior_mean, exp(prior_log_var)) ) of each unit, in nats.

    Shapes as given. As that to N(0, 1), once both are in standard deviations of the second.
    """
    mean = (mean - prior_mean) * ops.exp(-0.5 * prior_log_var)
    return gaussian_kl_of_units(mean, log_var - prior_log_var)


def merged_gaussians(mean, log_var, other_mean, other_log_var):
    """-> mean and log_var of the Gaussian that the product of two is proportional to.

    Its precision is the sum of theirs, its mean theirs weighted by precision; shapes as given.
    Source: Soenderby 2016, eq. 18 and 19, written so that no variance is formed.
    """
    share = ops.sigmoid(other_log_var - log_var)  # of the first in the precision
    merged = other_mean + share * (mean - other_mean)
    return merged, other_log_var - ops.softplus(other_log_var - log_var)


def gaussian_log_prob(x, mean, log_var):
    """log N(x; mean, exp(log_var)), in nats, summed over all but the first axis.

    Args: x, mean: [B, ...]; log_var: broadcastable to them. Returns: [B].
    """
    log_var = ops.broadcast_to(log_var, ops.shape(x))
    squares = ops.square(x - mean) * ops.exp(-log_var)
    return sum_per_example(-0.5 * (math.log(2.0 * math.pi) + log_var + squares))


def gaussian_mixture_log_prob(x, mean, log_var, log_weights):
    """log sum_k w_k N(x; mean_k, exp(log_var_k)), in nats.

    Args: x: [B, ...]; mean, log_var: [K, ...]; log_weights: [K], of a sum of 1. Returns: [B].
    """
    x = ops.convert_to_tensor(x)[:, None]
    squares = ops.square(x - mean) * ops.exp(-log_var)  # [B, K, ...]
    parts = -0.5 * (math.log(2.0 * math.pi) + log_var + squares)
    parts = ops.sum(ops.reshape(parts, (ops.shape(x)[0], ops.shape(mean)[0], -1)), axis=-1)
    return ops.logsumexp(parts + log_weights, axis=-1)


def bernoulli_kl(rho, rate):
    """KL( Bernoulli(rho) || Bernoulli(rate) ), in nats, element by element.

    Args: rho: target rate in (0, 1); rate: [...] in [0, 1], kept 1e-6 away from the ends.
    Source: Ng 2011, Sparse autoencoder (CS294A lecture notes), eq. for KL(rho || rho_hat).
    """
    rate = ops.clip(rate, 1e-6, 1.0 - 1e-6)
    return rho * ops.log(rho / rate) + (1.0 - rho) * ops.log((1.0 - rho) / (1.0 - rate))


def sum_per_example(x):
    """Sum over all axes but the first: [B, ...] -> [B]."""
    return ops.sum(ops.reshape(x, (ops.shape(x)[0], -1)), axis=-1)
