"""The second VAE of a two-stage sampler in Keras: its two networks and its bound."""

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from aecli.divergences import gaussian_kl, gaussian_log_prob


class SecondVAE:
    """p(x) = E over u ~ N(0, I) of N(x; decoder(u), gamma^2), of rows x [B, D], u as large.

    Both networks are dense, and their last layer sees the input itself beside the hidden units
    (Dai & Wipf 2019, as the second stage of the authors' code). gamma is one learnt number.
    alive: [D] of 0 and 1; a unit that is not stays 0, and is no part of the density.
    """

    def __init__(self, alive: np.ndarray, widths: list[int], seed: int = 0):
        self.size, self.draws = len(alive), len(alive)
        self._alive = alive.astype("float32")
        self._start = keras.initializers.GlorotUniform(keras.random.SeedGenerator(seed))
        self.encoder = self._network(widths, 2 * self.size)
        self.decoder = self._network(widths, self.size)
        self.log_gamma = keras.Variable(0.0, name="log_gamma")

    def _network(self, widths: list[int], last: int) -> list[keras.layers.Dense]:
        made, before = [], self.size
        settings: dict[str, Any] = {"kernel_initializer": self._start, "dtype": "float32"}
        for width in widths:
            made.append(keras.layers.Dense(width, "relu", **settings))
            made[-1].build((None, before))
            before = width
        made.append(keras.layers.Dense(last, **settings))
        made[-1].build((None, self.size + before if widths else self.size))
        return made

    @property
    def variables(self) -> list[keras.Variable]:
        layers = [*self.encoder, *self.decoder]
        return [v for layer in layers for v in layer.trainable_variables] + [self.log_gamma]

    def posterior(self, x):
        """-> mean and log_var of q(u|x), [B, D] each."""
        return ops.split(_through(self.encoder, x), 2, axis=1)

    def decode(self, u):
        """-> the mean of p(x|u), [B, D]."""
        return self._alive * _through(self.decoder, u)

    def log_likelihood(self, x, u):
        """log p(x|u) in nats [B], of the units that are alive."""
        log_var = 2.0 * self.log_gamma + ops.zeros_like(x)
        dead = float(len(self._alive) - self._alive.sum())
        of_dead = -dead * (0.5 * math.log(2.0 * math.pi) + self.log_gamma)
        return gaussian_log_prob(self._alive * x, self.decode(u), log_var) - of_dead

    def log_prob(self, x, epsilon=None):
        """Its lower bound by one draw (Kingma & Welling 2014, eq. 10), the KL exact: [B]."""
        mean, log_var = self.posterior(x)
        u = mean + ops.exp(0.5 * log_var) * epsilon
        return self.log_likelihood(x, u) - gaussian_kl(mean, log_var)

    def log_weight(self, x, epsilon):
        """log p(x, u) - log q(u|x) of a draw u: [B]."""
        mean, log_var = self.posterior(x)
        u = mean + ops.exp(0.5 * log_var) * epsilon
        ratio = gaussian_log_prob(u, 0.0, 0.0) - gaussian_log_prob(u, mean, log_var)
        return self.log_likelihood(x, u) + ratio


def _through(layers: list[keras.layers.Dense], x):
    *hidden, last = layers
    h = x
    for layer in hidden:
        h = layer(h)
    return last(ops.concatenate([x, h], axis=1) if hidden else x)
