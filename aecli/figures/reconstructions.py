"""Images beside what the model makes of them."""

import dataclasses
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli.figures import images, lines, style
from aecli.figures.base import RunFigure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reconstructions(RunFigure):
    """Rows of test images: original, noisy input (if the run has noise), what the model makes.

    Series are drawn as lines, with the error shaded, and rows of numbers as heat maps, one line an
    example.
    """

    n: Annotated[int, Field(ge=1, le=30, description="number of examples")] = 10
    select: Annotated[Literal["first", "random"], Field(description="which test examples")] = (
        "first"
    )
    select_seed: Annotated[int, Field(ge=0, description="of the random selection")] = 0

    def draw(self, run):
        if run.model.spec.kind == "text":
            images.require_images(run.model.spec)
        at_random = self.select == "random"
        x, target, labels = run.examples(n=self.n, seed=self.select_seed, random=at_random)
        rows = {"original": target, "noisy input": x, **run.model.pictured(x, label=labels)}
        if not run.is_noisy:
            del rows["noisy input"]
        if run.model.spec.kind == "series":
            return lines.pairs(run, "Reconstructions of test series", rows)
        if not run.model.spec.is_image:
            return images.of_rows(run, "Reconstructions of test examples", rows)
        images.require_images(run.model.spec)

        _, height, width, _ = target.shape
        gap, limits = images.gap_for(width), images.shown_range(target)
        picture = images.tile(np.stack(list(rows.values())), gap)
        note = images.range_note(limits)
        inches, _ = style.fitted(*picture.shape[:2], beside=1.25, above=0.75 if note else 0.55)
        figure = style.new_figure(run, "Reconstructions of test images", inches)
        ax = figure.add_subplot()
        images.show(ax, picture, limits)
        images.name_rows(ax, list(rows), height, gap)
        ax.set_xlabel(note)
        return figure
