"""The plain autoencoder: reconstruct through a bottleneck."""

from typing import ClassVar

from aecli.models.base import Autoencoder, LatentDim
from aecli.networks.base import Activation
from aecli.serial import register


@register
class AE(Autoencoder):
    """code_activation acts on the code itself (relu: a non-negative one)."""

    keeps_measure: ClassVar[tuple[str, ...]] = ("code_activation",)

    def __init__(
        self,
        data_shape,
        network,
        reconstruction_loss,
        latent_dim: LatentDim | None = 32,
        flat: bool = True,
        code_activation: Activation = "linear",
    ):
        super().__init__()
        self.code_activation = code_activation
        self.assemble(data_shape, network, reconstruction_loss, latent_dim, flat)

    def heads(self):
        return {"z": (self.latent_dim, self.code_activation)}
