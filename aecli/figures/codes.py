"""The codes themselves as pictures."""

import dataclasses
from typing import Annotated

import numpy as np
from pydantic import Field

from aecli.errors import NotApplicable
from aecli.figures import images, style
from aecli.figures.base import RunFigure


@dataclasses.dataclass(frozen=True, kw_only=True)
class Codes(RunFigure):
    """Test images, and under each its code.

    A grid code [h, w, D] is drawn as its D feature maps; a flat code as a column of its units.
    """

    n: Annotated[int, Field(ge=1, le=30, description="number of test images")] = 10

    def draw(self, run):
        images.require_images(run.model.spec)
        if run.model.code_shape == (1,):
            raise NotApplicable("needs a code of more than one unit")
        x, _, labels = run.examples(n=self.n)
        codes = run.model.encode(x, label=labels)
        grid = codes.ndim == 4

        gap = images.gap_for(x.shape[2])
        below = feature_maps(codes) if grid else codes.T
        tallness = below.shape[0] / below.shape[1] if grid else 0.35
        picture = images.tile(x[None], gap)
        heights = [picture.shape[0] / picture.shape[1], tallness]
        inches = np.clip((style.width() - 1.7) * sum(heights) + 0.75, 2.2, style.max_height())
        figure = style.new_figure(run, "Codes of test images", inches)
        top, bottom = figure.subplots(2, 1, height_ratios=heights)
        limits = images.shown_range(x)
        images.show(top, picture, limits)
        style.note(top, images.range_note(limits))
        images.name_rows(top, ["input"], x.shape[1], gap)
        scale = style.signed(below) if np.nanmin(below) < 0 else {}
        form = "equal" if grid else "auto"
        image = bottom.imshow(below, aspect=form, interpolation="nearest", **scale)
        bottom.set_xticks([])
        bottom.spines[:].set_visible(False)
        if grid:
            h, w, depth = codes.shape[1:]
            middle = (below.shape[0] - 1) / 2
            bottom.set_yticks([middle], [f"{depth} feature\nmaps of\n{h} x {w}"])
            bottom.tick_params(axis="y", length=0, labelsize=style.pt(10))
        else:
            bottom.set_ylabel("code unit")
            style.whole_numbers(bottom.yaxis)
        figure.colorbar(image, ax=[top, bottom], label="value of a code unit")
        return figure


def feature_maps(codes: np.ndarray) -> np.ndarray:
    """Grid codes [n, h, w, D] -> one picture: n blocks side by side, each of its D maps.

    Maps fill a block row by row, about twice as many rows as columns, as tall as legible; gaps and
    unused places are NaN.
    """
    n, h, w, depth = codes.shape
    columns = int(np.ceil(np.sqrt(depth / 2)))
    rows = -(-depth // columns)
    maps = np.full((n, rows * columns, h, w), np.nan, "float32")
    maps[:, :depth] = codes.transpose(0, 3, 1, 2)
    maps = maps.reshape(n, rows, columns, h, w, 1)
    blocks = np.stack([images.tile(block, gap=1) for block in maps])
    return images.tile(blocks[None], gap=max(2, columns * w // 6))[..., 0]
