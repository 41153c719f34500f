"""What each unit of a code tells of the factors that the images were drawn from."""

import dataclasses
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from aecli.datasets.factors import UNKNOWN
from aecli.errors import NotApplicable, OfOtherData
from aecli.figures import style
from aecli.figures.base import RunFigure

ACROSS = 4  # panels in a row, at most
NAMED = 4  # values of a factor whose names are written


@dataclasses.dataclass(frozen=True, kw_only=True)
class Factors(RunFigure):
    """Above, mutual information of unit and factor; below, each factor against a unit.

    The matrix has a row a unit, of those that tell most: the share of each factor's entropy that
    the unit knows. A panel has, for each value of the factor, the mean of the unit that tells most
    of it, with a band of one standard deviation.
    """

    n: Annotated[int, Field(ge=100, description="test images, at most")] = 10_000
    units: Annotated[int, Field(ge=1, le=30, description="of the code, that are shown")] = 10

    def draw(self, run):
        factors = run.splits.test.factors
        if factors is None:
            raise OfOtherData(UNKNOWN)
        if len(run.model.code_shape) not in (1, 3):
            raise NotApplicable("needs a code of units, flat or in maps")
        from aecli.metrics.disentanglement.matched import LEAST, matched

        _, x, labels = run.examples(n=self.n)
        codes = run.model.encode(x, label=labels)
        factors = factors.take(np.arange(len(x)))
        found = matched(codes, factors)
        order = np.argsort(-found.share.max(axis=1), kind="stable")[: self.units]
        grid = codes.ndim > 2
        names = [f"z[:,:,{d}]" if grid else f"z[{d}]" for d in range(codes.shape[-1])]
        values = codes.reshape(len(x), -1, codes.shape[-1]).mean(axis=1)

        count = len(factors.names)
        rows = -(-count // ACROSS)
        heights = [0.24 * len(order) + 0.3, *[1.45] * rows]
        figure = style.new_figure(
            run, "Code and factors", min(sum(heights) + 1.3, style.max_height())
        )
        ratios = [heights[0] + 0.8, sum(heights[1:])]
        pair: Any = figure.subfigures(2, 1, height_ratios=ratios)
        above, below = pair
        _matrix(above, found, order, names, len(codes))
        axes = below.subplots(rows, -(-count // rows), squeeze=False).ravel()
        for k, ax in enumerate(axes[:count]):
            best = int(found.share[:, k].argmax())
            known = run.splits.grid.value_names.get(factors.names[k])
            _panel(ax, factors.values[:, k], values[:, best], known)
            is_told = found.share[best, k] >= LEAST
            ax.set_title(f"{factors.names[k]}: {names[best] if is_told else 'none'}")
        for ax in axes[count:]:
            ax.set_axis_off()
        below.supylabel("unit ± 1 s.d.", fontsize=style.pt(9))
        below.supxlabel(
            "value of the factor; mean of the unit that tells most of it", fontsize=style.pt(9)
        )
        return figure


def _matrix(figure, found, order: np.ndarray, names: list[str], count: int) -> None:
    ax = figure.subplots()
    share = found.share[order]
    image = ax.imshow(share, vmin=0, vmax=1, aspect="auto", cmap="Blues")
    ax.set_yticks(range(len(order)), [names[d] for d in order])
    under = zip(found.names, found.entropy, strict=True)
    ax.set_xticks(range(len(found.names)), [f"{name}\n{nats:.2f} nats" for name, nats in under])
    ax.tick_params(length=0)
    for (row, column), value in np.ndenumerate(share):
        colour = "white" if value > 0.6 else "black"
        ax.text(
            column,
            row,
            f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=style.pt(9),
            color=colour,
        )
    of = "all" if len(order) == len(names) else f"{len(order)} of"
    ax.set_title(f"{of} {len(names)} units, by {count:,} test images")
    figure.colorbar(image, ax=ax, label="share of entropy")


def _panel(ax, values: np.ndarray, code: np.ndarray, known: tuple[str, ...] | None) -> None:
    there = np.unique(values)
    means, spreads = (np.array([f(code[values == v]) for v in there]) for f in (np.mean, np.std))
    if known is not None and len(known) <= NAMED:
        ax.errorbar(there, means, spreads, fmt="o", markersize=style.pt(4), capsize=style.pt(3))
        ax.set_xticks(range(len(known)), known, rotation=20)
        ax.set_xlim(-0.5, len(known) - 0.5)
    else:
        ax.plot(there, means)
        ax.fill_between(there, means - spreads, means + spreads, alpha=0.25, linewidth=0)
        style.whole_numbers(ax.xaxis, at_most=5)
