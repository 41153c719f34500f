"""An .npy or .npz as a table: an array of two axes, [N, D], its columns called f0, f1 ..."""

import dataclasses
import pathlib

import numpy as np

from aecli.datasets.npz import Npz
from aecli.datasets.rows import Rows, changed
from aecli.datasets.splits import Array
from aecli.datasets.table_part import Part, Roles
from aecli.datasets.table_texts import Coded
from aecli.errors import BadRequest

LABEL = "y"  # what the labels beside an array are called here


@dataclasses.dataclass(frozen=True)
class ArrayTable:
    """names: f0 ... of the columns, then LABEL where the file has labels."""

    path: pathlib.Path
    names: list[str]

    how = "NumPy"
    texts = ()
    has_header = False
    usual_labels = (LABEL,)

    def parts(self, roles: Roles) -> list[Part]:
        """Its rows, and those of its test part where it has one. Raises BadRequest."""
        width = len(self.names) - (LABEL in self.names)
        source = Npz(path=str(self.path), shape=[1, width]).read()
        places = [int(name[1:]) for name in roles.features]
        ids = None if roles.id is None else int(roles.id[1:])
        made = []
        for part in (source.train, source.test):
            if part is None:
                continue
            label = None
            if roles.label == LABEL and part.labels is not None:
                names = source.label_names
                values, at = np.unique(part.labels, return_inverse=True)
                label = Coded(values if names is None else np.array(names)[values], at)
            known = None if ids is None else part.x[:][:, 0, ids, 0].astype(str)
            made.append(Part(str(self.path), _columns(part.x, places), {}, label, known))
        return made


def _columns(x: Array, places: list[int]) -> Array:
    """Of rows [N, 1, W, 1] some columns, [N, D] float32; what stays in its file is as well."""

    def change(rows: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # found as infinity
            return rows.reshape(len(rows), -1)[:, places].astype(np.float32)

    x = x if isinstance(x, Rows) and x.is_kept else x[:]
    return changed(x, change, (len(places),))


def is_table(path: pathlib.Path) -> bool:
    """Whether rows of numbers are stored, not images: two axes, and no bytes. Raises BadRequest."""
    header = Npz(path=str(path)).stored(path)
    return len(header.shape) == 2 and header.dtype != np.uint8


def read(path: pathlib.Path) -> ArrayTable:
    """What its header says. Raises BadRequest for an array of other than two axes."""
    reader = Npz(path=str(path))
    shape = reader.stored(path).shape
    if len(shape) != 2:
        raise BadRequest(
            f"{path} has an array of shape {list(shape)}; a table has two axes, [N, D]\n"
            "take dataset=npz for images, dataset=series for series"
        )
    names = [f"f{i}" for i in range(shape[1])]
    return ArrayTable(path, [*names, LABEL] if reader.has_labels(path) else names)
