"""The latent plane, decoded point by point."""

import dataclasses
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from aecli.errors import BadRequest, NotApplicable
from aecli.figures import images, lines, style
from aecli.figures.base import RunFigure
from aecli.io import conditions
from aecli.io.conditions import Label

TICK_SIZE = (0.18, 0.38)  # inches that a label takes: height, width


@dataclasses.dataclass(frozen=True, kw_only=True)
class Manifold(RunFigure):
    """n x n images decoded from a grid over two code units; the others stay at the mean code.

    Of more than two units the pair is the strongest: those with the largest KL to the prior, mean
    over test examples, and without a KL the largest variance.

    The first of dims grows to the right and the second upwards, as in the scatter of the codes.
    Without a range the grid lies at equal steps of probability of the prior N(0, 1), from 5 to
    95 % (Kingma & Welling 2014, figure 4); a model without a prior takes the span of its test
    codes, 2nd to 98th percentile. A model that is told labels is told one for all of them.
    """

    n: Annotated[int, Field(ge=2, le=100, description="images a side")] = 15
    range: Annotated[
        list[float] | None, Field(description="[from, to] in units of the code, in equal steps")
    ] = None
    dims: Annotated[
        list[int] | None,
        Field(description="the two code units, counted from 0; null: the strongest"),
    ] = None
    label: Label = None

    def __post_init__(self):
        super().__post_init__()
        if self.range is not None and not (len(self.range) == 2 and self.range[0] < self.range[1]):
            text = f"must be [from, to] with from < to; got {self.range}"
            raise BadRequest(text, "figures.range")
        if self.dims is not None and not (len(self.dims) == 2 and len(set(self.dims)) == 2):
            text = f"must be two different code units; got {self.dims}"
            raise BadRequest(text, "figures.dims")

    def draw(self, run):
        model = run.model
        of_series = lines.are_series(model.spec)
        decoded_units = self._decoded(model)
        x, _, labels = run.examples(n=5000)
        codes = model.encode(x, label=labels)  # [N, latent_dim]
        dims, chosen = self.dims, ""
        if dims is None:
            kl = model.kl_of_units(x, label=labels) if decoded_units > 2 else None
            dims = strongest(codes[:, :decoded_units], kl)
            by = "variance" if kl is None else "KL"
            chosen = f"the two units with the largest {by}" if decoded_units > 2 else ""
        right, up, how = self._grid(run, codes, dims)
        z = np.zeros((self.n, self.n, *model.code_shape), "float32")
        z[:] = codes.mean(axis=0)
        z[..., dims[0]] = right[None, :]
        z[..., dims[1]] = up[::-1, None]  # row 0 is the top of the picture
        label = conditions.held(run, self.label)
        decoded = model.decode(z.reshape(-1, *model.code_shape), label)
        grid = decoded.reshape(self.n, self.n, *model.data_shape)
        target = run.examples(n=100)[1]
        rest = [f"the other {z.shape[-1] - 2} at the mean code"] if z.shape[-1] > 2 else []
        rest = ["; ".join(filter(None, [chosen, *rest]))]
        rest += [] if label is None else [f"label {conditions.name(run, label)}"]
        if of_series:
            how = "\n".join(filter(None, [how, *rest]))
            limits = lines.limits_of(lines.in_file_units(run, target))
            names: dict[str, Any] = {"rows": tick_labels(up[::-1]), "columns": tick_labels(right)}
            names |= {"xlabel": f"z[{dims[0]}]", "ylabel": f"z[{dims[1]}]", "title": how}
            return lines.sheet(run, "Decoded latent plane", grid, limits, **names)
        limits = images.shown_range(target)

        height, width, _ = model.data_shape
        rest = "; ".join(filter(None, [*rest, images.range_note(limits)]))
        inches, across = style.fitted(height, width, beside=0.9, above=1.35 if rest else 1.15)
        figure = style.new_figure(run, "Decoded latent plane", inches)
        ax = figure.add_subplot()
        gap = images.gap_for(width, share=28)
        images.show(ax, images.tile(grid, gap), limits)
        cell = np.array([across * height / width, across]) / self.n  # inches: height, width
        every = np.ceil(TICK_SIZE / cell).astype(int)
        rows, columns = (np.arange((self.n - 1) % step // 2, self.n, step) for step in every)
        ax.set_xticks(columns * (width + gap) + (width - 1) / 2, tick_labels(right[columns]))
        ax.set_yticks(rows * (height + gap) + (height - 1) / 2, tick_labels(up[::-1][rows]))
        ax.set(xlabel=f"z[{dims[0]}]", ylabel=f"z[{dims[1]}]")
        style.note(ax, f"{how}\n{rest}".strip())
        return figure

    def _decoded(self, model) -> int:
        """So many units, the first, are seen in an image. Raises NotApplicable, BadRequest."""
        decoded = len(model.decoded_units())
        if len(model.code_shape) != 1 or decoded < 2:
            raise NotApplicable(
                f"needs a flat code of 2 or more units; this model's code has shape "
                f"{model.code_shape}"
            )
        if self.dims is not None and not all(0 <= unit < decoded for unit in self.dims):
            text = f"must be code units from 0 to {decoded - 1}; got {self.dims}"
            raise BadRequest(text, "figures.dims")
        return decoded

    def _grid(self, run, codes, dims):
        """Values [n] to the right, values [n] upwards, and how they were chosen."""
        if self.range is not None:
            low, high = self.range
            steps = np.linspace(low, high, self.n)
            return steps, steps, "equal steps"
        if run.model.has_quantiles:
            steps = run.model.prior_quantiles(np.linspace(0.05, 0.95, self.n))
            return steps, steps, "quantiles of the prior, 5 to 95 %"
        low, high = np.percentile(codes[:, dims], [2, 98], axis=0)
        right, up = (np.linspace(low[i], high[i], self.n) for i in (0, 1))
        why = "" if run.model.has_prior else "no prior: "
        return right, up, f"{why}span of the test codes, 2nd to 98th percentile"


def strongest(codes: np.ndarray, kl: np.ndarray | None) -> list[int]:
    """The two units of codes [N, D] that say most, in their order.

    kl: [N, D or more] nats of each example's units; None: by their variance.
    """
    size = codes.shape[1]
    force = codes.var(axis=0) if kl is None else kl.mean(axis=0)[:size]
    return sorted(np.argsort(-force, kind="stable")[:2].tolist())


def tick_labels(values: np.ndarray) -> list[str]:
    """As many decimals for all as give the largest value three digits: '1.64', '-0.50'."""
    decimals = max(0, 2 - int(np.floor(np.log10(np.abs(values).max() or 1.0))))
    return [f"{v:.{decimals}f}" for v in np.round(values, decimals) + 0.0]  # + 0.0: no '-0.00'
