"""Windows of one long recording: where each begins, and what is known of its points."""

import dataclasses

import numpy as np

from aecli.errors import BadRequest

MOST_VALUES = 2**29  # 2 GiB in float32


@dataclasses.dataclass(frozen=True)
class Windows:
    """starts: [N], the first point of each window in the recording; length: points of a window.

    points: of the recording; labels: [points] int64 of its points, None where they have none.
    """

    starts: np.ndarray
    length: int
    points: int
    labels: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> "Windows":
        """Those at these positions."""
        return dataclasses.replace(self, starts=self.starts[rows])

    def of_points(self, scores: np.ndarray) -> np.ndarray:
        """Scores [N] of the windows -> [points]: the mean over the windows that hold a point.

        NaN for a point that no window holds.
        """
        held, total = np.zeros(self.points + 1), np.zeros(self.points + 1)
        for array, value in ((held, np.ones(len(scores))), (total, scores)):
            np.add.at(array, self.starts, value)
            np.add.at(array, self.starts + self.length, -value)
        held, total = np.cumsum(held)[:-1], np.cumsum(total)[:-1]
        return np.where(held > 0.5, total / np.maximum(held, 1), np.nan)

    def of_windows(self) -> np.ndarray | None:
        """The label of each window, [N]: the largest of its points'."""
        if self.labels is None:
            return None
        held = np.lib.stride_tricks.sliding_window_view(self.labels, self.length)
        return held[self.starts].max(axis=1)


def cut(name: str, x: np.ndarray, length: int, stride: int, labels=None):
    """A recording [T, C] -> its windows [N, 1, length, C], and where they are.

    One begins every `stride` points, and the last ends where the recording does. name: for
    messages; labels: [T] of the points. Raises BadRequest.
    """
    if len(x) < length:
        raise BadRequest(
            f"dataset.window={length}: {name} has {len(x):,} points\n"
            f"take fewer: dataset.window={max(2, len(x) // 10)}"
        )
    starts = np.arange(0, len(x) - length + 1, stride)
    if starts[-1] + length < len(x):
        starts = np.append(starts, len(x) - length)
    if (values := len(starts) * length * x.shape[1]) > MOST_VALUES:
        raise BadRequest(
            f"dataset.stride={stride}: {len(starts):,} windows of {length:,} points make "
            f"{values:,} numbers, more than {MOST_VALUES:,}\n"
            f"take dataset.stride={stride * 2} or more"
        )
    held = np.lib.stride_tricks.sliding_window_view(x, length, axis=0)[starts]  # [N, C, length]
    windows = Windows(starts, length, len(x), labels)
    return np.ascontiguousarray(held.transpose(0, 2, 1)[:, None]), windows


def before(windows: Windows, rows: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Those of the windows at `rows` that end before any at `later` begins."""
    return rows[windows.starts[rows] + windows.length <= windows.starts[later].min()]
