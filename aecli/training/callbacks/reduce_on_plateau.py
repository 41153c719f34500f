"""A lower learning rate once the validation loss stands still."""

import keras


class ReduceOnPlateau(keras.callbacks.ReduceLROnPlateau):
    """learning_rate *= factor after `patience` epochs without improvement, down to `minimum`."""

    def __init__(self, patience: int, factor: float, minimum: float, monitor: str = "val_loss"):
        super().__init__(monitor=monitor, patience=patience, factor=factor, min_lr=minimum)
