"""The contractive autoencoder: the code is to change little where the image does."""

import math
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.models import jacobian
from aecli.models.ae import AE
from aecli.networks.base import Activation
from aecli.quantity import LOWER, Quantity
from aecli.serial import register

Probes = Annotated[int, Field(ge=1, le=1000, description="draws an example")]


@register
class Contractive(AE):
    """loss = reconstruction + weight * jacobian, jacobian = |dz/dx|_F^2.

    The squared derivatives of every code unit by every pixel, summed (Rifai, Vincent, Muller,
    Glorot & Bengio 2011, eq. 1), of the whole encoder and not of its last layer alone; as it is in
    evaluation, where each code depends on its own image.

    estimate exact: one reverse pass a code unit. hutchinson: the mean of |v^T dz/dx|^2 over
    `probes` draws v of N(0, I), one reverse pass each, without bias (Hutchinson 1990). auto:
    hutchinson in training, exact in evaluation for codes of up to 64 units.
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("estimate", "probes")
    about_terms: ClassVar[dict[str, Quantity]] = {
        "jacobian": Quantity("", LOWER, "sum of the squared derivatives of code by image", True)
    }

    code_activation: Activation = "linear"
    weight: Annotated[float, Field(ge=0, description="weight of the squared Jacobian")] = 0.1
    estimate: jacobian.Estimate = "auto"
    probes: Probes = 1

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        is_exact = jacobian.is_exact(self.estimate, self.code_size, training=False)
        self.decoded_an_example = self.code_size if is_exact else self.probes  # or encoded

    @property
    def has_random_codes(self):
        return False

    def term_names(self):
        return ["reconstruction", "jacobian"]

    def noise_shapes(self):
        return super().noise_shapes() | {"probe": (self.probes, *self.code_shape)}

    def infer(self, batch, training=False):
        out, probe = super().infer(batch, training=training), batch.draws.get("probe")
        return out if probe is None else out | {"probe": probe}

    def penalties(self, batch, out, training=False):
        x, probe = self.seen(batch.x), out.get("probe")
        return {"jacobian": (self.weight, self.squared_jacobian(x, probe, training))}

    def squared_jacobian(self, x, probe, training: bool):
        """|dz/dx|_F^2 [B] of images x, or its estimate by draws [B, probes, *code_shape]."""
        if jacobian.is_exact(self.estimate, self.code_size, training):
            units = jacobian.unit_vectors(x, self.code_shape)
            return ops.sum(jacobian.of_outputs(self._code, x, units), axis=1)
        return ops.mean(jacobian.of_outputs(self._code, x, probe), axis=1)

    def _code(self, x):
        return self.encoder(x)["z"]
