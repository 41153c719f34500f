"""Finished runs side by side: what varies, means and intervals over seeds. TensorFlow-free."""

from aecli.comparison.report import leaderboard_of_sweep

__all__ = ["leaderboard_of_sweep"]
