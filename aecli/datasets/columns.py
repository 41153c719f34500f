"""The columns of a table, by name: their types, and their order in a training."""

import numpy as np

from aecli.datasets.source_file import shown
from aecli.datasets.splits import Array
from aecli.errors import BadRequest


def column_types(names: list[str] | None, values: np.ndarray) -> dict[str, str] | None:
    """{name: integer or number} of the columns of values [N, D]; None where names are missing."""
    if names is None or len(set(names)) < len(names):
        return None
    if values.dtype.kind != "f":
        return dict.fromkeys(names, "integer")
    whole = (values == np.floor(values)).all(axis=0)
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
        return x, "no column has a name of the training's: they are matched by their position"
    if missing:
        unknown = [column for column in found if column not in trained]
        more = f"; it has {shown(unknown[0])}, which the training had not" if unknown else ""
        raise BadRequest(f"{name} lacks the column {shown(missing[0])} of the training{more}")
    places = {column: i for i, column in enumerate(found)}
    flat = x[:].reshape(len(x), -1)[:, [places[column] for column in trained]]
    return flat.reshape(x.shape), "columns put into the training's order"
