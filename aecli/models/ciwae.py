"""CIWAE: between the bound of one draw and that of several."""

from typing import Annotated, Literal

from pydantic import Field

from aecli.models.iwae import IWAE
from aecli.serial import register


@register
class CIWAE(IWAE):
    """loss = -( elbo_weight * ELBO + (1 - elbo_weight) * IWAE_k ), of the same k draws.

    Source: Rainforth et al. 2018, sec. 5, CIWAE, whose beta is elbo_weight; ELBO is the mean over
    the draws of log w, of which w is as in IWAE. 0 is the IWAE; 1 the VAE with its KL estimated
    from k draws. Of the terms, tightening is the IWAE's, whose weight is 1 - elbo_weight.
    """

    estimator: Literal["plain"] = "plain"
    elbo_weight: Annotated[float, Field(ge=0, le=1, description="share of the ELBO")] = 0.5

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        return loss - self.elbo_weight * terms["tightening"], terms, watched

    def penalties(self, batch, out, training=False):
        found = super().penalties(batch, out, training=training)
        return found | {"tightening": (1.0 - self.elbo_weight, found["tightening"][1])}
