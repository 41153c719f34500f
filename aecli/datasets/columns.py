"""The columns of a table, by name: their types, and their order in a training."""

from collections.abc import Iterable

import numpy as np

from aecli.datasets.source_file import shown
from aecli.datasets.splits import Array
from aecli.errors import BadRequest

TYPES = ("integer", "number", "category", "count")
BLOCK = 2**14  # rows at a time
FEW = 6  # names of columns, or values of one, that are shown


def column_types(names: list[str] | None, values: np.ndarray) -> dict[str, str] | None:
    """{name: integer or number} of the columns of values [N, D]; None where names are missing.

    Gaps, NaN, do not count.
    """
    if names is None or len(set(names)) < len(names):
        return None
    if values.dtype.kind != "f":
        return dict.fromkeys(names, "integer")
    whole = np.ones(values.shape[1], bool)
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK][:, whole]
        whole[whole] = ((block == np.floor(block)) | np.isnan(block)).all(axis=0)
    return dict(zip(names, np.where(whole, "integer", "number").tolist(), strict=True))


def in_order(
    name: str, x: Array, found: dict[str, str] | None, trained: dict[str, str] | None
) -> tuple[Array, str]:
    """[N, H, W, C] of a table -> its columns in the training's order, and what to say of it.

    Tables that have no name in common are matched by position. Raises BadRequest for a column that
    one side lacks.
    """
    if not found or not trained or list(found) == list(trained):
        return x, ""
    missing = [column for column in trained if column not in found]
    if len(missing) == len(trained):
        if len(found) != len(trained):
            raise BadRequest(f"{name} has {len(found)} columns; the training had {len(trained)}")
        return x, "no column has a name of the training's: they are matched by their position"
    if missing:
        unknown = [column for column in found if column not in trained]
        more = f"; it has {shown(unknown[0])}, which the training had not" if unknown else ""
        raise BadRequest(f"{name} lacks the column {shown(missing[0])} of the training{more}")
    places = {column: i for i, column in enumerate(found)}
    flat = x[:].reshape(len(x), -1)[:, [places[column] for column in trained]]
    return flat.reshape(x.shape), "columns put into the training's order"


def recode(
    name: str,
    x: np.ndarray,
    columns: Iterable[str],
    found: dict[str, tuple[str, ...]],
    trained: dict[str, tuple[str, ...]],
    ids: np.ndarray | None,
) -> None:
    """Give the categories in rows x [N, D] the training's positions, in place.

    columns: the names of the D; found, trained: {column: its values}; columns without values in
    the file stay as they are. Raises BadRequest, with row and column, for a value that the training
    had not.
    """
    for place, column in enumerate(columns):
        values, known = found.get(column), trained.get(column)
        if values is None or known is None or values == known:
            continue
        positions = np.array([known.index(v) if v in known else -1 for v in values], np.float32)
        cells = x[:, place]
        filled = ~np.isnan(cells)
        own = cells[filled].astype(int)
        cells[filled] = positions[own]
        if (cells == -1).any():
            row = int((cells == -1).argmax())
            value = values[own[np.count_nonzero(filled[:row])]]
            raise BadRequest(
                f"{name}: {row_name(ids, row)}, column {shown(column)!r} has {shown(value)!r}, "
                f"which the training had not; it had {some(known)}"
            )


def row_name(ids: np.ndarray | None, row: int) -> str:
    """What a message calls a row: by its number in the file, or by its id."""
    known = row + 1 if ids is None else ids[row]
    if isinstance(known, str):
        return f"the row with the id {shown(known)}"
    return f"row {int(known):,} of the data"


def some(texts) -> str:
    """The first few of them."""
    texts = list(texts)
    return ", ".join(map(shown, texts[:FEW])) + (", ..." if len(texts) > FEW else "")


def summary(x: np.ndarray, columns: dict[str, str], categories: dict[str, tuple[str, ...]]) -> str:
    """What the columns of a table [N, D] are, with their ranges, in a line."""
    numbers, others = len(columns) - len(categories), len(categories)
    kinds = [f"{numbers} number{'' if numbers == 1 else 's'}"] if numbers else []
    kinds += [f"{others} categor{'y' if others == 1 else 'ies'}"] if others else []
    told = []
    for name, column in list(zip(columns, x.T, strict=True))[:FEW]:
        gaps = int(np.isnan(column).sum())
        missing = f" ({gaps:,} missing)" if gaps else ""
        if name in categories:
            told.append(f"{shown(name)}: {some(categories[name])}{missing}")
        elif gaps < len(column):
            ends = np.nanmin(column), np.nanmax(column)
            whole = " (whole)" if columns[name] == "integer" else ""
            told.append(f"{shown(name)} {ends[0]:.6g} to {ends[1]:.6g}{whole}{missing}")
    return f"{', '.join(kinds)}: {'; '.join(told)}{'; ...' if len(columns) > FEW else ''}"
