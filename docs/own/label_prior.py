"""A VAE whose prior has a mean for each label, which is learnt."""

from typing import Annotated

import keras
from keras import ops
from pydantic import Field

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.latents.priors.standard import Standard
from aecli.models.vae import VAE


@keras.saving.register_keras_serializable("own")
class LabelPriorVAE(VAE):
    """loss = reconstruction + beta * KL( q(z|x) || N(m_y, I) ), y the label of image x.

    As p(z|u) of iVAE (Khemakhem 2020, eq. 7), with means alone, and an encoder that is not told
    the label. A code is what is left of z beside its label's mean, z - m_y, of which the prior is
    N(0, I) whatever the label; the decoder is given z.

    label_count: labels are 0 .. label_count - 1; as many as the data have.
    """

    label_count: Annotated[int, Field(ge=1, description="labels that there are")]
    posterior: Gaussian = Gaussian()
    prior: Standard = Standard()

    def assemble(self):
        super().assemble()
        shape = (self.label_count, *self.code_shape)
        self.means = self.add_weight(shape, "zeros", name="means")

    def infer(self, batch, training=False):
        out, mean = super().infer(batch, training=training), self.mean_of(batch.label)
        return out | {"z": out["z"] - mean, "mean": out["mean"] - mean}

    def decoder_input(self, z, label=None):
        return z + self.mean_of(label)

    def mean_of(self, label):
        """The prior's means of labels [B]: [B, *code_shape]."""
        return ops.tensordot(ops.one_hot(label, self.label_count), self.means, axes=1)
