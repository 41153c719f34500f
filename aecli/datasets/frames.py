"""Data frames: rows of a table by the names of their columns, as pandas and polars have them."""

from typing import Any

import numpy as np

from aecli.datasets.columns import some
from aecli.datasets.source_file import shown
from aecli.errors import BadRequest

Columns = dict[str, str]  # {name: of columns.TYPES}
Categories = dict[str, tuple[str, ...]]  # {column: its values}


def is_frame(x: Any) -> bool:
    """Whether x is a data frame: its columns have names, and each gives an array."""
    return hasattr(x, "columns") and hasattr(x, "to_numpy")


def rows(frame: Any, trained: Columns | None, categories: Categories) -> np.ndarray:
    """The rows [N, D] float32 of a data frame, its columns in the training's order.

    A category is the position of its value, a gap NaN. Raises BadRequest for columns or values
    that the training had not, and where the training's columns had no names.
    """
    if not trained:
        raise BadRequest("the columns of the training had no names: give an array of its columns")
    names = [str(name) for name in frame.columns]
    missing = [name for name in trained if name not in names]
    unknown = [name for name in names if name not in trained]
    if missing:
        raise BadRequest(f"the frame lacks {some(missing)} of the training's columns")
    if unknown:
        raise BadRequest(
            f"the frame has {some(unknown)}, which the training had not: leave it out, as by "
            f"frame[{[*map(shown, trained)][:3]}{' + ...' if len(trained) > 3 else ''}]"
        )
    columns = dict(zip(names, frame.columns, strict=True))
    found = [_column(frame[columns[name]], name, categories.get(name)) for name in trained]
    return np.stack(found, axis=1)


def like(frame: Any, x: np.ndarray, trained: Columns, categories: Categories) -> Any:
    """Rows [N, D] as a data frame of the same package, a category by its value."""
    made = {}
    for name, column in zip(trained, x.T, strict=True):
        values = categories.get(name)
        made[name] = column if values is None else [values[int(place)] for place in column]
    return type(frame)(made)


def _column(column: Any, name: str, values: tuple[str, ...] | None) -> np.ndarray:
    cells = np.asarray(column.to_numpy())
    if values is None:
        try:
            return cells.astype(np.float32)
        except (TypeError, ValueError):
            raise BadRequest(f"column {shown(name)!r} of the frame holds no numbers") from None
    positions = {value: place for place, value in enumerate(values)}
    found = np.full(len(cells), np.nan, np.float32)
    for row, cell in enumerate(cells):
        if cell is None or cell != cell:
            continue
        if str(cell) not in positions:
            raise BadRequest(
                f"column {shown(name)!r} has {shown(str(cell))!r} in row {row + 1:,}, which the "
                f"training had not; it had {some(values)}"
            )
        found[row] = positions[str(cell)]
    return found
