"""Posterior: what the encoder emits of q(z|x), and how codes are drawn from that."""

import dataclasses
from typing import Any, ClassVar

import keras

from aecli.component import Component
from aecli.errors import BadRequest
from aecli.networks.base import Heads


@dataclasses.dataclass(frozen=True, kw_only=True)
class Posterior(Component):
    """The kind of density q(z|x) that the encoder's heads are the parameters of."""

    group: ClassVar[str] = "posterior"
    has_density: ClassVar[bool] = False  # the layer's log_prob is that of a Gaussian, at every code
    space: ClassVar[str] = "anywhere"  # where its codes are: that of the prior is to be the same
    radius: ClassVar[float | None] = None  # of the sphere or the ball that they are in

    def heads(self, latent_dim: int | None) -> Heads:
        """{name: (size, activation)} of what the encoder emits; first mean, of the code's size."""
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

    def entropy(self, heads: dict[str, Any]) -> Any:
        """The entropy of q(z|x) in nats [B] where it is known, else None."""
        return None

    def nearest(self, z):
        """The codes [B, *code_shape] that there are in its space, nearest to any z."""
        return z

    def seen(self, z):
        """Codes as the decoder is given them, [B, *code_shape]."""
        return z


def flat_size(code_shape: tuple[int, ...], of: str) -> int:
    """How many numbers a flat code has. of: in words, what takes no others. Raises BadRequest."""
    if len(code_shape) != 1:
        raise BadRequest(
            f"a posterior {of} takes flat codes, not {'x'.join(map(str, code_shape))}: "
            "model.flat=true, or model/posterior=gaussian"
        )
    return code_shape[0]
