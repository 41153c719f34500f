"""A table from its file: into memory, or where that would be much into the cache."""

import numpy as np

from aecli import memory
from aecli.datasets import ids, kept_tables
from aecli.datasets.rows import IN_PLACE_BYTES
from aecli.datasets.table_blocks import Gathered, InMemory, Stored
from aecli.datasets.table_part import Part, Roles
from aecli.datasets.table_texts import Coded
from aecli.errors import BadRequest, CannotWrite

SHARE = 8  # of the free memory: so much may the rows take there
SMALL = 2**26  # bytes that are read without asking whether they fit
TIMES = 4  # as much memory do rows need there until they are shared out and scaled


def read(stored: Stored, roles: Roles, cache: bool) -> Part:
    """All rows. cache: whether many may be kept. Raises BadRequest."""
    rows = stored.most_rows()
    size, free = 4 * rows * len(roles.features), memory.free()
    why = "dataset.cache=false"
    if size > min(IN_PLACE_BYTES, free // SHARE) and cache:
        try:
            return kept_tables.part(stored, roles, size)
        except CannotWrite as error:
            why = str(error)
    if TIMES * size > max(free, TIMES * SMALL):
        raise BadRequest(
            f"{stored.path}: {rows:,} rows of {len(roles.features):,} columns need about "
            f"{TIMES * size / 1e9:.1f} GB of memory, and {free / 1e9:.1f} GB are free ({why})\n"
            f"with {1.1 * size / 1e9:.1f} GB of disc they are read from there: see to it that "
            "$XDG_CACHE_HOME, else ~/.cache, has these, and take dataset.cache=true"
        )
    return _in_memory(stored, roles, rows)


def _in_memory(stored: Stored, roles: Roles, most: int) -> Part:
    sink = InMemory(most, len(roles.features))
    found = Gathered(stored, roles, sink)
    if not found.rows:
        raise BadRequest(f"{stored.path} has no rows of data")
    label, named = None, None
    if roles.label is not None:
        label = Coded(np.array(found.labels), sink.beside("label"))
    if roles.id is not None:
        named = ids.Texts(sink.beside("letters"), sink.beside("ends"))
    return Part(str(stored.path), sink.x, found.categories, label, named)
