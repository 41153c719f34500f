"""A lower learning rate once the validation loss stands still."""

from typing import Annotated

import keras
from pydantic import Field

from aecli.training.remembered import Remembered


class ReduceOnPlateau(Remembered, keras.callbacks.ReduceLROnPlateau):
    """learning_rate *= factor after `patience` epochs without improvement, down to `minimum`."""

    remembered = ("wait", "best", "cooldown_counter")

    def __init__(
        self,
        patience: Annotated[int, Field(ge=0, description="epochs")],
        factor: Annotated[float, Field(gt=0, lt=1, description="new rate / old rate")],
        minimum: Annotated[float, Field(ge=0, description="lowest learning rate")],
        monitor: str = "val_loss",
    ):
        super().__init__(monitor=monitor, patience=patience, factor=factor, min_lr=minimum)
