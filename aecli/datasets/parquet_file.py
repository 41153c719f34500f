"""A Parquet file: what it declares is checked first, and it is read a piece at a time."""

import collections
import contextlib
import importlib.util
import pathlib
from collections.abc import Iterator

import numpy as np

from aecli.datasets.labels import LONGEST
from aecli.datasets.source_file import MAX_BYTES, check_unpacked, shown
from aecli.errors import BadRequest

BLOCK = 2**20  # values at a time
READ_AT_ONCE = 2**20  # bytes of a column
WAY = "written without encodings and compression, or as .npy"


def read_names(file: pathlib.Path) -> list[str]:
    """The names of the columns. Raises BadRequest."""
    with opened(file) as stored:
        return list(stored.schema_arrow.names)


def read_columns(file: pathlib.Path) -> dict[str, np.ndarray]:
    """{name: [N]} of the columns of numbers; others are passed over. Raises BadRequest."""
    with opened(file) as stored:
        fields = stored.schema_arrow
        names = [field.name for field in fields if _dtype(field.type) is not None]
        count = stored.metadata.num_rows
    if not names:
        return {}
    check_columns(file, names, None)
    return dict(zip(names, read_pixels(file, names, np.arange(count)).T, strict=True))


def check_columns(file: pathlib.Path, pixels: list[str], label: str | None) -> int:
    """The number of rows, of which each column has a value. Raises BadRequest."""
    with opened(file) as stored:
        fields = stored.schema_arrow
        for name in pixels:
            if _dtype(fields.field(name).type) is None:
                raise BadRequest(
                    f"{file}: column {shown(name)} is no number; name the label's: "
                    "dataset.label=NAME"
                )
        width = len(pixels) * _common(fields, pixels).itemsize + 8 * (label is not None)
        return check_size(file, stored, width)


def check_size(file: pathlib.Path, stored, width: int, most: int = MAX_BYTES) -> int:
    """The number of rows, of `width` bytes each in memory, `most` in all. Raises BadRequest."""
    about = stored.metadata
    if about.num_rows == 0:
        raise BadRequest(f"{file} has no rows of data")
    names = collections.Counter(stored.schema_arrow.names)
    twice = [name for name, n in names.items() if n > 1]
    if twice:
        raise BadRequest(f"{file} has two columns called {shown(twice[0])}")
    stated = sum(about.row_group(i).total_byte_size for i in range(about.num_row_groups))
    unpacked = max(stated, about.num_rows * width)
    if unpacked > most:
        raise BadRequest(f"{file} unpacks to more than {most / 2**30:.0f} GiB")
    check_unpacked(str(file), unpacked, file.stat().st_size, WAY)
    return about.num_rows


def read_pixels(file: pathlib.Path, names: list[str], positions: np.ndarray) -> np.ndarray:
    """[n, columns] of the rows at these positions; the others' groups are not read."""
    order = np.argsort(positions)
    wanted, done, first = positions[order], 0, 0
    with opened(file) as stored:
        dtype = _common(stored.schema_arrow, names)
        values = np.empty((len(positions), len(names)), dtype)
        for group in range(stored.metadata.num_row_groups):
            last = first + stored.metadata.row_group(group).num_rows
            if done < len(wanted) and wanted[done] < last:
                for start, batch in _batches(stored, file, group, names):
                    start += first
                    stop = int(np.searchsorted(wanted, start + batch.num_rows))
                    rows = wanted[done:stop] - start
                    for i, column in enumerate(batch.columns):
                        values[order[done:stop], i] = _numbers(column)[rows]
                    done = stop
            if done < len(wanted) and wanted[done] < last:
                raise BadRequest(f"{file} is damaged: it has fewer rows than it declares")
            first = last
    return values


def read_label(file: pathlib.Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """(the different labels, positions [N] in them). Raises BadRequest."""
    known: dict = {}
    numbers = []
    with opened(file, [name]) as stored:
        for group in range(stored.metadata.num_row_groups):
            for _, batch in _batches(stored, file, group, [name]):
                column = batch.columns[0]
                if not hasattr(column, "dictionary"):
                    column = column.dictionary_encode()
                places = [_number(file, known, text) for text in column.dictionary.to_pylist()]
                numbers.append(np.array(places, np.int64)[column.indices.to_numpy()])
    texts = np.array(list(known))
    return texts.astype(str) if texts.dtype.kind == "O" else texts, np.concatenate(numbers)


def _number(file: pathlib.Path, known: dict, text) -> int:
    if isinstance(text, str) and len(text) > LONGEST:
        raise BadRequest(f"{file} has a label of more than {LONGEST} characters")
    return known.setdefault(text, len(known))


def _batches(stored, file: pathlib.Path, group: int, names: list[str]) -> Iterator[tuple]:
    """(first row in the group, record batch with these columns in this order)"""
    start, size = 0, max(1, BLOCK // len(names))
    for batch in stored.iter_batches(size, row_groups=[group], columns=names):
        for name, column in zip(names, batch.columns, strict=True):
            if column.null_count:
                raise BadRequest(f"{file}: column {shown(name)} has missing values; fill them in")
        yield start, batch
        start += batch.num_rows


def _numbers(column) -> np.ndarray:
    column = column.dictionary_decode() if hasattr(column, "dictionary") else column
    return column.to_numpy(zero_copy_only=False)


def _dtype(kind) -> np.dtype | None:
    """Of a column of numbers or truth values, None for others."""
    from pyarrow import types

    kind = kind.value_type if types.is_dictionary(kind) else kind
    if types.is_boolean(kind) or types.is_integer(kind) or types.is_floating(kind):
        return np.dtype(kind.to_pandas_dtype())
    return None


def _common(fields, names: list[str]) -> np.dtype:
    """The type that holds the values of all these columns."""
    return np.result_type(*{_dtype(fields.field(name).type) for name in names})


@contextlib.contextmanager
def opened(file: pathlib.Path, as_dictionary: list[str] | None = None) -> Iterator:
    """as_dictionary: columns whose texts are read once each. Raises BadRequest."""
    if importlib.util.find_spec("pyarrow") is None:
        raise BadRequest("Parquet needs: pip install 'aecli[parquet]'")
    import pyarrow
    from pyarrow import parquet

    try:
        # pre_buffer, the default, holds every column of every group until the file is closed
        how: dict = {"pre_buffer": False, "buffer_size": READ_AT_ONCE}
        with parquet.ParquetFile(file, read_dictionary=as_dictionary, **how) as stored:
            yield stored
    except (pyarrow.ArrowException, OSError, UnicodeError, TypeError) as error:
        raise BadRequest(f"{file} is damaged, or no Parquet file: {shown(error)}") from None
