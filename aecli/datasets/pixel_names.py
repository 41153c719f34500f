"""Whether the header of a table names pixels: then its rows are images.

Standard library only: the command line asks before anything else is imported.
"""

import re
from collections.abc import Sequence

PIXEL = re.compile(r"(pixel|px)[-_ ]?\d+|\d+x\d+", re.IGNORECASE)
OTHERS = 2  # columns that may be no pixels: a label, an id


def are_pixels(names: Sequence[str] | None) -> bool:
    """Returns whether columns are called pixel0, px_1, 3x4 ..., but for two at most."""
    found = [name for name in names or () if PIXEL.fullmatch(name.strip(' "'))]
    return len(found) > 1 and len(found) >= len(names or ()) - OTHERS
