"""aecli: a workbench for autoencoders, on the command line and in Python.

    import aecli
    run = aecli.train("model=vae", "dataset=mnist", epochs=5)     # or aecli.train(X, model="vae")
    run = aecli.load("latest")
    codes = run.encode(X)

`import aecli` makes saved models loadable by plain Keras, and sets Keras to float32 and
channels_last, which they are made for; it imports neither Keras nor TensorFlow itself:

    import aecli, keras
    model = keras.models.load_model("outputs/.../checkpoints/best.keras")
"""

import importlib
import os
import pathlib
import sys
from typing import TYPE_CHECKING, Any

from aecli import with_keras

if TYPE_CHECKING:  # what __getattr__ gives
    from aecli import models as models
    from aecli.api.run import Run as Run
    from aecli.api.run import load as load
    from aecli.api.training import train as train
    from aecli.classes import *  # noqa: F403
    from aecli.errors import BadRequest as BadRequest
    from aecli.errors import NotApplicable as NotApplicable
    from aecli.errors import RunFailed as RunFailed

__version__ = "0.1.0"

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever keras.json says

# Keras finds a class only once its module is imported. The console script puts that off until a
# command needs it, so that `aecli --help` answers at once.
if pathlib.Path(sys.argv[0]).stem != "aecli" and "-m" not in sys.argv[:1]:
    with_keras.register()

HOMES = {  # what is imported when it is asked for: its module
    "BadRequest": "aecli.errors",
    "NotApplicable": "aecli.errors",
    "Run": "aecli.api.run",
    "RunFailed": "aecli.errors",
    "load": "aecli.api.run",
    "train": "aecli.api.training",
}


def __getattr__(name: str) -> Any:
    if name == "__all__":
        return sorted([*HOMES, *importlib.import_module("aecli.names").places()])
    if name in HOMES:
        return getattr(importlib.import_module(HOMES[name]), name)
    if name == "models":
        return importlib.import_module("aecli.models")
    if name[:1].isupper():  # VAE, MLP, MSE: a class that an option names
        return importlib.import_module("aecli.names").find(name)
    raise AttributeError(f"module 'aecli' has no attribute {name!r}")


def __dir__() -> list[str]:
    own = [name for name in globals() if not name.startswith("_")]
    classes = importlib.import_module("aecli.names").places()
    return sorted({*own, *HOMES, *classes, "models"})
