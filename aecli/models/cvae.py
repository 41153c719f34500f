"""The class of conditional VAEs that runs of before name: model.condition=label of any VAE."""

from typing import Annotated, Literal

from pydantic import Field

from aecli.models.base import LatentDim
from aecli.models.vae import VAE
from aecli.serial import register


@register
class CVAE(VAE):
    """loss = -E log p(x|z, y) + beta * KL( q(z|x, y) || p(z) ), y the label of image x."""

    latent_dim: LatentDim = 10
    condition: Literal["label"] = "label"
    label_count: Annotated[int, Field(ge=1, description="labels that there are")]  # pyright: ignore[reportGeneralTypeIssues]  # here it must be given
