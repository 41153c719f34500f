"""The plain autoencoder: reconstruct through a bottleneck."""

from typing import ClassVar

from aecli.models.base import Autoencoder
from aecli.networks.base import Activation
from aecli.serial import register


@register
class AE(Autoencoder):
    """code_activation acts on the code itself (relu: a non-negative one)."""

    keeps_measure: ClassVar[tuple[str, ...]] = ("code_activation",)

    code_activation: Activation = "linear"

    def heads(self):
        return {"z": (self.latent_dim, self.code_activation)}
