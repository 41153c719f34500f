"""Dictionary: the base of the sparse autoencoders that decode by a sum of few directions."""

import math
from typing import Annotated, ClassVar

import numpy as np
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.errors import BadRequest
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import batch_sum
from aecli.models.sparse_codes import geometric_median, largest
from aecli.models.watched import (
    EXPLAINED_VARIANCE,
    L0,
    UNUSED,
    ExplainedVariance,
    MeanOf,
    Unused,
)
from aecli.networks.dictionary import Dictionary as Matrices
from aecli.quantity import Quantity


class Dictionary(Autoencoder):
    """params = W_d z + b_d, z the active units of pre = W_e (x - b) + b_e; each variant says which.

    b = b_d, or rather what it stands for (the mean of the likelihood). It starts at the geometric
    median of the training's examples, where the mean is the decoder's own output (loss=mse, mae,
    gaussian), else at 0; W_e starts as the transpose of W_d (Gao et al. 2024, appendix A).

    aux: the loss that the aux_k largest dead units would leave of what the others leave, the loss
    of sg(params) + W_d z_dead, in nats as the reconstruction (Gao et al. 2024, appendix A.2: with
    loss=mse |e - W_d z_dead|^2, e = x - x^; their code divides either by a variance). b_d is in the
    params already, and no active unit has a gradient of it; it is 0 where no unit is dead, and
    in evaluation: what is dead is a matter of training. A unit is dead once it was not active for
    dead_after examples.
    """

    network_kind = Matrices
    adapts_to = 32_768  # as Gao et al.
    is_sparse = True
    keeps_measure: ClassVar[tuple[str, ...]] = ("aux_weight", "aux_k", "dead_after")
    gradient_is_estimate: ClassVar[bool] = True  # the choice has none, and what aux is of is held
    about: ClassVar[dict[str, Quantity]] = {
        "l0": L0,
        "explained_variance": EXPLAINED_VARIANCE,
        "unused": UNUSED,
    }

    latent_dim: LatentDim = 256
    aux_weight: Annotated[float, Field(ge=0, description="weight of the dead units' loss")] = 1 / 32
    aux_k: Annotated[int, Field(gt=0, description="dead units an example")] | None = None
    dead_after: Annotated[int, Field(gt=0, le=2**24, description="examples")] = 10_000

    def assemble(self):
        super().assemble()
        self.silent = self._state("silent", self.code_shape)  # examples since it was active
        self.centre = self._state("centre", self.data_shape)
        if (
            isinstance(self.network, Matrices) and not self.network.widths
        ):  # of the params the means: the first of each channel
            rows = self._shaped(self.directions.kernel)[..., : self.data_shape[-1]]
            self.pre.kernel.assign(ops.transpose(ops.reshape(rows, (rows.shape[0], -1))))

    def _state(self, name: str, shape: tuple[int, ...] = ()):
        return self.add_weight(name=name, shape=shape, initializer="zeros", trainable=False)

    @property
    def directions(self):
        """The decoder's layer: W_d [n, numbers of the params] and b_d."""
        return self.decoder.get_layer("params")

    @property
    def pre(self):
        """The encoder's last layer: W_e and b_e."""
        return self.encoder.get_layer("pre")

    def adapt(self, x):
        x = np.asarray(self.seen(x))
        median = geometric_median(x.reshape(len(x), -1)).reshape(1, *self.data_shape)
        median = median.astype("float32")
        self.centre.assign(median[0])
        more = self.decoder.output.shape[-1] - self.data_shape[-1]
        params = np.pad(median, [(0, 0)] * 3 + [(0, more)])
        if np.allclose(self.expected(params), median):
            self.directions.bias.assign(params.ravel())

    def heads(self):
        return {"pre": (self.latent_dim, "linear")}

    def active(self, pre, training=False):
        """The code z [B, n] >= 0 of what the encoder gives, [B, n]."""
        raise NotImplementedError

    def infer(self, batch, training=False):
        x = self.seen(batch.x) - self.expected(self._shaped(self.directions.bias))
        pre = self.encoder(x, training=training)["pre"]
        return {"z": self.active(pre, training), "pre": pre}

    def added(self, z):
        """What the units of z [B, n] add to the params, [B, H, W, C * params_per_channel]."""
        return self._shaped(ops.matmul(z, self.directions.kernel))

    def _shaped(self, flat):
        return ops.reshape(flat, (-1, *self.decoder.output.shape[1:]))

    def term_names(self):
        return ["reconstruction", *(["aux"] if self.aux_weight > 0 else [])]

    def watches(self):
        return [
            *super().watches(),
            MeanOf("l0", L0),
            ExplainedVariance("explained_variance", EXPLAINED_VARIANCE, math.prod(self.data_shape)),
            Unused("unused", UNUSED, self.code_shape),
        ]

    def penalties(self, batch, out, training=False):
        if training:
            self._follow(out["z"])
        if self.aux_weight == 0:
            return {}
        aux = self.aux(batch.target, out) if training else ops.zeros(ops.shape(out["z"])[:1])
        return {"aux": (self.aux_weight, aux)}

    def _follow(self, z):
        is_active = batch_sum(ops.cast(z > 0, "float32")) > 0
        examples = batch_sum(ops.ones((ops.shape(z)[0],)))
        self.silent.assign(ops.where(is_active, 0.0, self.silent + examples))

    @property
    def is_dead(self):
        """[n] bool."""
        return ops.convert_to_tensor(self.silent) >= self.dead_after

    def aux(self, target, out):
        """The auxiliary loss [B] of a batch, out what forward gave for it."""
        k = self.aux_k or max(1, math.prod(self.data_shape) // 2)
        is_dead = self.is_dead

        def of_dead():
            z = ops.where(is_dead, ops.relu(out["pre"]), 0.0)
            z = largest(z, min(k, self.code_shape[0]))
            return self.misfit(target, ops.stop_gradient(out["params"]) + self.added(z))

        # spared where no unit is dead: it is a third of a step
        return ops.cond(ops.any(is_dead), of_dead, lambda: ops.zeros(ops.shape(out["z"])[:1]))

    def objective(self, batch, out, player="model", training=False):
        loss, terms, watched = super().objective(batch, out, player, training=training)
        is_active = ops.cast(out["z"] > 0, "float32")
        target = ops.convert_to_tensor(batch.target)
        x, error = target - self.centre, target - self.expected(out["params"])
        if self.has_gaps:  # a point that is missing is taken to be as expected
            x, error = (ops.where(ops.isnan(value), 0.0, value) for value in (x, error))
        return (
            loss,
            terms,
            watched
            | {
                "l0": sum_per_example(is_active),
                "unused": ops.sum(is_active, axis=0),
                "explained_variance": (x, error),
            },
        )

    def check_at_most(self, key: str, number: int) -> None:
        """Raises BadRequest where it is more than the code has units."""
        if number > self.latent_dim:
            raise BadRequest(
                f"must be at most model.latent_dim={self.latent_dim}; got {number}", f"model.{key}"
            )
