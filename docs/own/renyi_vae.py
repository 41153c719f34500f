"""The Renyi VAE: bounds of several draws, from the IWAE's down to the ELBO."""

import math
from typing import Annotated, Literal

import keras
from keras import ops
from pydantic import Field

from aecli.models.iwae import IWAE


@keras.saving.register_keras_serializable("own")
class RenyiVAE(IWAE):
    """loss = -1/(1 - alpha) log 1/k sum_j w_j^(1 - alpha), with k draws (Li & Turner 2016, eq. 6).

    alpha 0 is the IWAE; towards 1 it is the ELBO, the mean of log w_j.
    """

    estimator: Literal["plain"] = "plain"
    alpha: Annotated[float, Field(ge=0, lt=1, description="order of the divergence")] = 0.5

    def bound_of(self, log_w):
        share = 1.0 - self.alpha
        return (ops.logsumexp(share * log_w, axis=2) - math.log(self.k)) / share
