"""Scaling to [0, 1] or to mean 0 and standard deviation 1, by the training part alone."""

import numpy as np


class Scaler:
    """Statistics of x [N, H, W, C] float32, one a feature [H, W, C] or one for all values."""

    def __init__(self, x: np.ndarray, per: str):
        axes = 0 if per == "feature" else None
        self.low, high = x.min(axis=axes), x.max(axis=axes)
        constant = self.low == high
        self.mean = x.mean(axis=axes, dtype=np.float64).astype(np.float32)
        deviation = np.sqrt(np.square(x - self.mean).mean(axis=axes, dtype=np.float64))
        self.stddev = np.where(constant, 1, deviation).astype(np.float32)
        self.span = np.where(constant, 1, high - self.low).astype(np.float32)

    def __call__(self, x: np.ndarray, scale: str) -> np.ndarray:
        """minmax: (x - low) / (high - low); standard: (x - mean) / stddev. x, result: float32.

        A feature that is constant in the training part becomes 0 there. Under minmax, values
        beyond the training part's range are clipped to [0, 1], where cross-entropy is defined.
        """
        if scale == "minmax":
            return np.clip((x - self.low) / self.span, 0, 1)
        return (x - self.mean) / self.stddev
