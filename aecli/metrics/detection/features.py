"""Which columns of a table a row's reconstruction error comes from."""

import numpy as np

MOST = 3  # columns that are named of each row


def shares(x: np.ndarray, reconstruction: np.ndarray) -> np.ndarray:
    """Returns each column's share of its row's squared error: [N, ...] twice -> [N, D] in [0, 1].

    They sum to 1, but for a row without any error: 0.
    """
    squares = np.square(x - reconstruction, dtype=np.float64).reshape(len(x), -1)
    total = squares.sum(axis=1, keepdims=True)
    return np.divide(squares, total, out=np.zeros_like(squares), where=total > 0)


def named(found: np.ndarray, columns: list[str]) -> np.ndarray:
    """Returns the columns with the largest shares [N, D] as texts [N]: "area 61 %; radius 20 %"."""
    order = np.argsort(-found, axis=1, kind="stable")[:, :MOST]
    return np.array(
        [
            "; ".join(f"{columns[i]} {100 * row[i]:.0f} %" for i in places)
            for row, places in zip(found, order, strict=True)
        ]
    )
