"""How probable a model makes images: the ELBO, and the importance-weighted bound above it."""

import dataclasses
import math
from typing import Annotated, ClassVar

import numpy as np
import tensorflow as tf
from pydantic import Field
from scipy.special import logsumexp
from tqdm import tqdm

from aecli.errors import NotApplicable
from aecli.metrics.base import Evaluation, Figures, Metric
from aecli.models.batch import Batch
from aecli.models.draws import normal_draws
from aecli.quantity import HIGHER, LOWER, Quantity

NATS = "nats an image"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bounds(Metric):
    """Lower bounds of log p(x) for models with a prior and a posterior density.

    The density that is meant is p(z) p(x|z), whatever weights beta the training gave its terms;
    the proposal is q(z|x) as it is drawn from, model.epsilon_std included.
    """

    section: ClassVar[str] = "likelihood"
    about: ClassVar[dict[str, Quantity]] = {
        "elbo": Quantity(NATS, HIGHER, "elbo_reconstruction - elbo_kl", True),
        "elbo_reconstruction": Quantity(NATS, "", "mean log p(x|z) of the draws", True),
        "elbo_kl": Quantity(NATS, "", "mean log q(z|x) - log p(z) of the draws", True),
        "iw_elbo": Quantity(NATS, HIGHER, "the importance-weighted bound of log p(x)", True),
        "bits_per_dimension": Quantity(
            "bits a dimension", LOWER, "-iw_elbo / (pixels and channels, times log 2)", True
        ),
    }

    k: Annotated[int, Field(ge=1, le=100_000, description="draws an image")] = 100
    n: Annotated[int, Field(ge=2, description="images, at most")] = 2000

    def __call__(self, evaluation: Evaluation) -> Figures:
        model = evaluation.run.model
        if not model.has_bound:
            raise NotApplicable("needs a model with a bound of log p(x), as model=vae")
        rows = evaluation.some(self.n)
        label = None if evaluation.labels is None else evaluation.labels[rows]
        images = evaluation.x[rows], evaluation.target[rows]
        likelihood, kl = log_densities(model, *images, self.k, label)
        elbo, iw_elbo = (likelihood - kl).mean(axis=0), importance_bound(likelihood - kl)
        parts = {"elbo_reconstruction": likelihood.mean(axis=0), "elbo_kl": kl.mean(axis=0)}
        there = np.sum(~np.isnan(images[1]), axis=(1, 2, 3))  # points that a series lacks are none
        bits = -iw_elbo / (math.log(2.0) * there)
        values = {"elbo": elbo, **parts, "iw_elbo": iw_elbo, "bits_per_dimension": bits}
        figures: Figures = {}
        for name, of_images in values.items():
            figures[name] = float(of_images.mean())
            figures[f"{name}_se"] = standard_error(of_images)
        return figures

    def notes(self, evaluation: Evaluation) -> list[str]:
        loss, count = evaluation.run.model.reconstruction_loss, len(evaluation.some(self.n))
        notes = [f"{count:,} images, {self.k:,} draws each; s.e. over the images"]
        if loss.is_of_binary_data and not is_binary(evaluation.target):
            notes.append(
                "binary cross-entropy is a likelihood of pixels that are 0 or 1, and these are "
                "grey: the figures compare models with this loss on this data, and are no "
                "likelihoods (those: dataset.binarize=dynamic, or loss=continuous_bernoulli)"
            )
        elif not (loss.is_of_binary_data or loss.is_of_levels or loss.is_of_tokens):
            notes.append("of a density: its logarithm may have either sign")
        return notes


def log_densities(model, x: np.ndarray, target: np.ndarray, k: int, label=None):
    """-> log p(target|z) and log q(z|x) - log p(z) of z ~ q(z|x): [k, N] float64 each, in nats.

    x, target: [N, H, W, C]; label: [N], for a model that asks for labels. The draws are frozen:
    draw j of image i depends on neither k nor N.
    """
    given = model.labels(label, len(x))

    @tf.function(reduce_retracing=True, autograph=False)  # else it wraps what they raise
    def infer(x, given):
        return model.infer(Batch(x, x, **given))

    @tf.function(reduce_retracing=True, autograph=False)
    def step(target, given, out, epsilon):
        z, log_q = model.draw(out, epsilon)
        told = model.told(Batch(None, target))
        likelihood = model.log_likelihood(target, model.params(z, **given, given=told))
        return likelihood, log_q - model.log_prior(z)

    size = model.rows_at_once()
    likelihood, kl = np.empty((2, k, len(x)))
    blocks = [slice(start, start + size) for start in range(0, len(x), size)]
    with tqdm(total=k * len(blocks), desc="bounds", leave=False, delay=1, disable=None) as bar:
        for rows in blocks:
            told = {name: tf.constant(array[rows]) for name, array in given.items()}
            images, out = tf.constant(target[rows]), infer(tf.constant(x[rows]), told)
            for j in range(k):
                epsilon = normal_draws(len(images), model.draw_shape, rows.start, seed=j)
                likelihood[j, rows], kl[j, rows] = step(images, told, out, tf.constant(epsilon))
                bar.update()
    return likelihood, kl


def importance_bound(log_weights: np.ndarray) -> np.ndarray:
    """log 1/k sum_j w_j from log w [k, N]: [N], in nats.

    Source: Burda, Grosse & Salakhutdinov 2016, eq. 8, w = p(x, z) / q(z|x); k = 1 is the ELBO.
    """
    return logsumexp(log_weights, axis=0) - math.log(len(log_weights))


def standard_error(values: np.ndarray) -> float | None:
    """Of the mean of values [N]; None for one value."""
    return float(values.std(ddof=1) / math.sqrt(len(values))) if len(values) > 1 else None


def is_binary(x: np.ndarray) -> bool:
    return bool(((x == 0) | (x == 1)).all())
