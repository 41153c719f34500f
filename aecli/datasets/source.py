"""Source: a data set's arrays as they were found, and the way into a unit."""

import dataclasses
from typing import Any

from aecli.datasets import units
from aecli.datasets.splits import Split


@dataclasses.dataclass(frozen=True)
class Source:
    """The arrays as found: numbers of any type, [N, H, W, C].

    `test` is None when the source has no test part of its own. label_names[i]: the name of label i.
    columns: {name: integer or number} of a table with names; reader: the settings that it was read
    with, where the options left them open; unit: of units.UNITS, once it is known. are_pictures:
    whether they were decoded from files of pictures.
    """

    train: Split
    test: Split | None
    origin: str
    label_names: tuple[str, ...] | None = None
    columns: dict[str, str] | None = None
    reader: dict[str, Any] = dataclasses.field(default_factory=dict)
    unit: str = "other"
    are_pictures: bool = False

    def in_own_unit(self) -> "Source":
        """The same in the unit that all of its values tell: uint8 that means x/255, or float32."""
        parts = [part for part in (self.train, self.test) if part is not None]
        unit = units.unit_of([part.x for part in parts])
        parts = [dataclasses.replace(part, x=units.in_unit(part.x, unit)) for part in parts]
        return dataclasses.replace(self, train=parts[0], test=(*parts, None)[1], unit=unit)
