"""Prior: the density p(z) of codes that a model is trained towards."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import keras
import numpy as np

from aecli.component import Component

PosteriorAt = Callable[[Any], dict[str, Any]]
"""inputs u [K, *data_shape] -> the encoder's heads for them, [K, ...] each."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prior(Component):
    """The kind of density p(z); its layer has what is learnt of it."""

    group: ClassVar[str] = "prior"
    of_posteriors: ClassVar[bool] = False  # made of Gaussians q(z|u)
    space: ClassVar[str] = (
        "anywhere"  # where its codes are: that of the posterior is to be the same
    )

    def layer(self, code_shape: tuple[int, ...], data_shape: tuple[int, ...]) -> "PriorLayer":
        """What tells the density of codes of a shape, of data of a shape."""
        raise NotImplementedError

    def check_range(self, low: float, high: float) -> None:
        """Raises BadRequest where data from low to high are not what it is made for."""


class PriorLayer(keras.layers.Layer):
    """p(z) of codes [B, *code_shape].

    has_quantiles: whether the code units are independent and alike. is_uniform: whether log_prob is
    the same at each code, so that a posterior's entropy says its KL.

    posterior_at: the model's encoder, for a prior that is made of posteriors; given anew at each
    call, so that no prior owns it a second time.
    """

    has_quantiles: ClassVar[bool] = False
    is_uniform: ClassVar[bool] = False

    def log_prob(self, z, posterior_at: PosteriorAt):
        """log p(z) in nats: [B]."""
        raise NotImplementedError

    def sample(self, n: int, seed: int, posterior_at: PosteriorAt):
        """Codes [n, *code_shape], the same for the same seed."""
        raise NotImplementedError

    def kl_of_gaussian(self, mean, log_var):
        """KL( N(mean, exp(log_var)) || p ) of each code unit, in nats, shaped as the mean.

        None where it has no closed form.
        """
        return None

    def quantiles(self, p: np.ndarray) -> np.ndarray:
        """The values below which a code unit is with probabilities p in (0, 1), shaped as p.

        Only where has_quantiles: the units are independent and alike.
        """
        raise NotImplementedError
