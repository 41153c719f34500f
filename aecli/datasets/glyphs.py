"""Letters drawn from Matplotlib's own DejaVu fonts, with all their factors; no network."""

import dataclasses
import functools
import pathlib
import string
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from aecli.datasets.base import Source, TestSize
from aecli.datasets.factor_dataset import FactorDataset

LETTERS = string.ascii_uppercase
FAMILIES = {  # (upright, bold, oblique, bold and oblique)
    "DejaVuSans": ("", "-Bold", "-Oblique", "-BoldOblique"),
    "DejaVuSerif": ("", "-Bold", "-Italic", "-BoldItalic"),
    "DejaVuSansMono": ("", "-Bold", "-Oblique", "-BoldOblique"),
}
SIZES = (11 / 32, 14 / 32, 17 / 32, 20 / 32)  # of the em square, in sides of the image
SHIFTS = (-3 / 32, -1 / 32, 1 / 32, 3 / 32)  # of the letter's middle, likewise


@dataclasses.dataclass(frozen=True, kw_only=True)
class Glyphs(FactorDataset):
    """All 19,968 combinations of seven factors, grey [image_size, image_size, 1] in bytes.

    letter: A to Z, which is the label. family: sans, serif, mono. weight: regular, bold. slant:
    upright, oblique (of the serif an italic with forms of its own). size: an em of 11, 14, 17 or 20
    32nds of the image's side. x, y: the middle of the letter's bounding box lies -3, -1, 1 or 3
    32nds of the side right of the image's middle, and below it.

    Outlines are unhinted and antialiased: a pixel is the share of it that the letter covers, so
    that a shift moves it exactly. It is a toy: no noise, no background, nothing cut off, and every
    test image has training images that differ from it in one factor alone. The pixels are those of
    the fonts that the installed Matplotlib brings.
    """

    factor_sizes: ClassVar[dict[str, int]] = {
        "letter": len(LETTERS),
        "family": len(FAMILIES),
        "weight": 2,
        "slant": 2,
        "size": len(SIZES),
        "x": len(SHIFTS),
        "y": len(SHIFTS),
    }
    value_names: ClassVar[dict[str, tuple[str, ...]]] = {
        "letter": tuple(LETTERS),
        "family": ("sans", "serif", "mono"),
        "weight": ("regular", "bold"),
        "slant": ("upright", "oblique"),
    }

    image_size: Annotated[int, Field(ge=16, le=64, description="pixels: a square")] = 32
    test_size: TestSize = 0.2

    def read(self) -> Source:
        factors = self.factors()
        return self.source(
            self.drawn(factors.values), factors, "letters of Matplotlib's DejaVu fonts"
        )

    def drawn(self, values: np.ndarray) -> np.ndarray:
        from matplotlib.backends.backend_agg import RendererAgg
        from matplotlib.transforms import Affine2D

        side = self.image_size
        page = RendererAgg(side, side, 72)
        pen = page.new_gc()
        pen.set_linewidth(0)
        pen.set_snap(False)  # else straight letters move to whole pixels
        x = np.empty((len(values), side, side, 1), np.uint8)
        for i, (letter, family, weight, slant, size, right, down) in enumerate(values.tolist()):
            outline, middle, em = outline_of(letter, family, weight, slant)
            scale = side * SIZES[size] / em
            place = side * (0.5 + np.array([SHIFTS[right], -SHIFTS[down]]))  # y goes up here
            moved = Affine2D.from_values(scale, 0, 0, scale, *(place - scale * middle))
            page.clear()
            page.draw_path(pen, outline, moved, (0.0, 0.0, 0.0, 1.0))
            x[i, ..., 0] = np.asarray(page.buffer_rgba())[..., 3]
        return x


@functools.cache
def outline_of(letter: int, family: int, weight: int, slant: int):
    """Returns (a Matplotlib Path, the middle [2] of its bounding box, the side of an em) of a font.

    In units of the font's grid, unhinted, y upwards.
    """
    import matplotlib
    from matplotlib.ft2font import FT2Font, LoadFlags
    from matplotlib.path import Path

    name, styles = list(FAMILIES.items())[family]
    folder = pathlib.Path(matplotlib.get_data_path(), "fonts", "ttf")
    font = FT2Font(str(folder / f"{name}{styles[weight + 2 * slant]}.ttf"))
    font.load_char(ord(LETTERS[letter]), flags=LoadFlags.NO_SCALE)
    points, codes = font.get_path()
    outline = Path(np.asarray(points) * 64, codes)  # it takes them for 64ths
    extent = outline.get_extents()
    middle = np.array([extent.x0 + extent.x1, extent.y0 + extent.y1]) / 2
    return outline, middle, font.units_per_EM
