"""Figures: a run in, a Matplotlib figure out."""
