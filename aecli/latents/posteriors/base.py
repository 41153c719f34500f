"""Posterior: what the encoder emits of q(z|x), and how codes are drawn from that."""

import dataclasses
from typing import Any, ClassVar

import keras

from aecli.component import Component
from aecli.networks.base import Heads


@dataclasses.dataclass(frozen=True, kw_only=True)
class Posterior(Component):
    """The kind of density q(z|x) that the encoder's heads are the parameters of."""

    group: ClassVar[str] = "posterior"
    has_density: ClassVar[bool] = False  # the layer's log_prob knows it at every code

    def heads(self, latent_dim: int | None) -> Heads:
        """{name: (size, activation)} of what the encoder emits; mean and log_var among them."""
        raise NotImplementedError

    def layer(self, code_shape: tuple[int, ...]) -> "PosteriorLayer":
        """What draws codes of a shape. Raises BadRequest for one that it cannot take."""
        raise NotImplementedError


class PosteriorLayer(keras.layers.Layer):
    """Draws codes from q(z|x), given by the encoder's heads for B examples."""

    def mode(self, heads: dict[str, Any]):
        """The code that stands for an example, without a draw: [B, *code_shape]."""
        raise NotImplementedError

    def draw(self, heads: dict[str, Any], epsilon, scale: float = 1.0):
        """-> codes [B, *code_shape] and their log q(z|x) in nats [B].

        epsilon: standard normals [B, *code_shape], which `scale` widens: the density is that of
        what is drawn.
        """
        raise NotImplementedError

    def log_prob(self, z, heads: dict[str, Any]):
        """log q(z|x) in nats [B] of any codes; only where the density has a closed form."""
        raise NotImplementedError

    def gaussian(self, heads: dict[str, Any]) -> tuple[Any, Any] | None:
        """(mean, log_var) [B, *code_shape] where q is a diagonal Gaussian, None where it is not."""
        return None
