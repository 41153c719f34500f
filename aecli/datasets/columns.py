"""The columns of a table, by name: their types, and their order in a training."""

from collections.abc import Iterable

import numpy as np

from aecli.datasets.ids import Ids
from aecli.datasets.rows import BLOCK, Rows, changed, ends, in_blocks
from aecli.datasets.source_file import shown
from aecli.datasets.splits import Array
from aecli.errors import BadRequest

TYPES = ("integer", "number", "category", "count")
FEW = 6  # names of columns, or values of one, that are shown


def column_types(names: list[str] | None, values: Array) -> dict[str, str] | None:
    """{name: integer or number} of the columns of values [N, D]; None where names are missing.

    Gaps, NaN, do not count.
    """
    if names is None or len(set(names)) < len(names):
        return None
    if values.dtype.kind != "f":
        return dict.fromkeys(names, "integer")
    whole = np.ones(values.shape[1], bool)
    for rows in in_blocks(values, 2**20):
        if not whole.any():
            break
        block = rows[:, whole]
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
    order = np.array([places[column] for column in trained])

    def change(rows: np.ndarray) -> np.ndarray:
        return rows.reshape(len(rows), -1)[:, order].reshape(rows.shape)

    x = x if isinstance(x, Rows) and x.is_kept else x[:]
    ordered = x.mapped(change, x.dtype) if isinstance(x, Rows) else change(x)
    return ordered, "columns put into the training's order"


def recoded(
    name: str,
    x: Array,
    columns: Iterable[str],
    found: dict[str, tuple[str, ...]],
    trained: dict[str, tuple[str, ...]],
    ids: Ids | None,
) -> Array:
    """Rows x [N, ...] of D numbers, with the training's positions for their categories.

    columns: the names of the D; found, trained: {column: its values}; columns without values in
    the file stay as they are. Raises BadRequest, with row and column, for a value that the training
    had not.
    """
    lookups, unknown = {}, False
    for place, column in enumerate(columns):
        values, known = found.get(column), trained.get(column)
        if values is None or known is None or values == known:
            continue
        positions = [known.index(v) if v in known else -1 for v in values]
        lookups[place] = column, values, np.array(positions, np.float32)
        unknown |= -1 in positions
    if not lookups:
        return x

    def change(rows: np.ndarray) -> np.ndarray:
        made = rows.reshape(len(rows), -1).copy()
        for place, (*_, positions) in lookups.items():
            there = ~np.isnan(made[:, place])
            made[there, place] = positions[made[there, place].astype(int)]
        return made.reshape(rows.shape)

    step = max(1, BLOCK * len(x) // max(1, x.size))
    for start in range(0, len(x), step) if unknown else ():  # its rows may have been left out
        rows = x[start : start + step]
        made = change(rows).reshape(len(rows), -1)
        for place, (column, values, _) in lookups.items():
            if (made[:, place] == -1).any():
                row = int((made[:, place] == -1).argmax())
                value = values[int(rows.reshape(len(rows), -1)[row, place])]
                raise BadRequest(
                    f"{name}: {row_name(ids, start + row)}, column {shown(column)!r} has "
                    f"{shown(value)!r}, which the training had not; it had {some(trained[column])}"
                )
    return x.mapped(change, x.dtype) if isinstance(x, Rows) else change(x)


def row_name(ids: Ids | None, row: int) -> str:
    """What a message calls a row: by its number in the file, or by its id."""
    known = row + 1 if ids is None else ids[row]
    if isinstance(known, str):
        return f"the row with the id {shown(known)}"
    return f"row {int(known):,} of the data"


def some(texts) -> str:
    """The first few of them."""
    texts = list(texts)
    return ", ".join(map(shown, texts[:FEW])) + (", ..." if len(texts) > FEW else "")


def summary(x: Array, columns: dict[str, str], categories: dict[str, tuple[str, ...]]) -> str:
    """What the columns of a table [N, 1, D, 1] are, with their ranges, in a line."""
    numbers, others = len(columns) - len(categories), len(categories)
    kinds = [f"{numbers} number{'' if numbers == 1 else 's'}"] if numbers else []
    kinds += [f"{others} categor{'y' if others == 1 else 'ies'}"] if others else []
    few = min(FEW, len(columns))
    found = ends(changed(x, lambda rows: rows[:, :, :few], (1, few, 1)))
    low, high, gaps = (values[0, :, 0] for values in found)
    told = []
    for i, name in enumerate(list(columns)[:FEW]):
        missing = f" ({gaps[i]:,} missing)" if gaps[i] else ""
        if name in categories:
            told.append(f"{shown(name)}: {some(categories[name])}{missing}")
        elif gaps[i] < len(x):
            whole = " (whole)" if columns[name] == "integer" else ""
            told.append(f"{shown(name)} {low[i]:.6g} to {high[i]:.6g}{whole}{missing}")
    return f"{', '.join(kinds)}: {'; '.join(told)}{'; ...' if len(columns) > FEW else ''}"
