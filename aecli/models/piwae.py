"""PIWAE: the decoder goes by a tight bound, the encoder by a less noisy one."""

import math

from keras import ops

from aecli.models.iwae import MIWAE
from aecli.serial import register


@register
class PIWAE(MIWAE):
    """The decoder minimises -IWAE_(m k), the encoder -MIWAE_(m, k), of the same m * k draws.

    Source: Rainforth et al. 2018, sec. 5, PIWAE: more draws in a bound make the decoder's gradient
    better and the encoder's noisier. A learnt prior is the decoder's. loss and val_loss are the
    encoder's, -MIWAE_(m, k); decoder_loss is -IWAE_(m k), which is at most as large.
    """

    players = ("model", "decoder")

    def variables_of(self, player):
        own = super().variables_of(player)
        return own if player == "model" else own + self.prior_layer.trainable_variables

    def objective(self, batch, out, player="model", training=False):
        if player == "model":
            return super().objective(batch, out, player, training=training)
        misfit, kl = self._of_draws(batch, out)
        log_weights = -misfit - self.weight_at(batch.progress) * kl
        return math.log(self.m * self.k) - ops.logsumexp(log_weights, axis=(1, 2)), {}, {}
