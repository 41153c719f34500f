"""A masked autoregressive flow."""

import dataclasses
from typing import Annotated

import numpy as np
from pydantic import Field
from tqdm import tqdm

from aecli.errors import NotApplicable
from aecli.samplers.base import Sampler

FEWEST = 10  # codes, of which one is held out
DEAD = 1e-6  # of the largest standard deviation: a unit with less is a constant
ROWS = 10_000  # at a time


@dataclasses.dataclass(frozen=True, kw_only=True)
class MAF(Sampler):
    """p(x) = N(e; 0, I) |det de/dx|, e = flow(x) (Papamakarios, Pavlakou & Murray 2017).

    The units are standardised; one that is constant stays so. The density is fitted by Adam until
    the log-likelihood of a tenth of the codes, which is held out, has not risen for `patience`
    epochs, and is that of the best epoch.
    """

    blocks: Annotated[int, Field(ge=1, le=20, description="MADEs, one after the other")] = 5
    layers: Annotated[int, Field(ge=1, le=10, description="hidden layers of a block")] = 2
    width: Annotated[int, Field(ge=1, le=2048, description="units of a hidden layer")] = 128
    learning_rate: Annotated[float, Field(gt=0, le=1, description="of Adam")] = 1e-3
    batch_size: Annotated[int, Field(ge=1, le=2**20, description="codes a step")] = 256
    epochs: Annotated[int, Field(ge=1, le=100_000, description="at most")] = 200
    patience: Annotated[int, Field(ge=1, le=100_000, description="epochs")] = 10

    @property
    def about(self):
        return f"an autoregressive flow of {self.blocks} block{'s' * (self.blocks > 1)}"

    def learn(self, x):
        from aecli.samplers.fitting import train

        if len(x) < FEWEST:
            raise NotApplicable(f"needs {FEWEST} training codes for a flow; there are {len(x)}")
        numbers = spread(x)
        made = self._flow(numbers)
        train(made, standardised(numbers, x), self, "maf")
        weights = [variable.numpy().astype("float64") for variable in made.variables]
        return numbers | dict(zip(self._weights(x.shape[1]), weights, strict=True))

    def shapes(self, size, rows):
        return {"mean": (size,), "scale": (size,), **self._weights(size)}

    def is_sound(self, numbers):
        return bool((numbers["scale"] >= 0).all())

    def draw(self, numbers, n, rng):
        made = self._restored(numbers)
        e = rng.standard_normal((n, len(numbers["mean"]))).astype("float32")
        starts = tqdm(range(0, n, ROWS), "draw codes", leave=False, delay=1, disable=None)
        x = np.concatenate([np.asarray(made.inverse(e[i : i + ROWS])) for i in starts])
        return numbers["mean"] + numbers["scale"] * x

    def log_density(self, numbers, x):
        made, rows = self._restored(numbers), standardised(numbers, x)
        starts = range(0, len(x), ROWS)
        found = np.concatenate([np.asarray(made.log_prob(rows[i : i + ROWS])) for i in starts])
        return found.astype("float64") - np.log(numbers["scale"][numbers["scale"] > 0]).sum()

    def _weights(self, size: int) -> dict[str, tuple[int, ...]]:
        """{name: shape} of the flow's variables, in their order."""
        from aecli.latents.made import masks

        found = {}
        for block in range(self.blocks):
            for layer, mask in enumerate(masks(size, self.layers * [self.width], 2)):
                found[f"kernel_{block}_{layer}"] = mask.shape
                found[f"bias_{block}_{layer}"] = mask.shape[1:]
        return found

    def _flow(self, numbers):
        """With fresh weights."""
        from aecli.samplers.flow import Flow

        return Flow(numbers["scale"] > 0, self.blocks, self.layers * [self.width], self.seed)

    def _restored(self, numbers):
        made = self._flow(numbers)
        names = self._weights(len(numbers["mean"]))
        for variable, name in zip(made.variables, names, strict=True):
            variable.assign(numbers[name])
        return made


def spread(x: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and scale of the units of rows x [N, D]; the scale of a constant one is 0."""
    mean, scale = x.mean(axis=0), x.std(axis=0)
    return {"mean": mean, "scale": np.where(scale > DEAD * scale.max(), scale, 0.0)}


def standardised(numbers, x: np.ndarray) -> np.ndarray:
    """[N, D] float32, 0 where a unit is constant."""
    alive = numbers["scale"] > 0
    return (alive * (x - numbers["mean"]) / np.where(alive, numbers["scale"], 1)).astype("float32")
