"""Figures of merit: an Evaluation of a run -> {name: value}."""
