"""BN-VAE: posterior means of a fixed spread over the batch, so that no code unit dies."""

from typing import Annotated

import keras
from keras import ops
from pydantic import Field

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.models.batch import batch_mean
from aecli.models.vae import VAE
from aecli.models.watched import Watched
from aecli.quantity import HIGHER, Quantity

ACTIVE = Quantity("code units", HIGHER, "whose posterior mean varies by more than 0.01")


@keras.saving.register_keras_serializable("own")
class BNVAE(VAE):
    """The VAE whose posterior means are gamma (mean - m) / s + shift, m and s those of the batch.

    gamma is fixed and shift learnt, so that the KL is at least (gamma^2 + shift^2) / 2 nats a unit
    on average (Zhu 2020, section 3, algorithm 1). m and s^2 are moving averages in evaluation.
    """

    gamma: Annotated[float, Field(ge=0, description="spread of the posterior means")] = 0.6
    decay: Annotated[float, Field(ge=0, lt=1, description="of the moving averages")] = 0.9
    posterior: Gaussian = Gaussian()

    def assemble(self):
        super().assemble()
        shape = self.code_shape
        self.shift = self.add_weight(shape, "zeros", name="shift")
        self.moving_mean = self.add_weight(shape, "zeros", trainable=False, name="moving_mean")
        self.moving_var = self.add_weight(shape, "ones", trainable=False, name="moving_var")
        self.steps = self.add_weight((), "zeros", trainable=False, name="steps")

    def infer(self, batch, training=False):
        out = super().infer(batch, training=training)
        mean = self.normalised(out["mean"], training)
        return out | {"z": out["z"] + mean - out["mean"], "mean": mean}

    def posterior_at(self, x):
        heads = super().posterior_at(x)
        return heads | {"mean": self.normalised(heads["mean"])}

    def normalised(self, mean, training=False):
        """[B, *code_shape]; in training by the batch, over all devices that share it."""
        center, var = self.moving_mean, self.moving_var
        if training:
            center = batch_mean(mean)
            var = batch_mean(ops.square(mean - center))
            self.steps.assign_add(1.0)
            rate = ops.maximum(1.0 - self.decay, 1.0 / self.steps)  # at first, of all steps
            for moving, found in ((self.moving_mean, center), (self.moving_var, var)):
                moving.assign_add(rate * (ops.stop_gradient(found) - moving))
        return self.gamma * (mean - center) / ops.sqrt(var + 1e-5) + self.shift

    def watches(self):
        return [*super().watches(), ActiveUnits("active_units", ACTIVE, (3, *self.code_shape))]

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        return loss, terms, watched | {"active_units": out["mean"]}


class ActiveUnits(Watched):
    """How many posterior means vary by more than 0.01 over a split (Burda 2016, section 5.2)."""

    def statistic(self, value):
        return ops.stack([ops.sum(v, axis=0) for v in (ops.ones_like(value), value, value**2)])

    def result(self):
        count, total, squares = ops.unstack(self.total, axis=0)
        count = ops.maximum(count, 1.0)
        return ops.sum(ops.cast(squares / count - (total / count) ** 2 > 0.01, "float32"))
