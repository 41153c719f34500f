"""Examples that are there more than once: within a part, and in two parts."""

import hashlib
import itertools

import numpy as np

from aecli.datasets.splits import BLOCK, Split

PARTS = dict[str, Split]  # those of train, val and test that are parts of their own


def digests(part: Split, ids: list[int]) -> np.ndarray:
    """A number [N] uint64 of each example: equal for equal examples, and for no others.

    ids: the columns of a table that do not count.
    """
    found = np.empty(len(part), np.uint64)
    for start in range(0, len(part), BLOCK):
        block = part.x[start : start + BLOCK]
        block = np.delete(block, ids, axis=2)
        if block.dtype.kind == "f":
            block = block + block.dtype.type(0)  # -0 is 0
        for place, one in enumerate(np.ascontiguousarray(block), start):
            digest = hashlib.blake2b(one.data, digest_size=8).digest()
            found[place] = int.from_bytes(digest, "little")
    return found


def within(known: dict[str, np.ndarray]) -> dict[str, int]:
    """{part: how many of its examples are copies of another of it}."""
    return {name: len(all_of) - len(np.unique(all_of)) for name, all_of in known.items()}


def between(known: dict[str, np.ndarray]) -> dict[tuple[str, str], int]:
    """{(earlier, later): how many examples of the later part are in the earlier one, too}."""
    return {
        (one, other): int(np.isin(known[other], known[one]).sum())
        for one, other in itertools.combinations(known, 2)
    }


def of_two_labels(parts: PARTS, known: dict[str, np.ndarray]) -> int:
    """How many different examples stand there with more than one label."""
    pairs = [
        np.stack([known[name], part.labels.astype(np.uint64)], axis=1)
        for name, part in parts.items()
        if part.labels is not None
    ]
    if not pairs:
        return 0
    labelled = np.unique(np.concatenate(pairs), axis=0)[:, 0]
    return len(np.unique(labelled[1:][labelled[1:] == labelled[:-1]]))
