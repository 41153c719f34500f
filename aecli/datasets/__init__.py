"""Data sets: one file and one YAML each; `load()` gives Splits of images and labels.

Nothing here imports TensorFlow, so that a bad file is refused at once; nothing is unpickled.
"""
