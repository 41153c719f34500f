"""TensorFlow, once a fit needs it."""

from typing import Any


def programs() -> Any:
    """The module that TensorFlow is behind, imported once it is needed, and without its chatter."""
    from aecli.console import quiet

    quiet.import_tensorflow_quietly()
    from aecli.sklearn import program

    return program
