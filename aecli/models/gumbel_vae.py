"""The VAE of categorical codes, trained through a relaxation of the choice."""

from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.latents import categorical
from aecli.latents.choices import Choices
from aecli.models.quantised import Quantised
from aecli.serial import register

Temperature = Annotated[float, Field(gt=0, le=100, description="1: as the choice's own noise")]


@register
class GumbelVAE(Quantised):
    """loss = reconstruction + beta * KL( q(z|x) || uniform ), z N choices among K.

    In training z is relaxed, softmax((logits + g) / temperature), g Gumbel noise (Jang 2017;
    Maddison 2017); in evaluation a draw of the choices themselves, so that with beta = 1 the loss
    is the negative ELBO of the discrete model. The KL is exact, and of q: sum of log K - H(q).
    encode gives the likeliest choices, one-hot.

    The temperature falls from `temperature` to last_temperature over temperature_epochs.
    """

    has_prior = True
    has_bound = True
    keeps_measure: ClassVar[tuple[str, ...]] = (
        "choices", "codebook_size", "temperature", "last_temperature", "temperature_epochs",
    )  # fmt: skip

    latent_dim: Annotated[None, Field(description="choices and codebook_size say it")] = None
    flat: bool = True
    choices: Annotated[int, Field(ge=2, le=2**12, description="choices a code, or a cell")] = 30
    codebook_size: Annotated[int, Field(ge=2, le=2**12, description="categories of each")] = 10
    beta: Annotated[float, Field(ge=0, description="weight of the KL term")] = 1.0
    temperature: Temperature = 1.0
    last_temperature: Temperature = 0.5
    temperature_epochs: Annotated[float, Field(ge=0, description="epochs")] = 40.0

    @property
    def codebooks(self):
        return self.choices

    @property
    def stored_shape(self):
        return (*self.code_shape[:-1], self.choices)

    @property
    def has_random_codes(self):
        return True

    def heads(self):
        return {"logits": (self.choices * self.codebook_size, "linear")}

    def chooser(self, depth):
        return Choices(self.choices, self.codebook_size)

    def term_names(self):
        return ["reconstruction", "kl"]

    def noise_shapes(self):
        return {"z": self.code_shape} | super().noise_shapes()

    def infer(self, batch, training=False):
        flat = self.encoder(self.seen(batch.x), training=training)["logits"]
        logits = self.split(flat)
        if batch.draws:
            noise = categorical.gumbels(self.split(batch.draws["z"]))
            hard = logits + noise
        else:
            noise, hard = None, logits
        e, indices = self.codebook(self.joined(hard))
        if training and noise is not None:
            e = self.joined(categorical.relaxed(logits, noise, self.temperature_at(batch.progress)))
        return {"z": e, "logits": flat, "indices": indices}

    def temperature_at(self, progress):
        """After so many epochs of training; None: at the end of it."""
        first, last = self.temperature, self.last_temperature
        return categorical.cooled(first, last, progress, self.temperature_epochs)

    def penalties(self, batch, out, training=False):
        kl = categorical.kl_to_uniform(self.split(out["logits"]))
        return {"kl": (self.beta, sum_per_example(kl))}

    def sample_prior(self, n: int, seed: int):
        """[n, *code_shape], each choice evenly."""
        shape = (n, *self.stored_shape)
        chosen = np.random.default_rng(seed).integers(self.codebook_size, size=shape)
        return np.asarray(self.look_up(chosen.astype("int32")))

    def log_prior(self, z):
        """-log K for each choice: [B]."""
        count = self.choices * np.prod(self.code_shape[:-1], dtype=int)
        return ops.full((ops.shape(z)[0],), -count * np.log(self.codebook_size), "float32")

    def draw(self, out, epsilon):
        logits = self.split(out["logits"])
        z = categorical.one_hot_of_largest(logits + categorical.gumbels(self.split(epsilon)))
        return self.joined(z), sum_per_example(categorical.log_prob(logits, z))

    def split(self, code):
        """[B, *code_shape] -> [B, *stored_shape, K]"""
        return ops.reshape(code, (-1, *self.stored_shape, self.codebook_size))

    def joined(self, choices):
        """[B, *stored_shape, K] -> [B, *code_shape]"""
        return ops.reshape(choices, (-1, *self.code_shape))

    def of_cells(self, z):
        return z
