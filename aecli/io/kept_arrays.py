"""Arrays and data frames of a Python session -> files that a training reads as any others.

They are kept once, by their checksum, in <outputs>/data/: a run trained on them is resumed,
evaluated and drawn as one trained on a file, and trainings on the same array share the file.
"""

import dataclasses
import hashlib
import pathlib
from typing import Any

import numpy as np

from aecli import typed
from aecli.datasets.frames import is_frame
from aecli.errors import BadRequest
from aecli.files import made_folder, replacing
from aecli.io import tables

FOLDER = "data"
NAMES = ("x_train", "y_train", "x_test", "y_test")  # of dataset=npz and table
CHARACTERS = 16  # of the checksum, in a name


@dataclasses.dataclass(frozen=True)
class Kept:
    """words: the overrides that read them; new: the files that were not there before."""

    words: list[str]
    new: list[pathlib.Path]

    def remove(self) -> None:
        """Delete what was not there before."""
        for path in self.new:
            path.unlink(missing_ok=True)


def array(x: Any, name: str) -> np.ndarray:
    """Numbers as an array, whatever library holds them. Raises BadRequest."""
    found = np.asarray(x)
    if found.dtype.kind not in "buif":
        kind = type(x).__name__
        raise BadRequest(
            f"{name} is {kind} of {found.dtype}, not numbers; give an array of numbers "
            "[N, D], [N, H, W] or [N, H, W, C], or a data frame"
        )
    return found


def labels(y: Any, name: str = "labels") -> np.ndarray:
    """[N] of whole numbers, or of texts. Raises BadRequest."""
    found = np.asarray(y)
    if found.dtype.kind == "O" and all(isinstance(one, str) for one in found.flat):
        found = found.astype(str)
    if found.dtype.kind not in "buifU":
        raise BadRequest(f"{name} is {found.dtype}; labels are whole numbers or texts, [N]")
    return found


def keep(
    root: str | pathlib.Path, x: Any, y: Any = None, held_out: tuple[Any, Any] | None = None,
    option: str | None = None,
) -> Kept:  # fmt: skip
    """Write what is not there yet; returns the words of a training on it.

    y: labels [N], or the name of a frame's column; held_out: such a pair, the test part. option: of
    dataset, None: table for frames and for two axes but of bytes, else npz. Raises BadRequest,
    CannotWrite.
    """
    folder = pathlib.Path(root).expanduser() / FOLDER
    if is_frame(x):
        return _frames(folder, x, y, held_out, option)
    if isinstance(y, str):
        raise BadRequest(f"labels={y!r} names a column, and X is no data frame: give labels [N]")
    if held_out is not None and is_frame(held_out[0]):
        raise BadRequest("the held-out part is a data frame, and X is an array: give two alike")
    pairs = [("X", x, y)] + ([("the held-out X", *held_out)] if held_out is not None else [])
    arrays: dict[str, np.ndarray] = {}
    for place, (name, one, known) in enumerate(pairs):
        arrays[NAMES[2 * place]] = array(one, name)
        if known is not None:
            arrays[NAMES[2 * place + 1]] = labels(known)
    is_table = arrays["x_train"].ndim == 2 and arrays["x_train"].dtype != np.uint8
    path = folder / f"X_{_digest(arrays)}.npz"
    new = [] if path.exists() else [path]
    if new:
        made_folder(folder)
        with replacing(path) as temporary:
            tables.write_npz(temporary, arrays, compress=False)
    return Kept(_words(option or ("table" if is_table else "npz"), path), new)


def _frames(folder, x, y, held_out, option) -> Kept:
    words, new = [], []
    parts = [(x, y)] + ([] if held_out is None else [held_out])
    for place, (frame, known) in enumerate(parts):
        if not is_frame(frame):
            raise BadRequest("X is a data frame, and the held-out part an array: give two alike")
        held = _parquet(frame, known)
        path = folder / f"X_{hashlib.sha256(held).hexdigest()[:CHARACTERS]}.parquet"
        if not path.exists():
            new.append(path)
            made_folder(folder)
            with replacing(path) as temporary:
                temporary.write_bytes(held)
        if place:
            words.append(typed.override("dataset.test_path", str(path)))
        else:
            words += _words(option or "table", path)
    if isinstance(y, str):
        words.append(typed.override("dataset.label_column", y))
    return Kept(words, new)


def _words(option: str, path: pathlib.Path) -> list[str]:
    return [f"dataset={option}", typed.override("dataset.path", str(path))]


def _parquet(frame: Any, y: Any) -> memoryview:
    """A frame as the bytes of a file, its labels as the column label where they are beside it."""
    import pyarrow
    from pyarrow import parquet

    table = arrow(frame)
    if y is not None and not isinstance(y, str):
        if "label" in table.column_names:
            raise BadRequest("labels are given, and X has a column label: state labels='label'")
        found = labels(y)
        if len(found) != len(table):
            raise BadRequest(f"labels has {len(found):,} labels for {len(table):,} rows of X")
        table = table.append_column("label", pyarrow.array(found))
    elif isinstance(y, str) and y not in table.column_names:
        raise BadRequest(f"labels={y!r}: X has no such column; it has {table.column_names[:20]}")
    stream = pyarrow.BufferOutputStream()
    parquet.write_table(table, stream, compression="none")
    return memoryview(stream.getvalue())


def arrow(frame: Any, name: str = "X"):
    """A data frame as a pyarrow.Table, its index left out. Raises BadRequest."""
    import pyarrow
    from pyarrow import types

    try:
        if hasattr(frame, "to_arrow"):
            table = frame.to_arrow()
        else:
            table = pyarrow.Table.from_pandas(frame, preserve_index=False)
    except (pyarrow.ArrowException, TypeError, AttributeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise BadRequest(f"{name} is no table of numbers and texts: {first}") from error
    for place, field in enumerate(table.schema):
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        if types.is_string_view(kind):
            plain = table.column(place).cast(pyarrow.large_string())
            table = table.set_column(place, field.name, plain)
    return table.replace_schema_metadata(None)


def _digest(arrays: dict[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name, one in arrays.items():
        digest.update(f"{name} {one.dtype} {one.shape} ".encode())
        digest.update(np.ascontiguousarray(one).data)
    return digest.hexdigest()[:CHARACTERS]
