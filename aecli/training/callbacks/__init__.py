"""Keras callbacks of a run; each YAML of configs/callbacks names one."""
