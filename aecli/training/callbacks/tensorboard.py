"""TensorBoard logs, where the package is installed."""

import importlib.util
import pathlib
from typing import Annotated

import keras
from pydantic import Field

from aecli.errors import BadRequest


class TensorBoard(keras.callbacks.TensorBoard):
    """Scalars (and weight histograms every `histogram_epochs`) into the run's tensorboard/."""

    def __init__(self, folder: str, histogram_epochs: Annotated[int, Field(ge=0)] = 0):
        if importlib.util.find_spec("tensorboard") is None:
            raise BadRequest(
                "callbacks=tensorboard needs the package: pip install 'aecli[tensorboard]'"
            )
        log_dir = str(pathlib.Path(folder) / "tensorboard")
        super().__init__(log_dir, histogram_freq=histogram_epochs, write_graph=False)
