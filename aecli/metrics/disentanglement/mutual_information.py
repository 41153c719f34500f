"""Mutual information of whole numbers, counted; in nats."""

import numpy as np


def discretised(codes: np.ndarray, bins: int = 20) -> np.ndarray:
    """Codes [n, D] -> the number [n, D] of the bin of each, 0 .. bins - 1.

    The bins of a code are equally wide and cover its own range; the last has both of its ends. A
    code that does not vary is in one bin. Source: disentanglement_lib, histogram_discretize, whose
    numbers begin with 1.
    """
    numbers = np.empty(codes.shape, np.int64)
    for d, code in enumerate(codes.T):
        edges = np.histogram_bin_edges(code, bins)
        numbers[:, d] = np.searchsorted(edges[1:-1], code, side="right")
    return numbers


def entropy(discrete: np.ndarray) -> np.ndarray:
    """The entropy of each column of whole numbers [n, K]: [K] nats, of the counted frequencies."""
    return np.array([_entropy(column) for column in discrete.T])


def mutual_information(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """I(code d; factor k) of whole numbers [n, D] and [n, K]: [D, K] nats.

    Of the counted frequencies, which is too high by about (bins - 1)(values - 1) / 2n nats where
    the two are independent (Miller 1955); exactly 0 where either does not vary.
    """
    rows, columns = ([_numbered(column) for column in a.T] for a in (codes, factors))
    return np.array([[_information(*row, *column) for column in columns] for row in rows])


def _entropy(column: np.ndarray) -> float:
    share = np.unique(column, return_counts=True)[1] / len(column)
    return float(-(share * np.log(share)).sum())


def _numbered(column: np.ndarray) -> tuple[np.ndarray, int]:
    """The place [n] of each among the values that there are, and how many those are."""
    values, places = np.unique(column, return_inverse=True)
    return places, len(values)


def _information(code: np.ndarray, rows: int, factor: np.ndarray, columns: int) -> float:
    joint = np.bincount(code * columns + factor, minlength=rows * columns).reshape(rows, columns)
    some = joint > 0
    ratio = len(code) * joint[some] / np.outer(joint.sum(1), joint.sum(0))[some]
    return float((joint[some] / len(code) * np.log(ratio)).sum())
