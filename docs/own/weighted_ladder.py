"""A ladder VAE whose levels have a KL weight each."""

from typing import Annotated

import keras
from pydantic import Field

from aecli.errors import BadRequest
from aecli.models.ladder_vae import LadderVAE

Weight = Annotated[float, Field(ge=0, description="weight of a level's KL")]


@keras.saving.register_keras_serializable("own")
class WeightedLadder(LadderVAE):
    """loss = reconstruction + beta * sum over levels i of weight_i KL( q(z_i|.) || p(z_i|z_i+1) ).

    The beta of Higgins 2017, level by level: more at the top for few, independent factors, less
    below for detail. level_weights: of z_1, the lowest level, .. z_L; all 1: the ladder VAE.
    """

    level_weights: list[Weight] = [1.0, 4.0]

    def assemble(self):
        super().assemble()
        if len(self.level_weights) != len(self.levels):
            raise BadRequest(
                f"model.level_weights must have a weight for each of the {len(self.levels)} levels "
                f"of latent_dim and upper_dims; got {self.level_weights}"
            )

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        pairs = zip(terms.items(), self.level_weights, strict=True)
        return {name: (own * weight, term) for (name, (weight, term)), own in pairs}
