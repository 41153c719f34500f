"""The regularized autoencoder: a smooth decoder instead of noise on the codes."""

import math
from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.errors import BadRequest, NotApplicable
from aecli.models import jacobian
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.contractive import Probes
from aecli.quantity import LOWER, Quantity
from aecli.serial import register

SQUARINGS = 8  # of the matrix whose largest singular value is bounded


@register
class RAE(Autoencoder):
    """loss = reconstruction + beta * code_norm + lam * decoder, code_norm = |z|^2 / 2.

    A deterministic autoencoder whose decoder is kept smooth (Ghosh, Sajjadi, Vergari, Black &
    Schoelkopf 2020, eq. 4 to 6). regularizer l2: decoder = the sum of the decoder's squared
    kernels; with lam = beta = 0 the model is the autoencoder. gp: decoder = |dD(z)/dz|_F^2 of the
    expected image D at the code as it is, so that the encoder has no gradient of it. sn: no such
    term; after each step a kernel [.., out] is divided by a bound of its largest singular value
    where that is above 1, at most 1 % above the value itself up to 180 columns or rows.

    gp's estimate and probes: as Contractive, with the draws v of |v^T dD/dz|^2 over pixels in
    training, and |dD/dz v|^2 of each code unit v where it is exact.

    There is no prior: new codes come from a density that is fitted to the training's (section 5).
    """

    keeps_measure: ClassVar[tuple[str, ...]] = ("estimate", "probes")
    about_terms: ClassVar[dict[str, Quantity]] = {
        "code_norm": Quantity("", LOWER, "half the squared norm of a code", True),
        "decoder": Quantity("", LOWER, "how rough the decoder is, by its regularizer", True),
    }

    latent_dim: LatentDim = 16
    beta: Annotated[float, Field(ge=0, description="weight of the codes' norm")] = 0.0128
    regularizer: Literal["l2", "gp", "sn"] = "l2"
    lam: Annotated[float, Field(ge=0, description="weight of the regularizer l2 or gp")] = 1e-4
    estimate: jacobian.Estimate = "auto"
    probes: Probes = 1

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        if self.regularizer == "sn":
            for kernel in self.kernels:
                kernel.constraint = within_one
                kernel.assign(within_one(kernel))
        if self.regularizer == "gp":
            if self.network.is_of_text:
                raise BadRequest(
                    "model.regularizer=gp differentiates an image by its code, and tokens have no "
                    "derivative: take model.regularizer=l2 or sn"
                )
            is_exact = jacobian.is_exact(self.estimate, self.code_size, training=False)
            self.decoded_an_example = self.code_size if is_exact else self.probes

    @property
    def gradient_is_estimate(self):  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.regularizer == "gp"  # of which the encoder has none

    @property
    def kernels(self) -> list:
        """The decoder's weights but for what it adds: [.., out] each."""
        return [v for v in self.decoder.trainable_variables if len(v.shape) > 1]

    @property
    def has_random_codes(self):
        return False

    def term_names(self):
        return ["reconstruction", "code_norm", *([] if self.regularizer == "sn" else ["decoder"])]

    def noise_shapes(self):
        own = {"probe": (self.probes, *self.data_shape)} if self.regularizer == "gp" else {}
        return super().noise_shapes() | own

    def infer(self, batch, training=False):
        out, probe = super().infer(batch, training=training), batch.draws.get("probe")
        return out if probe is None else out | {"probe": probe}

    def penalties(self, batch, out, training=False):
        norm = 0.5 * sum_per_example(ops.square(out["z"]))
        terms = {"code_norm": (self.beta, norm)}
        if self.regularizer == "l2":
            squares = sum(ops.sum(ops.square(ops.cast(v, "float32"))) for v in self.kernels)
            terms["decoder"] = (self.lam, ops.broadcast_to(squares, ops.shape(norm)))
        elif self.regularizer == "gp":
            penalty = self.gradient_penalty(out["z"], out.get("probe"), training)
            terms["decoder"] = (self.lam, penalty)
        return terms

    def gradient_penalty(self, z, probe, training: bool):
        """|dD/dz|_F^2 [B] at codes z, or its estimate by draws [B, probes, *data_shape]."""
        z = ops.stop_gradient(z)
        if jacobian.is_exact(self.estimate, self.code_size, training):
            units = jacobian.unit_vectors(z, self.code_shape)
            return ops.sum(jacobian.of_inputs(self._image, z, units), axis=1)
        return ops.mean(jacobian.of_outputs(self._image, z, probe), axis=1)

    def _image(self, z):
        return self.reconstruction_loss.mean(self.params(z))

    def sample_prior(self, n: int, seed: int):
        raise NotApplicable(
            "a RAE has no prior to sample: a density fitted to its codes stands for it, sampler=gmm"
        )


def within_one(kernel):
    """A kernel [.., out] divided by a bound of its largest singular value where that is above 1."""
    return kernel / ops.maximum(largest_singular_value(kernel), 1.0)


def largest_singular_value(kernel):
    """A bound from above of that of a kernel as a matrix [-1, out]; n columns: n^(1/512) above it.

    With G = K^T K it is (tr G^256)^(1/512), by squaring: without a start to choose or a state.
    """
    matrix = ops.reshape(ops.cast(kernel, "float32"), (-1, kernel.shape[-1]))
    if matrix.shape[0] < matrix.shape[1]:
        matrix = ops.transpose(matrix)
    power = ops.matmul(ops.transpose(matrix), matrix)
    log_scale = 0.0
    for step in range(SQUARINGS + 1):
        power = ops.matmul(power, power) if step else power
        trace = ops.maximum(ops.trace(power), 1e-30)
        log_scale = log_scale + ops.log(trace) / 2.0**step
        power = power / trace
    return ops.exp(0.5 * log_scale)
