"""Early stopping that says why and which knob."""

import logging
from typing import Annotated, Any

import keras
from pydantic import Field

from aecli.training.remembered import Remembered

log = logging.getLogger("aecli")


class EarlyStopping(Remembered, keras.callbacks.EarlyStopping):
    """Stop once val_loss has not improved by min_delta for `patience` epochs."""

    remembered = ("wait", "stopped_epoch", "best", "best_epoch")

    def __init__(
        self,
        patience: Annotated[int, Field(ge=0, description="epochs")],
        min_delta: Annotated[float, Field(ge=0, description="nats an image")] = 0.0,
        monitor: str = "val_loss",
    ):
        number: Any = min_delta  # where Keras's own default is a whole one
        super().__init__(monitor=monitor, patience=patience, min_delta=number, mode="min")

    def on_train_end(self, logs=None):
        if self.stopped_epoch:
            log.info(
                "stop   epoch %d: %s did not improve for %d epochs (best %.5g at epoch %d); "
                "change: callbacks.early_stopping.patience=%d",
                self.stopped_epoch + 1, self.monitor, self.patience, self.best,
                self.best_epoch + 1, 2 * self.patience,
            )  # fmt: skip
