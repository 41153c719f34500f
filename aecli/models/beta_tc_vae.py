"""beta-TC-VAE: the KL in three parts, of which the total correlation is charged for more."""

import dataclasses
import math
from typing import Annotated, ClassVar, Literal

from keras import ops
from pydantic import Field

from aecli.latents.posteriors.gaussian import LOG_2_PI, Gaussian
from aecli.models.base import LatentDim
from aecli.models.batch import batch_rows, own_rows
from aecli.models.memory import RecentRows
from aecli.models.vae import VAE
from aecli.serial import register

ABOUT = {
    "mi": "log q(z|x) - log q(z): what a code tells of which example it is of",
    "tc": "log q(z) - sum_j log q(z_j): how far the units are from independent",
    "dim_kl": "sum_j log q(z_j) - log p(z): how far each unit is from the prior",
}
OFF = "; by weighted sampling: in training q(z) and each q(z_j) are low by up to log train_count"


@register
class BetaTCVAE(VAE):
    """loss = reconstruction + alpha * mi + beta * tc + gamma * dim_kl.

    mi = log q(z|x) - log q(z), tc = log q(z) - sum_j log q(z_j), dim_kl = sum_j log q(z_j) -
    log p(z), of one draw z an example, q(z) = 1/N sum_n q(z|x_n) over the N = train_count training
    examples (Chen, Li, Grosse & Duvenaud 2018, eq. 2 and 4). They sum to log q(z|x) - log p(z):
    with alpha = beta = gamma = 1 the loss is the VAE's with its KL estimated from the draw.

    In training the mixture is that of a batch of B. estimator mss, stratified (appendix C.2): an
    example's own posterior has the weight 1/N, all others together 1 - 1/N, so that q(z) is
    unbiased, and exact at B = N. Chen gives 1/M, M = B - 1, to each other but one, and 1/M - 1/N to
    that; here each has the mean over which one it is, (1 - 1/N) / M. mws, weighted (appendix C.1):
    each has 1 / (N B). That is low by up to log N, in q(z) and in each q(z_j): its terms serve the
    gradient, and are no estimates of what they are called.

    In evaluation the mixture is, for either estimator, an example's own posterior with the weight
    1/N, and with the rest the posteriors of the last `remembered_rows` examples of the training, as
    they were then: it does not depend on an example's neighbours. The log of a mean over so few is
    low on average, so that mi is high, at most log N, and tc is low, in a batch more than here.
    """

    may_charge_otherwise = False
    keeps_measure: ClassVar[tuple[str, ...]] = ("estimator",)

    latent_dim: LatentDim = 10
    beta: Annotated[float, Field(ge=0, description="weight of the total correlation")] = 6.0
    epsilon_std: Annotated[float, Field(gt=0, description="scale of the sampling noise")] = 1.0
    posterior: Gaussian = Gaussian()
    alpha: Annotated[float, Field(ge=0, description="weight of the mutual information")] = 1.0
    gamma: Annotated[float, Field(ge=0, description="weight of the units' KL")] = 1.0
    estimator: Literal["mss", "mws"] = "mss"
    remembered_rows: Annotated[int, Field(ge=1, le=2**14, description="examples")] = 1024
    train_count: Annotated[int, Field(ge=1, description="training examples that there are")]

    def assemble(self):
        super().assemble()
        self.code_size = math.prod(self.code_shape)
        self.recent = RecentRows(self.remembered_rows, (2, self.code_size))

    def term_names(self):
        return ["reconstruction", *ABOUT]

    def quantities(self):
        found, off = super().quantities(), OFF if self.estimator == "mws" else ""
        of_terms = {k: dataclasses.replace(found[k], meaning=v + off) for k, v in ABOUT.items()}
        return found | of_terms

    def penalties(self, batch, out, training=False):
        z = ops.reshape(out["z"], (-1, self.code_size))
        log_joint, log_marginals = self.aggregate(z, self._heads(out), training)
        terms = {
            "mi": (self.alpha, out["log_q"] - log_joint),
            "tc": (self.beta, log_joint - log_marginals),
            "dim_kl": (self.gamma, log_marginals - self.log_prior(out["z"])),
        }
        factor = self.anneal.factor(batch.progress, self.warmup_epochs)
        return {name: (factor * weight, term) for name, (weight, term) in terms.items()}

    def aggregate(self, z, heads, training=False):
        """-> log q(z) and sum_j log q(z_j) [B] of codes z [B, D] that heads [B, 2, D] gave."""
        if training:
            everyone = batch_rows(heads, with_gradient=True)
            self.recent.follow(everyone)
            count = ops.shape(everyone)[0]
            places = ops.arange(count)
            is_own = ops.equal(own_rows(places)[:, None], places)
            weights = {"mss": stratified, "mws": weighted}[self.estimator]
            return log_mixture(unit_log_probs(z, everyone), weights(is_own, self.train_count))
        others = ops.convert_to_tensor(self.recent.rows)
        own = unit_log_prob(z, heads[:, 0], heads[:, 1])[:, None]
        parts = ops.concatenate([own, unit_log_probs(z, others)], axis=1)
        rest = (1.0 - 1.0 / self.train_count) * self.recent.shares
        known = ops.where(self.recent.filled > 0, 1.0 / self.train_count, 1.0)
        return log_mixture(parts, ops.log(ops.concatenate([known[None], rest]))[None])

    def _heads(self, out):
        """Mean and log-variance of what was drawn from, [B, 2, D]."""
        widened = out["log_var"] + 2.0 * math.log(self.epsilon_std)
        heads = ops.stack([out["mean"], widened], axis=1)
        return ops.reshape(heads, (-1, 2, self.code_size))


def unit_log_prob(z, mean, log_var):
    """log N(z; mean, exp(log_var)) of each unit, in nats; shapes as given, broadcast."""
    return -0.5 * (LOG_2_PI + log_var + ops.square(z - mean) * ops.exp(-log_var))


def unit_log_probs(z, heads):
    """log q(z_bj | x_k) of codes z [B, D] and the heads [K, 2, D] of examples: [B, K, D]."""
    return unit_log_prob(z[:, None], heads[:, 0], heads[:, 1])


def log_mixture(parts, log_weights):
    """-> log q(z) [B] and sum_j log q(z_j) [B] of a mixture.

    parts: log-densities of each unit under each component, [B, K, D]; log_weights: [B or 1, K].
    """
    joint = ops.logsumexp(ops.sum(parts, axis=2) + log_weights, axis=1)
    marginals = ops.logsumexp(parts + log_weights[:, :, None], axis=1)
    return joint, ops.sum(marginals, axis=1)


def stratified(is_own, train_count: int):
    """log-weights [b, B] of the posteriors of a batch in q(z), by stratified sampling.

    is_own: [b, B], whether a column is the row's own example. The weights of a row sum to 1.
    """
    size = ops.cast(ops.shape(is_own)[1], "float32")
    own = ops.where(size > 1, 1.0 / train_count, 1.0)  # a batch of one knows no others
    other = (1.0 - 1.0 / train_count) / ops.maximum(size - 1.0, 1.0)
    return ops.log(ops.where(is_own, own, other))


def weighted(is_own, train_count: int):
    """log-weights [b, B] by weighted sampling: all alike, of a sum of 1 / train_count."""
    size = ops.cast(ops.shape(is_own)[1], "float32")
    return -ops.log(size * train_count) * ops.ones_like(ops.cast(is_own, "float32"))
