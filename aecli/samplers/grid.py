"""GridSampler: the kind of probability that is fitted to grids of choices from a codebook."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.samplers.base import Fitted, Numbers, Sampler

FEWEST = 10  # codes, of which one is held out
MOST = 4096  # choices of a code: each is drawn given those before it
WEIGHTS = 2**27  # of the network, at most


@dataclasses.dataclass(frozen=True, kw_only=True)
class GridSampler(Sampler):
    """p(x) = prod_i p(x_i | x_1 .. x_(i-1)), x the numbers of a code in raster order.

    Several choices of a cell stand side by side: [h, w, Q] is a grid of h x (w Q). A kind is a
    network whose logits of x_i know the choices before it alone. It is fitted by Adam until the
    log-likelihood of a tenth of the codes, which is held out, has not risen for `patience` epochs,
    and is that of the best epoch.
    """

    of_choices: ClassVar[bool] = True

    images: Annotated[int, Field(ge=1, le=10**7, description="whose codes are fitted to")] = 10_000
    learning_rate: Annotated[float, Field(gt=0, le=1, description="of Adam")] = 1e-3
    batch_size: Annotated[int, Field(ge=1, le=2**20, description="codes a step")] = 128
    epochs: Annotated[int, Field(ge=1, le=100_000, description="at most")] = 30
    patience: Annotated[int, Field(ge=1, le=100_000, description="epochs")] = 3

    @property
    def rows(self):
        return self.images

    def network(self, grid: tuple[int, int], choices: int) -> dict[str, tuple[int, ...]]:
        """{name: shape} of its weights for grids [H, W] of so many choices."""
        raise NotImplementedError

    def logits(self, weights: dict[str, Any], x) -> Any:
        """[B, H, W, K] of choices x [B, H, W] int32, each of those before it in raster order."""
        raise NotImplementedError

    def fit(self, codes, choices=0):
        """As Sampler.fit, of whole numbers [N, *stored_shape] from 0 to choices - 1."""
        from aecli.samplers import grid_training

        shape = codes.shape[1:]
        if len(codes) < FEWEST:
            raise NotApplicable(f"needs {FEWEST} training codes; there are {len(codes)}")
        if (count := math.prod(shape)) > MOST:
            raise NotApplicable(
                f"draws one choice after the other, {MOST:,} at most; a code has {count:,}"
            )
        x = codes.reshape(-1, *grid_of(shape)).astype("int32")
        needed = sum(math.prod(of_one) for of_one in self.network(x.shape[1:], choices).values())
        if needed > WEIGHTS:
            raise NotApplicable(
                f"would have {needed:,} weights, where at most {WEIGHTS:,} may be: take a smaller "
                "sampler.width"
            )
        weights, nats = grid_training.learnt(self, x, choices)
        numbers = {"rows": np.array(float(len(x))), "nats": np.array(nats)} | weights
        return self.fitted(shape, numbers, choices)

    def fitted(self, code_shape, numbers, choices=0):
        return FittedGrid(self, code_shape, numbers, choices)

    def expected(self, code_shape, rows, axes, choices=0):
        return {"rows": (), "nats": (), **self.network(grid_of(code_shape), choices)}

    def is_sound(self, numbers):
        return bool(numbers["nats"] >= 0)


@dataclasses.dataclass(frozen=True)
class FittedGrid(Fitted):
    """A probability of codes that are whole numbers [N, *stored_shape], 0 to choices - 1.

    numbers: rows, of how many codes; nats, a choice, of those that were held out; the network's.
    """

    choices: int

    @property
    def origin(self):
        nats, most = float(self.numbers["nats"]), math.log(self.choices)
        return (
            f"{self.sampler.about} fitted to {int(self.numbers['rows']):,} training codes\n"
            f"{nats:.3f} nats a choice of those held out; even choices: {most:.3f}"
        )

    def sample(self, n, seed):
        """[n, *stored_shape] int32."""
        from aecli.samplers import grid_training

        rng = np.random.default_rng(seed)
        shape = (n, *grid_of(self.code_shape))
        drawn = grid_training.drawn(self.sampler, self._weights, rng.random(shape))
        return drawn.reshape(n, *self.code_shape)

    def log_prob(self, codes):
        """log p of whole numbers [N, *stored_shape] in nats, of all the choices: [N]."""
        from aecli.samplers import grid_training

        x = np.asarray(codes).reshape(-1, *grid_of(self.code_shape)).astype("int32")
        return grid_training.log_prob(self.sampler, self._weights, x)

    @property
    def _weights(self) -> Numbers:
        return {name: of for name, of in self.numbers.items() if name not in ("rows", "nats")}


def grid_of(shape: tuple[int, ...]) -> tuple[int, int]:
    """(H, W) of numbers [*shape]: of [h, w, Q] the choices of a cell side by side."""
    if len(shape) < 2:
        return 1, math.prod(shape)
    return shape[0], math.prod(shape[1:])
