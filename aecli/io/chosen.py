"""Labels as the user names them, among those of some images."""

from typing import overload

import numpy as np

Names = tuple[str, ...] | None


@overload
def chosen(labels: np.ndarray, names: Names, stated: list[int | str]) -> np.ndarray: ...


@overload
def chosen(labels: None, names: Names, stated: list[int | str]) -> None: ...


def chosen(labels: np.ndarray | None, names: Names, stated: list[int | str]) -> np.ndarray | None:
    """Which labels [N] are among the stated ones: [N] bool; None where there are no labels.

    A name counts before a number: of folders "1" and "2", which have the numbers 0 and 1, 1 means
    the first.
    """
    if labels is None:
        return None
    known = list(names or ())
    numbers = [known.index(str(one)) if str(one) in known else one for one in stated]
    return np.isin(labels, [number for number in numbers if isinstance(number, int)])


def listed(labels: np.ndarray, names: Names) -> str:
    """0 (T-shirt/top), 1 (Trouser) ...: the labels that are there, for a message."""
    present = np.unique(labels).tolist()
    shown = ", ".join(f"{n} ({names[n]})" if names else str(n) for n in present[:20])
    return f"{shown}{', ...' if len(present) > 20 else ''}"
