"""Rows of a table: each column has the likelihood of its kind."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar, Literal

import keras
import numpy as np
import tensorflow as tf
from keras import ops
from pydantic import Field

from aecli.losses.base import Loss
from aecli.losses.binary_crossentropy import cross_entropy
from aecli.serial import register

PLACES = ("numbers", "flags", "counts", "starts", "sizes")
HIGHEST = 30.0  # of a log rate: exp does not overflow
Layout = dict[
    Literal["numbers", "flags", "counts", "offsets", "divisors", "starts", "sizes"],
    Annotated[list[int | float], Field(max_length=2**16)],
]
"""numbers, flags, counts: places among an example's numbers; offsets, divisors: how those of counts
are scaled; starts, sizes: of the numbers of each category."""


@register
@dataclasses.dataclass(frozen=True, kw_only=True)
class Mixed(Loss):
    """-log p of a row, constants included: numbers, categories, counts and flags of gaps.

    numbers: Gaussian, or Student's t, around the first parameter, with a learned scale from the
    second, at or above min_scale. categories: softmax over their values. flags: Bernoulli from a
    logit. counts: whole numbers in the file's unit, Poisson, or negative binomial (Cameron &
    Trivedi 1986, NEGBIN II) of mean mu and a learned number r of failures:
    lgamma(k + r) - lgamma(k + 1) - lgamma(r) + r log(r / (r + mu)) + k log(mu / (r + mu)).

    columns: which numbers of a row are what; None, of what is no table: all are numbers.
    """

    params_per_channel: ClassVar[int] = 2

    numbers: Literal["gaussian", "student_t"] = "gaussian"
    counts: Literal["poisson", "negative_binomial"] = "poisson"
    min_scale: Annotated[float, Field(gt=0, description="in units of the scaled column")] = 0.01
    degrees_of_freedom: Annotated[float, Field(gt=2, description="of student_t")] = 4.0
    columns: Layout | None = None

    def parts(self, target, params) -> dict[str, Any]:
        """{likelihood: its share of the loss [B] in nats}; they sum to it."""
        x, a, b = _flat(target), *(_flat(one) for one in ops.split(params, 2, axis=-1))
        at, found = self._places(x.shape[1]), {}
        if at["numbers"]:
            values = (_taken(one, at["numbers"]) for one in (x, a, b))
            found[self.numbers] = -_summed(self._number(*values))
        if at["sizes"]:
            found["categorical"] = -sum(
                _summed(x[:, i : i + n] * ops.log_softmax(a[:, i : i + n], axis=-1))
                for i, n in zip(at["starts"], at["sizes"], strict=True)
            )
        if at["flags"]:
            found["bernoulli"] = _summed(cross_entropy(*(_taken(v, at["flags"]) for v in (x, a))))
        if at["counts"]:
            values = (_taken(one, at["counts"]) for one in (x, a, b))
            found[self.counts] = -_summed(self._count(*values))
        return found

    @property
    def part_names(self) -> list[str]:
        return list(self._sizes())

    @property
    def described(self) -> str:
        told = ", ".join(f"{n} {name}" for name, n in self._sizes().items())
        return f" of {told}" if told else ""

    def _sizes(self) -> dict[str, int]:
        """{likelihood: how many columns it has} of a table."""
        found: dict = self.columns or {}
        keys = {"numbers": self.numbers, "sizes": "categorical", "flags": "bernoulli"}
        keys["counts"] = self.counts
        sizes = {name: len(found.get(key, ())) for key, name in keys.items()}
        return {name: size for name, size in sizes.items() if size}

    def log_prob(self, x, params):
        return -sum(self.parts(x, params).values())

    def mean(self, params):
        a, _ = ops.split(params, 2, axis=-1)
        flat = _flat(a)
        at = self._places(flat.shape[1])
        made = {"numbers": _taken(flat, at["numbers"])}
        made["flags"] = ops.sigmoid(_taken(flat, at["flags"]))
        made["counts"] = self._scaled(ops.exp(self._log_rate(_taken(flat, at["counts"]))))
        return self._together(a, made, lambda logits: ops.softmax(logits, axis=-1))

    def sample(self, params, seed):
        a, b = ops.split(params, 2, axis=-1)
        flat, second = _flat(a), _flat(b)
        seeds = keras.random.SeedGenerator(seed) if isinstance(seed, int) else seed
        at = self._places(flat.shape[1])
        scale = ops.exp(0.5 * self._log_var(_taken(second, at["numbers"])))
        noise = keras.random.normal(ops.shape(scale), seed=seeds)
        if self.numbers == "student_t":
            half = self.degrees_of_freedom / 2
            noise /= ops.sqrt(keras.random.gamma(ops.shape(scale), half, seed=seeds) / half)
        made = {"numbers": _taken(flat, at["numbers"]) + scale * noise}
        p = ops.sigmoid(_taken(flat, at["flags"]))
        made["flags"] = ops.cast(keras.random.uniform(ops.shape(p), seed=seeds) < p, "float32")
        rate = ops.exp(self._log_rate(_taken(flat, at["counts"])))
        if self.counts == "negative_binomial":
            failures = ops.exp(ops.minimum(_taken(second, at["counts"]), HIGHEST))
            rate *= keras.random.gamma(ops.shape(rate), failures, seed=seeds) / failures
        drawn = tf.random.stateless_poisson(tf.shape(rate), ops.cast(seeds.next(), "int32"), rate)
        made["counts"] = self._scaled(drawn)

        def one_hot(logits):
            place = keras.random.categorical(logits, 1, seed=seeds)[:, 0]
            return ops.one_hot(place, logits.shape[1])

        return self._together(a, made, one_hot)

    def _number(self, x, mean, second):
        log_var = self._log_var(second)
        squares = ops.square(x - mean) * ops.exp(-log_var)
        if self.numbers == "gaussian":
            return -0.5 * (math.log(2 * math.pi) + log_var + squares)
        n = self.degrees_of_freedom
        constant = math.lgamma((n + 1) / 2) - math.lgamma(n / 2) - 0.5 * math.log(n * math.pi)
        return constant - 0.5 * log_var - (n + 1) / 2 * ops.log1p(squares / n)

    def _count(self, x, first, second):
        offset, divisor = self._of_counts()
        k, log_rate = ops.maximum(ops.round(x * divisor + offset), 0.0), self._log_rate(first)
        if self.counts == "poisson":
            return k * log_rate - ops.exp(log_rate) - tf.math.lgamma(k + 1.0)
        log_r = ops.minimum(second, HIGHEST)
        r = ops.exp(log_r)
        choices = tf.math.lgamma(k + r) - tf.math.lgamma(k + 1.0) - tf.math.lgamma(r)
        return choices - r * ops.softplus(log_rate - log_r) - k * ops.softplus(log_r - log_rate)

    def _log_rate(self, first):
        """Around a column's usual size, so that a training starts near it."""
        offset, divisor = self._of_counts()
        return ops.minimum(first + np.log(np.maximum(offset + divisor, 1e-3)), HIGHEST)

    def _scaled(self, counts):
        offset, divisor = self._of_counts()
        return (counts - offset) / divisor

    def _of_counts(self) -> tuple[np.ndarray, np.ndarray]:
        found = self.columns or {}
        offset, divisor = (
            np.array(found.get(key, []), "float32") for key in ("offsets", "divisors")
        )
        return offset, divisor

    def _log_var(self, second):
        floor = 2.0 * math.log(self.min_scale)  # soft, so that gradients pass on both sides
        return floor + ops.softplus(second - floor)

    def _places(self, width: int) -> dict[str, list]:
        found: dict = self.columns or {"numbers": list(range(width))}
        return {key: list(found.get(key, ())) for key in PLACES}

    def _together(self, like, made: dict[str, Any], of_logits):
        """[B, H, W, C] of the parts [B, n], and of what `of_logits` makes of each category."""
        flat = _flat(like)
        at = self._places(flat.shape[1])
        found, order = [], []
        for key, values in made.items():
            if at[key]:
                found.append(values)
                order += at[key]
        for start, size in zip(at["starts"], at["sizes"], strict=True):
            found.append(of_logits(flat[:, start : start + size]))
            order += range(start, start + size)
        together = found[0] if len(found) == 1 else ops.concatenate(found, axis=1)
        placed = _taken(together, np.argsort(order).tolist())
        return ops.reshape(placed, (-1, *like.shape[1:]))


def _flat(x):
    return ops.reshape(x, (-1, math.prod(x.shape[1:])))


def _taken(x, places: list):
    """[B, n] of the numbers at these places."""
    if places == list(range(x.shape[1])):
        return x
    return ops.take(x, np.array(places, "int32"), axis=1)


def _summed(x):
    return ops.sum(x, axis=-1)
