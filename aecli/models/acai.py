"""ACAI: a critic keeps what is decoded between two codes like what is decoded of one."""

import math
from typing import Annotated, ClassVar

from keras import ops
from pydantic import Field

from aecli.models.ae import AE
from aecli.models.batch import batch_mean, batch_rows, own_rows
from aecli.models.critic import critic_of_examples, verdicts
from aecli.serial import register

RATE = 0.01  # of the running mean of the term: of about the last 100 steps


@register
class ACAI(AE):
    """loss = reconstruction + weight * interpolation, interpolation = D d(x_alpha)^2.

    x_alpha is decoded from alpha z_1 + (1 - alpha) z_2, z_2 the code of the example that stands as
    far from the end of the batch as z_1's from its start, alpha uniform in [0, 1/2]. The critic d
    guesses alpha, and the autoencoder wants 0 guessed (Berthelot et al. 2019, eq. 1); D, the values
    of an example, since their squared error is the mean over them and ours the sum.

    The critic minimises (d(x_alpha) - alpha)^2 + d(x^ + gamma (x - x^))^2 (eq. 2): what is no
    mixture is 0 of one, be it sharp or not. It is an encoder of the same network with one number
    for a code.

    Evaluation mixes no neighbours: there the term is the running mean of the training's.
    """

    players = ("model", "critic")
    keeps_measure: ClassVar[tuple[str, ...]] = ("gamma",)

    weight: Annotated[float, Field(ge=0, description="of the interpolation")] = 0.5
    gamma: Annotated[float, Field(ge=0, le=1, description="share of the example")] = 0.2

    def assemble(self):
        super().assemble()
        self.critic = critic_of_examples(self.network, self.data_shape)
        names = ("running_interpolation", "running_steps")
        self.running, self.steps = (
            self.add_weight(name=name, shape=(), initializer="zeros", trainable=False)
            for name in names
        )

    def term_names(self):
        return [*super().term_names(), "interpolation"]

    def noise_shapes(self):
        return {"alpha": ()} | super().noise_shapes()

    @property
    def has_random_codes(self):
        return False

    def forward(self, batch, training=False):
        """In training, also "alpha" [B], "mixed" [B, *data_shape] and the critic's "verdicts" of
        these and of what is no mixture, [2, B]."""
        out = super().forward(batch, training=training)
        if not training:
            return out
        alpha = half_uniform(batch.draws["alpha"])
        mixed = self.params(self.mixture(out["z"], alpha), batch.label, training=True)
        mixed, made = self.expected(mixed), self.expected(out["params"])
        shown = [mixed, made + self.gamma * (batch.target - made)]
        _, said = verdicts(self, shown, batch.target, training)
        return out | {"alpha": alpha, "mixed": mixed, "verdicts": said}

    def mixture(self, z, alpha):
        """alpha z_1 + (1 - alpha) z_2 of codes z_1 [B, *code_shape], alpha [B]; z_2: reversed."""
        other = own_rows(ops.flip(batch_rows(z, with_gradient=True), axis=0))
        alpha = ops.reshape(alpha, (-1, *[1] * len(self.code_shape)))
        return alpha * z + (1.0 - alpha) * other

    def penalties(self, batch, out, training=False):
        if not training:
            term = ops.broadcast_to(self.running, (ops.shape(out["z"])[0],))
            return {"interpolation": (self.weight, term)}
        term = math.prod(self.data_shape) * ops.square(out["verdicts"][0])
        rate = ops.maximum(RATE, 1.0 / (self.steps + 1.0))
        mean = batch_mean(ops.stop_gradient(term))
        self.running.assign(self.running + rate * (mean - self.running))
        self.steps.assign(self.steps + 1.0)
        return {"interpolation": (self.weight, term)}

    def objective(self, batch, out, player="model", training=False):
        if player == "critic":
            return critic_loss(out["verdicts"], out["alpha"]), {}, {}
        return super().objective(batch, out, player, training=training)


def half_uniform(draws):
    """Uniform in [0, 1/2] of standard normals, by their distribution; shaped as they are."""
    return 0.25 * (1.0 + ops.erf(draws / math.sqrt(2.0)))


def critic_loss(verdicts, alpha):
    """(d(x_alpha) - alpha)^2 + d(no mixture)^2 of verdicts [2, B] and alpha [B]: [B]."""
    return ops.square(verdicts[0] - alpha) + ops.square(verdicts[1])
