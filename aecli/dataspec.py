"""What one example of the data is: an image, a series, a row of a table or a sentence."""

import dataclasses
from typing import Literal, get_args

Kind = Literal["image", "series", "table", "text"]
KINDS: tuple[str, ...] = get_args(Kind)
NOUNS = {
    "image": "images",
    "series": "series",
    "table": "rows",
    "text": "sentences",
}  # several examples of a kind


@dataclasses.dataclass(frozen=True)
class DataSpec:
    """shape: [H, W, C] of an image, [1, T, C] of a series, [1, D, 1] of a row of a table, [1, T, 1]
    of a sentence.

    There is always a channel axis. names: of the D features of a table, where they have names.
    """

    shape: tuple[int, int, int]
    kind: Kind
    names: tuple[str, ...] | None = None

    @classmethod
    def of(cls, shape, names=None) -> "DataSpec":
        """Returns what an array of this shape is where nothing else says so.

        One row of single numbers is a row of a table, everything else an image.
        """
        height, _, channels = shape
        kind = "table" if height == 1 and channels == 1 else "image"
        return cls(tuple(shape), kind, None if names is None else tuple(names))

    @property
    def is_image(self) -> bool:
        return self.kind == "image"

    @property
    def nouns(self) -> str:
        """Several examples: images, series, rows."""
        return NOUNS[self.kind]

    def counted(self, count: int) -> str:
        """Returns a number of examples in the word for such data: 1 image, 2 series, 1,000 rows."""
        word = self.nouns
        return f"{count:,} {word.removesuffix('s') if count == 1 and word != 'series' else word}"

    def __str__(self) -> str:
        return f"{self.shape[1]} tokens" if self.kind == "text" else by(self.shape)


def by(shape) -> str:
    """Returns a shape as it is shown: 28x28x1."""
    return "x".join(str(side) for side in shape)
