"""Imported by the server that forks warm jobs: all that a training imports, and nothing awake."""

import gc
import importlib
import os
import pkgutil
import signal
import sys

ENVIRONMENT = dict(os.environ)
PATH = list(sys.path)  # multiprocessing lays the parent's over it, with the folder of its script
ROOMS = ("datasets", "figures", "metrics", "networks", "samplers", "training.callbacks")
USED = (
    "aecli.commands.train",
    "aecli.dispatch",
    "aecli.fit.execute",
    "aecli.fit.resume",
    "aecli.training.best",
    "matplotlib.backends.backend_agg",
    "PIL.JpegImagePlugin",
    "sklearn.datasets",
)


def load() -> None:
    """Import what trainings need, TensorFlow first, without its chatter."""
    from aecli.console.quiet import import_tensorflow_quietly

    import_tensorflow_quietly(wake=False)
    for name in USED:
        importlib.import_module(name)
    for room in ROOMS:
        package = importlib.import_module(f"aecli.{room}")
        for module in pkgutil.iter_modules(package.__path__, f"aecli.{room}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()  # a job neither looks through it nor copies it


signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops the jobs
load()
