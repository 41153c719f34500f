"""The columns of a table: what each holds, as in the file."""

import dataclasses

import numpy as np

from aecli.datasets.source import Source
from aecli.datasets.splits import Split

FAR = 10  # interquartile ranges from the median: of normal values, not one in 10^40 lies beyond
LEAST = 20  # rows from which on values tell something of a column


@dataclasses.dataclass(frozen=True)
class Column:
    """type: of datasets.columns.TYPES; low, middle, high: lowest value, median, highest value.

    values: how many different ones; missing: gaps; far: values beyond FAR interquartile ranges. Of
    a category, whose values have no order, low, middle and high are None. Of all parts together.
    """

    name: str
    type: str
    low: float | None
    middle: float | None
    high: float | None
    values: int
    missing: int
    far: int = 0
    counts_rows: bool = False  # each row has the number after that of another: an id

    @property
    def is_constant(self) -> bool:
        return self.values <= 1


def columns_of(source: Source, parts: dict[str, Split]) -> list[Column]:
    """Those of a table; [] of data that are none."""
    if source.kind != "table" and (source.columns is None or source.train.x.shape[1] != 1):
        return []
    rows = [part.x[:].reshape(len(part), -1) for part in parts.values()]
    x = np.concatenate(rows).astype(np.float32, copy=False)
    types = source.columns or {str(place): "number" for place in range(x.shape[1])}
    return [_column(name, kind, x[:, place]) for place, (name, kind) in enumerate(types.items())]


def twins_of(source: Source, parts: dict[str, Split], columns: list[Column]) -> dict[str, str]:
    """{column: an earlier one that has the same values}."""
    rows = [part.x[:].reshape(len(part), -1) for part in parts.values()]
    x = np.concatenate(rows).astype(np.float32, copy=False)
    first: dict[bytes, str] = {}
    found = {}
    for column, values in zip(columns, x.T, strict=True):
        known = first.setdefault(values.tobytes(), column.name)
        if known != column.name and not column.is_constant:
            found[column.name] = known
    return found


def _column(name: str, kind: str, x: np.ndarray) -> Column:
    there = x[~np.isnan(x)]
    different = np.unique(there)
    many, gaps = len(different), len(x) - len(there)
    if kind == "category" or not len(there):
        return Column(name, kind, None, None, None, many, gaps)
    lower, middle, upper = (float(q) for q in np.quantile(there.astype(float), [0.25, 0.5, 0.75]))
    reach = FAR * (upper - lower)
    far = int((np.abs(there - middle) > reach).sum()) if reach and len(there) >= LEAST else 0
    low, high = float(different[0]), float(different[-1])
    counts = kind == "integer" and len(x) == many >= LEAST and high - low == len(x) - 1
    return Column(name, kind, low, middle, high, many, gaps, far, counts)
