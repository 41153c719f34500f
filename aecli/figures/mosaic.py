"""Square mosaics of originals and of reconstructions, side by side."""

import dataclasses
from typing import Annotated

from matplotlib.layout_engine import ConstrainedLayoutEngine
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.figures import images, style
from aecli.figures.base import RunFigure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Mosaic(RunFigure):
    """The first n*n test images in an n x n mosaic beside the mosaic of their reconstructions.

    The noisy inputs make a third one where the run has noise.
    """

    n: Annotated[int, Field(ge=1, le=20, description="images a side")] = 4

    def draw(self, run):
        images.require_images(run.model.spec)
        x, target, labels = run.examples(n=self.n**2)
        if len(target) < self.n**2:
            raise NotApplicable(f"needs {self.n**2} test images; there are {len(target)}")
        panels = {"originals": target, "noisy inputs": x}
        panels["reconstructions"] = run.model.reconstruct(x, label=labels)
        if not run.is_noisy:
            del panels["noisy inputs"]

        limits, data_shape = images.shown_range(target), target.shape[1:]
        note = images.range_note(limits)
        inches, _ = style.fitted(
            data_shape[0], len(panels) * data_shape[1], beside=0.4, above=0.9 if note else 0.7
        )
        figure = style.new_figure(run, "Test images and reconstructions", inches)
        engine = figure.get_layout_engine()
        assert isinstance(engine, ConstrainedLayoutEngine)  # of style.new_figure
        engine.set(wspace=0.06)
        axes = figure.subplots(1, len(panels))
        for ax, (title, batch) in zip(axes, panels.items(), strict=True):
            grid = batch.reshape(self.n, self.n, *data_shape)
            images.show(ax, images.tile(grid, images.gap_for(data_shape[1], share=28)), limits)
            ax.set(title=title, xlabel=note)
        return figure
