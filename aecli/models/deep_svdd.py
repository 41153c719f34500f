"""Deep SVDD: codes of normal data are drawn together around a fixed centre."""

from typing import Annotated, ClassVar

import keras
from keras import ops
from pydantic import Field

from aecli.divergences import sum_per_example
from aecli.models.base import Autoencoder, LatentDim
from aecli.models.batch import batch_mean, batch_rows
from aecli.quantity import LOWER, Quantity
from aecli.serial import register

MOMENTUM = 0.99  # of the centre while it follows, and of the radius
SHIFTS = ("bias", "beta")  # what layers call the weights that they add
SMALLEST = 1e-12  # of the codes' spread, which is divided by


@register
class DeepSVDD(Autoencoder):
    """loss = distance + weight_decay * decay, distance = |z - c|^2 / s, decay = sum |W|^2 / 2.

    Ruff et al. 2018, eq. 4, its distance in units of s, the mean squared distance of the codes from
    their own mean when c was fixed: 1 is as far apart as then. c is the mean of the first batch's
    codes, or with pretrain_epochs their running mean over an autoencoder's training before, each
    unit at least `margin` away from 0. The encoder has no bias of its own (what a layer adds is not
    trained): with one, a constant code equal to c would be the minimum (proposition 2). That a code
    has collapsed all the same is found at the end of the training, and said.

    nu: the soft boundary instead (eq. 3): R^2 + max(0, distance - R^2) / nu, R^2 the running
    quantile 1 - nu of the distances, which is its minimum.

    The decoder learns to reconstruct from the codes beside all this, and moves no code: it is a
    player of its own. In pretraining both minimise the reconstruction. Validation has then what is
    above any later loss, so that no such epoch is the best.
    """

    players = ("model", "decoder")
    own_score = "distance"
    keeps_measure: ClassVar[tuple[str, ...]] = ("pretrain_epochs",)

    latent_dim: LatentDim = 32
    pretrain_epochs: Annotated[float, Field(ge=0, description="epochs")] = 0
    margin: Annotated[
        float, Field(ge=0, le=10, description="of the centre from 0, in the spread of a unit")
    ] = 0.1
    weight_decay: Annotated[float, Field(ge=0, description="weight of the decay")] = 1e-6
    nu: Annotated[float, Field(gt=0, lt=1, description="share beyond the boundary")] | None = None

    def assemble(self):
        super().assemble()
        for variable in self.encoder.weights:
            if variable.path.rsplit("/", 1)[-1] in SHIFTS:
                variable.trainable = False
        self.code_mean = self._state("code_mean", self.code_shape)
        self.spread = self._state("spread", (), 1.0)
        self.radius = self._state("radius")  # R^2
        self.batches = self._state("batches")
        self.is_pretrained = self._state("is_pretrained", (), 1.0)

    def _state(self, name: str, shape: tuple[int, ...] = (), value: float = 0.0):
        start = keras.initializers.Constant(value)
        return self.add_weight(name=name, shape=shape, initializer=start, trainable=False)

    @property
    def centre(self):
        """c [*code_shape]: the mean of the codes, moved away from 0."""
        size = ops.cast(ops.size(self.code_mean), "float32")
        least = self.margin * ops.sqrt(self.spread / size)
        mean = ops.convert_to_tensor(self.code_mean)
        moved = ops.where(mean < 0, -least, least)
        return ops.where(ops.abs(mean) < least, moved, mean)

    @property
    def code_scale(self) -> float:
        """The squared size of the codes when the centre was fixed."""
        return float(self.spread + ops.sum(ops.square(self.centre)))

    def distance(self, z):
        """|z - c|^2 / s of codes [B, *code_shape]: [B]."""
        return sum_per_example(ops.square(z - self.centre)) / self.spread

    def term_names(self):
        boundary = [] if self.nu is None else ["boundary"]
        return ["reconstruction", "distance", *boundary, "decay"]

    def quantities(self):
        unit = "squared distance an image"
        told = {
            "loss": Quantity(unit, LOWER, "of the code from the centre; the decay is added", True),
            "distance": Quantity(unit, LOWER, "1: the mean when the centre was fixed", True),
            "boundary": Quantity(
                unit, LOWER, "squared radius, and what is beyond it over nu", True
            ),
            "decay": Quantity("", "", "half the sum of the squared kernels", True),
        }
        return {
            name: told[name].of(self.spec) if name in told else quantity
            for name, quantity in super().quantities().items()
        }

    def penalties(self, batch, out, training=False):
        distance = self.distance(out["z"])
        kernels = [v for v in self.variables_of("model") if len(v.shape) > 1]
        decay = 0.5 * sum(ops.sum(ops.square(ops.cast(kernel, "float32"))) for kernel in kernels)
        decay = ops.broadcast_to(decay, (ops.shape(distance)[0],))
        if self.nu is None:
            return {"distance": (1.0, distance), "decay": (self.weight_decay, decay)}
        boundary = self.radius + ops.relu(distance - self.radius) / self.nu
        terms = {"distance": (0.0, distance), "boundary": (1.0, boundary)}
        return terms | {"decay": (self.weight_decay, decay)}

    def objective(self, batch, out, player="model", training=False):
        if player == "decoder":
            return self.misfit(batch.target, out["params"]), {}, {}
        if training:
            self._follow(batch.progress, ops.stop_gradient(out["z"]))
        reconstruction = self.misfit(batch.target, out["params"])
        penalties = self.penalties(batch, out, training=training)
        terms = {"reconstruction": reconstruction} | {n: term for n, (_, term) in penalties.items()}
        loss = sum(weight * term for weight, term in penalties.values())
        first = reconstruction if training else 1.0 + ops.softplus(reconstruction)
        if self.pretrain_epochs > 0:
            loss = ops.where(self.is_pretrained > 0, loss, first)
        return loss, terms, {}

    def _follow(self, progress, z):
        """Centre and spread of codes [B, *code_shape], while they are not fixed; the radius."""
        is_over = progress is None or progress >= self.pretrain_epochs
        is_over = ops.cast(is_over, "float32")
        self.is_pretrained.assign(is_over)
        is_free = ops.maximum(1.0 - is_over, ops.cast(self.batches < 1, "float32"))
        seen = self.batches / (self.batches + 1.0)
        step = is_free * (1.0 - ops.minimum(MOMENTUM, seen))
        mean = batch_mean(z)
        spread = batch_mean(sum_per_example(ops.square(z - mean)))
        self.code_mean.assign((1.0 - step) * self.code_mean + step * mean)
        spread = (1.0 - step) * self.spread + step * spread
        self.spread.assign(ops.maximum(spread, SMALLEST))
        self.batches.assign(self.batches + 1.0)
        if self.nu is not None:
            quantile = ops.quantile(batch_rows(self.distance(z)), 1.0 - self.nu)
            self.radius.assign(MOMENTUM * self.radius + (1.0 - MOMENTUM) * quantile)
