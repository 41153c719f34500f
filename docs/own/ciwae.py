"""CIWAE: between the bound of several draws and the ELBO."""

from typing import Annotated

import keras
from pydantic import Field

from aecli.models.iwae import IWAE


@keras.saving.register_keras_serializable("own")
class CIWAE(IWAE):
    """loss = -(elbo_share * ELBO + (1 - elbo_share) * IWAE's bound) (Rainforth 2018, eq. 9).

    Both are of the same k draws; elbo_share, there beta, is 0 for the IWAE and 1 for the VAE.
    """

    elbo_share: Annotated[float, Field(ge=0, le=1, description="share of the ELBO")] = 0.5

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        return loss - self.elbo_share * terms["tightening"], terms, watched

    def penalties(self, batch, out, training=False):
        terms = super().penalties(batch, out, training=training)
        _, tightening = terms["tightening"]
        return terms | {"tightening": (1.0 - self.elbo_share, tightening)}
