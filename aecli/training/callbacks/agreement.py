"""Several workers go on from the same numbers, and stop after the same step."""

import signal

import keras


class Agreement(keras.callbacks.Callback):
    """Gives all workers the same logs. A signal to one worker is one to all.

    received: the signal that all of them know of, None until then.
    """

    def __init__(self, replicas, signals):
        super().__init__()
        self._replicas, self._signals = replicas, signals
        self.received: int | None = None

    def on_train_batch_end(self, batch, logs=None):
        self._agree({})

    def on_epoch_end(self, epoch, logs=None):
        logs.update(self._agree({k: v for k, v in logs.items() if isinstance(v, float)}))

    def _agree(self, values: dict[str, float]) -> dict[str, float]:
        mine = self._signals.received
        agreed = self._replicas.mean(values | {"signals": float(mine is not None)})
        if agreed.pop("signals"):
            self.received = mine or signal.SIGTERM
        return agreed
