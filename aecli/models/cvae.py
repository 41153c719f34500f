"""The conditional variational autoencoder: encoder and decoder are told the label."""

from typing import Annotated

from keras import ops
from pydantic import Field

from aecli.models.base import LatentDim
from aecli.models.vae import VAE
from aecli.serial import register


@register
class CVAE(VAE):
    """loss = -E log p(x|z, y) + beta * KL( q(z|x, y) || p(z) ), y the label of image x.

    The one-hot label is concatenated to what the encoder is given and to what the decoder is
    given: to the numbers of a flat image or code, else as channels, the same at each place (Sohn,
    Lee & Yan 2015, with a prior that does not depend on the label).

    label_count: labels are 0 .. label_count - 1; as many as the data have.
    """

    latent_dim: LatentDim = 10
    label_count: Annotated[int, Field(ge=1, description="labels that there are")]

    def encoder_shape(self):
        return self.network.shape_beside(self.data_shape, self.label_count)

    def decoder_shape(self):
        return (*self.code_shape[:-1], self.code_shape[-1] + self.label_count)

    def infer(self, batch, training=False):
        *places, size = self.encoder_shape()
        x = ops.reshape(batch.x, (-1, *places, size - self.label_count))
        return super().infer(batch._replace(x=self.beside(x, batch.label)), training=training)

    def decoder_input(self, z, label=None):
        return self.beside(super().decoder_input(z, label), label)

    def beside(self, x, label):
        """x [B, ..., D] and labels [B] -> [B, ..., D + label_count]."""
        told = ops.one_hot(label, self.label_count, dtype=x.dtype)
        told = ops.reshape(told, (-1, *[1] * (len(x.shape) - 2), self.label_count))
        at_each_place = told + ops.zeros_like(x[..., :1])
        return ops.concatenate([x, at_each_place], axis=-1)
