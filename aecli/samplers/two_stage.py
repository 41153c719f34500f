"""A second VAE, of the codes that the first one draws."""

import dataclasses
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import logsumexp

from aecli.errors import NotApplicable
from aecli.samplers.base import Sampler
from aecli.samplers.maf import FEWEST, ROWS, spread, standardised


@dataclasses.dataclass(frozen=True, kw_only=True)
class TwoStage(Sampler):
    """u ~ N(0, I), z ~ N(decoder(u), gamma^2): a VAE of codes (Dai & Wipf 2019).

    It is fitted to codes that are drawn from q(z|x), one an image, not to their means: the first
    stage's decoder knows no others, and they fill the space that the second stage needs filled. A
    run hands over such draws to any sampler, wherever codes are random. The second code is as large
    as the first. Units are standardised; one that is constant stays so.

    log_density is an estimate from below: the importance-weighted bound of `draws` draws, frozen.
    """

    layers: Annotated[int, Field(ge=0, le=10, description="hidden layers, each way")] = 3
    width: Annotated[int, Field(ge=1, le=4096, description="units of a hidden layer")] = 256
    draws: Annotated[int, Field(ge=1, le=10_000, description="a code, of a density")] = 100
    learning_rate: Annotated[float, Field(gt=0, le=1, description="of Adam")] = 1e-3
    batch_size: Annotated[int, Field(ge=1, le=2**20, description="codes a step")] = 256
    epochs: Annotated[int, Field(ge=1, le=100_000, description="at most")] = 200
    patience: Annotated[int, Field(ge=1, le=100_000, description="epochs")] = 20

    @property
    def about(self):
        return f"a second VAE of {self.layers} hidden layer{'s' * (self.layers != 1)}"

    def learn(self, x):
        from aecli.samplers.fitting import train

        if len(x) < FEWEST:
            raise NotApplicable(f"needs {FEWEST} training codes for a VAE; there are {len(x)}")
        numbers = spread(x)
        made = self._made(numbers)
        train(made, standardised(numbers, x), self, "two_stage")
        weights = [variable.numpy().astype("float64") for variable in made.variables]
        return numbers | dict(zip(self._weights(x.shape[1]), weights, strict=True))

    def shapes(self, size, rows):
        return {"mean": (size,), "scale": (size,), **self._weights(size)}

    def is_sound(self, numbers):
        return bool((numbers["scale"] >= 0).all() and abs(numbers["log_gamma"]) < 50)

    def draw(self, numbers, n, rng):
        made = self._restored(numbers)
        of_code, of_noise = rng.spawn(2)
        u, noise = (of.standard_normal((n, made.size), "float32") for of in (of_code, of_noise))
        means = [np.asarray(made.decode(u[i : i + ROWS])) for i in range(0, n, ROWS)]
        x = np.concatenate(means) + np.exp(float(numbers["log_gamma"])) * noise
        return numbers["mean"] + numbers["scale"] * x

    def log_density(self, numbers, x):
        made, rows = self._restored(numbers), standardised(numbers, x)
        drawn = np.random.default_rng(self.seed).standard_normal((self.draws, made.size), "float32")
        weights = np.empty((self.draws, len(x)))
        for i in range(0, len(x), ROWS):
            for j, epsilon in enumerate(drawn):
                weights[j, i : i + ROWS] = made.log_weight(rows[i : i + ROWS], epsilon)
        bound = logsumexp(weights, axis=0) - np.log(self.draws)
        return bound - np.log(numbers["scale"][numbers["scale"] > 0]).sum()

    def _weights(self, size: int) -> dict[str, tuple[int, ...]]:
        """{name: shape} of the variables, in their order."""
        found, hidden = {}, self.layers * [self.width]
        for network, last in (("encoder", 2 * size), ("decoder", size)):
            seen = [size, *hidden]
            seen[-1] += size if hidden else 0  # the last layer sees the input, too
            for layer, shape in enumerate(zip(seen, [*hidden, last], strict=True)):
                found[f"{network}_kernel_{layer}"] = shape
                found[f"{network}_bias_{layer}"] = shape[1:]
        return found | {"log_gamma": ()}

    def _made(self, numbers):
        """With fresh weights."""
        from aecli.samplers.second_vae import SecondVAE

        return SecondVAE(numbers["scale"] > 0, self.layers * [self.width], self.seed)

    def _restored(self, numbers):
        made = self._made(numbers)
        names = self._weights(len(numbers["mean"]))
        for variable, name in zip(made.variables, names, strict=True):
            variable.assign(numbers[name])
        return made
