"""The latent plane, decoded point by point."""

import dataclasses
from statistics import NormalDist
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.errors import BadRequest, NotApplicable
from aecli.figures import images, style
from aecli.figures.base import RunFigure

TICKS = 8  # labels an axis that can be read


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifold(RunFigure):
    """n x n images decoded from a grid over two code units; the other units are 0.

    The first of dims grows to the right and the second upwards, as in the scatter of the codes.
    Without a range the grid lies at equal steps of probability of the prior N(0, 1), from 5 to
    95 % (Kingma & Welling 2014, figure 4); a model without a prior takes the span of its test
    codes, 2nd to 98th percentile.
    """

    n: Annotated[int, Field(ge=2, le=100, description="images a side")] = 15
    range: Annotated[
        Annotated[list[float], Field(min_length=2, max_length=2)] | None,
        Field(description="[from, to] in units of the code, in equal steps"),
    ] = None
    dims: Annotated[
        Annotated[list[int], Field(min_length=2, max_length=2)] | None,
        Field(description="the two code units, counted from 0; null: only codes that have just 2"),
    ] = None

    def __post_init__(self):
        super().__post_init__()
        if self.range is not None and not self.range[0] < self.range[1]:
            raise BadRequest(f"figures.range must be [from, to] with from < to; got {self.range}")
        if self.dims is not None and self.dims[0] == self.dims[1]:
            raise BadRequest(f"figures.dims must be two different code units; got {self.dims}")

    def draw(self, run):
        model = run.model
        images.require_images(model.data_shape)
        dims = self._dims(model.code_shape)
        right, up, how = self._grid(run, dims)
        z = np.zeros((self.n, self.n, *model.code_shape), "float32")
        z[..., dims[0]] = right[None, :]
        z[..., dims[1]] = up[::-1, None]  # row 0 is the top of the picture
        decoded = model.decode(z.reshape(-1, *model.code_shape))
        limits = images.shown_range(run.examples(n=100)[1])

        height, width, _ = model.data_shape
        inches = (style.WIDTH - 0.9) * height / width + 1.2
        figure = style.new_figure(run, "Decoded latent plane", inches)
        ax = figure.add_subplot()
        images.show(ax, images.tile(decoded.reshape(self.n, self.n, *model.data_shape)), limits)
        step = -(-self.n // TICKS)
        shown = np.arange((self.n - 1) % step // 2, self.n, step)
        ax.set_xticks(shown * width + (width - 1) / 2, [f"{v:.3g}" for v in right[shown]])
        below = self.n - 1 - shown
        ax.set_yticks(below * height + (height - 1) / 2, [f"{v:.3g}" for v in up[shown]])
        ax.set(xlabel=f"z[{dims[0]}]", ylabel=f"z[{dims[1]}]")
        rest = [f"the other {z.shape[-1] - 2} units at 0"] if z.shape[-1] > 2 else []
        ax.set_title("; ".join(filter(None, [how, *rest, images.range_note(limits)])))
        return figure

    def _dims(self, code_shape):
        if len(code_shape) != 1 or code_shape[0] < 2:
            raise NotApplicable(
                f"needs a flat code of 2 or more units; this model's code has shape {code_shape}"
            )
        size = code_shape[0]
        if self.dims is None and size != 2:
            raise NotApplicable(
                f"needs a code of 2 units; this one has {size}: aecli plot-manifold takes a pair"
            )
        dims = self.dims or [0, 1]
        if not all(0 <= unit < size for unit in dims):
            raise BadRequest(f"figures.dims must be code units from 0 to {size - 1}; got {dims}")
        return dims

    def _grid(self, run, dims):
        """Values [n] to the right, values [n] upwards, and how they were chosen."""
        if self.range is not None:
            steps = np.linspace(*self.range, self.n)
            return steps, steps, "equal steps"
        if run.model.has_prior:
            quantiles = np.linspace(0.05, 0.95, self.n)
            steps = np.array([NormalDist().inv_cdf(q) for q in quantiles])
            return steps, steps, "quantiles of the prior, 5 to 95 %"
        codes = run.model.encode(run.examples(n=5000)[0])
        low, high = np.percentile(codes[:, dims], [2, 98], axis=0)
        right, up = (np.linspace(low[i], high[i], self.n) for i in (0, 1))
        return right, up, "no prior: span of the test codes, 2nd to 98th percentile"
