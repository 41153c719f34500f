"""Which columns of a table a row's reconstruction error comes from."""

import numpy as np


def shares(x: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Returns each column's share of its row's squared error: [N, ...] twice -> [N, D] in [0, 1].

    They sum to 1, but for a row without any error: 0.
    """
    squares = np.square(x - reconstruction, dtype=np.float64).reshape(len(x), -1)
    total = squares.sum(axis=1, keepdims=True)
    return np.divide(squares, total, out=np.zeros_like(squares), where=total > 0)


def named(found: np.ndarray, columns: list[str], most: int) -> dict[str, np.ndarray]:
    """Returns the columns in the order of their shares [N, D], the largest first, `most` of them.

    {"feature_1": [N] names, "share_1": [N] in [0, 1], "feature_2": ...}
    """
    order = np.argsort(-found, axis=1, kind="stable")[:, :most]
    names, ordered = np.array(columns), np.take_along_axis(found, order, axis=1)
    told = {}
    for i in range(order.shape[1]):
        told |= {f"feature_{i + 1}": names[order[:, i]], f"share_{i + 1}": ordered[:, i].round(6)}
    return told
