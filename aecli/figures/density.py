"""How often each unit of a dictionary is active."""

import dataclasses

import numpy as np

from aecli.figures import style
from aecli.figures.base import RunFigure
from aecli.metrics.base import Evaluation

BINS_A_DECADE = 5


@dataclasses.dataclass(frozen=True, kw_only=True)
class Density(RunFigure):
    """Histogram of the units by log10 of the share of test examples for which each is active.

    Units that are never active have no logarithm: their number is in the title.
    """

    def draw(self, run):
        from aecli.metrics.dictionary import check  # TensorFlow, which the run wakes quietly

        check(run.model)
        codes = Evaluation(run).codes
        shares = (codes != 0).mean(axis=0)
        used = shares[shares > 0]

        figure = style.new_figure(run, "How often each unit is active", style.high(3.6))
        ax = figure.add_subplot()
        lowest = np.floor(np.log10(1.0 / len(codes)))
        bins = np.logspace(lowest, 0, int(-lowest * BINS_A_DECADE) + 1)
        ax.hist(used, bins=bins)
        ax.set_xscale("log")
        ax.set(xlabel=f"share of the {len(codes):,} test examples", ylabel="units of the code")
        style.whole_numbers(ax.yaxis)
        style.note(
            ax,
            f"{len(shares):,} units, {len(shares) - len(used):,} never active; "
            f"{(codes != 0).sum(axis=1).mean():.3g} active an example on average",
        )
        return figure
