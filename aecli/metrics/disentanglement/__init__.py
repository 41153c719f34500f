"""Scores of disentanglement: pure functions of codes and of the factors that they stand for."""
