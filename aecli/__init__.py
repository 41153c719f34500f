"""aecli: a command-line workbench for autoencoders.

`import aecli` makes saved models loadable by plain Keras, and sets Keras to float32 and
channels_last, which they are made for:

    import aecli, keras
    model = keras.models.load_model("outputs/.../checkpoints/best.keras")
"""

import importlib
import os
import pathlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what __getattr__ gives
    from aecli.classes import *  # noqa: F403

__version__ = "0.1.0"

os.environ["KERAS_BACKEND"] = "tensorflow"  # whatever keras.json says

# Keras finds a class only once its module is imported. The console script puts that off until a
# command needs it, so that `aecli --help` answers at once.
if pathlib.Path(sys.argv[0]).stem != "aecli" and "-m" not in sys.argv[:1]:
    from aecli import models as models
    from aecli.pinned import pin_keras

    pin_keras()


def __getattr__(name: str) -> Any:
    """The classes of models, networks, latents and losses, once one is asked for."""
    if name == "__all__":
        return [one for one in __dir__() if not one.startswith("_")]
    if name[:1].isupper():
        return importlib.import_module("aecli.names").find(name)
    raise AttributeError(f"aecli has no {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *importlib.import_module("aecli.names").places()})
