"""Tiles of scikit-learn's two colour photographs, part of that package; no network."""

import dataclasses
import math
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from aecli.datasets.base import Dataset, Source, Split
from aecli.errors import BadRequest

TEST_SHARE = 0.2  # of a photograph's height, and never less than one tile
MOST_BYTES = 2**29


@dataclasses.dataclass(frozen=True, kw_only=True)
class Photos(Dataset):
    """Square tiles [tile, tile, 3] in bytes of two photographs of 427x640; labels say of which.

    The test part is cut from the lowest fifth of each photograph, the training part from what is
    above it: they share no pixel. Tiles that leave the picture are left out. With a stride below
    the tile's side training tiles overlap, and so those held out for validation are partly known.
    """

    licence: ClassVar[str] = "CC BY 2.0, as scikit-learn says"

    tile: Annotated[int, Field(ge=2, le=213, description="side of a tile in pixels")] = 32
    stride: Annotated[
        int | None, Field(ge=1, description="pixels from one tile to the next; null: its side")
    ] = None

    def read(self) -> Source:
        from sklearn.datasets import load_sample_images  # a second to import: only when asked for

        found: Any = load_sample_images()
        names = tuple(str(name).replace("\\", "/").rsplit("/", 1)[-1] for name in found.filenames)
        stride = self.tile if self.stride is None else self.stride
        self._check_memory([image.shape for image in found.images], stride)
        parts: list[list[np.ndarray]] = [[], []]
        for image in found.images:
            edge = len(image) - strip(len(image), self.tile)
            parts[0].append(tiles(image[:edge], self.tile, stride))
            parts[1].append(tiles(image[edge:], self.tile, stride))
        train, test = (Split(np.concatenate(part), _numbers(part)) for part in parts)
        notes = ()
        if stride < self.tile and self.validation_size != "test":
            notes = (
                f"tiles of {self.tile} pixels every {stride} overlap: validation tiles share "
                "pixels with training tiles, test tiles do not",
            )
        label_names = tuple(name.partition(".")[0] for name in names)
        origin = f"scikit-learn's photographs {' and '.join(names)}, tiles of {self.tile} pixels"
        return Source(train, test, origin, label_names, are_pictures=True, notes=notes)

    def _check_memory(self, shapes: list[tuple[int, ...]], stride: int) -> None:
        """Raises BadRequest before memory is taken."""
        count = sum(math.prod(side // stride + 1 for side in shape[:2]) for shape in shapes)
        if count * self.tile**2 * 3 > MOST_BYTES:
            raise BadRequest(
                f"dataset.stride={stride}: about {count:,} tiles of {self.tile} pixels make more "
                f"than {MOST_BYTES // 2**20} MB\ntake dataset.stride={2 * stride} or more"
            )


def strip(height: int, tile: int) -> int:
    """Returns the rows of pixels, from below, that are the test part's."""
    return max(tile, round(TEST_SHARE * height))


def tiles(image: np.ndarray, side: int, stride: int) -> np.ndarray:
    """An image [H, W, C] -> [N, side, side, C], row by row from the upper left."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (side, side), axis=(0, 1))
    chosen = windows[::stride, ::stride].transpose(0, 1, 3, 4, 2)
    return np.ascontiguousarray(chosen).reshape(-1, side, side, image.shape[2])


def _numbers(parts: list[np.ndarray]) -> np.ndarray:
    return np.repeat(np.arange(len(parts)), [len(part) for part in parts])
