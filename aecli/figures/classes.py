"""Classes told apart by colours, and by marks where they are many, and a legend of their names."""

import dataclasses

import numpy as np
from matplotlib.lines import Line2D

from aecli.figures import style
from aecli.figures.palettes import PETROFF, of_classes

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
MOST = len(PETROFF) * len(MARKS)  # classes that are told apart
NUMBERS = 20  # labels without names: more are shown as what they are, numbers
BESIDE, SHORT = 14, 12  # names of so many letters, that stand at the right
OTHER = "0.8"


@dataclasses.dataclass(frozen=True)
class Classes:
    """index: [N] of each example's class; names, colours and marks: of each class.

    The classes beyond MOST, the rarest, are one: the last, in grey.
    """

    index: np.ndarray
    names: list[str]
    colours: list[str]
    marks: list[str]

    def legend(self, figure) -> None:
        """All names: at the right where they are few and short, else below."""
        handles = [
            Line2D([], [], color=colour, marker=mark, linestyle="none")
            for colour, mark in zip(self.colours, self.marks, strict=True)
        ]
        few = len(self.names) <= BESIDE and max(map(len, self.names)) <= SHORT
        how = {"frameon": False, "handletextpad": 0.3}
        if few and style.width() >= style.NARROW:
            figure.legend(handles, self.names, loc="outside right center", **how)
            return
        style.legend_below(figure, handles, self.names, **how)


def classes(labels: np.ndarray, names: tuple[str, ...] | None) -> Classes | None:
    """How integer labels [N] are told apart; None: many numbers without names, that are no classes.

    names: of the labels 0, 1, ..., None where they have none.
    """
    values, index, counts = np.unique(labels, return_inverse=True, return_counts=True)
    known = names if names and values.min() >= 0 and values.max() < len(names) else None
    if known is None and len(values) > NUMBERS:
        return None
    texts = [known[v] if known else str(v) for v in values]
    marks = [MARKS[i // len(PETROFF) % len(MARKS)] for i in range(len(values))]
    if len(values) <= MOST:
        return Classes(index, texts, of_classes(len(values)), marks)
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST - 1])
    place = np.full(len(values), MOST - 1)
    place[kept] = np.arange(MOST - 1)
    texts = [*(texts[v] for v in kept), f"{len(values) - len(kept)} others, rarer"]
    return Classes(place[index], texts, [*of_classes(MOST - 1), OTHER], [*marks[: MOST - 1], "o"])
