"""What a person sees of the training: a bar on a terminal, one line an epoch in a pipe."""

import logging
import math
import sys
import time

import keras
from tqdm.contrib.logging import logging_redirect_tqdm
from tqdm.keras import TqdmCallback

from aecli.errors import RunFailed

log = logging.getLogger("aecli")
epoch_log = logging.getLogger("aecli.epochs")  # train.log always, the screen only in a pipe


class EpochLines(keras.callbacks.Callback):
    """One log line an epoch, * marks the best so far; a loss that is not finite ends the run."""

    def __init__(self, epochs: int, monitor: str = "val_loss"):
        super().__init__()
        self._epochs, self._monitor, self._best = epochs, monitor, math.inf

    def on_train_begin(self, logs=None):
        self._start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self._refuse_nan(epoch, logs)
        best = logs[self._monitor] < self._best
        self._best = min(self._best, logs[self._monitor])
        hidden = ("loss", "seconds", "learning_rate")
        terms = [k for k in logs if k not in hidden and not k.startswith("val_")]
        shown = ["loss", *(terms if len(terms) > 1 else []), "val_loss"]
        figures = "  ".join(f"{name} {logs[name]:.5g}" for name in shown)
        left = (time.perf_counter() - self._start) / (epoch + 1) * (self._epochs - epoch - 1)
        epoch_log.info(
            "epoch %*d/%d  %s  %.1fs  eta %s%s",
            len(str(self._epochs)), epoch + 1, self._epochs, figures, logs["seconds"],
            duration(left), " *" if best else "",
        )  # fmt: skip

    def _refuse_nan(self, epoch, logs):
        broken = [k for k, v in logs.items() if isinstance(v, float) and not math.isfinite(v)]
        if broken:
            raise RunFailed(
                f"epoch {epoch + 1}: {', '.join(broken)} is not finite; best.keras keeps the best "
                "epoch before it\nusually helps: a lower optimizer.learning_rate, "
                "optimizer.clipnorm=1, or data scaled to [0, 1] (dataset.scale=minmax)"
            )


class Bar(TqdmCallback):
    """tqdm's own bars with loss and val_loss alone, closed whatever ends the training."""

    def __init__(self, epochs: int, images: int, batch_size: int):
        super().__init__(epochs=epochs, data_size=images, batch_size=batch_size, verbose=1)
        for hook in ("on_epoch_end", "on_batch_end"):
            setattr(self, hook, _losses_only(getattr(self, hook)))

    def close(self):
        for bar in (self.epoch_bar, getattr(self, "batch_bar", None)):
            if bar is not None:
                bar.close()


def _losses_only(hook):
    def shorter(number, logs=None):
        hook(number, {k: v for k, v in (logs or {}).items() if k in ("loss", "val_loss")})

    return shorter


def show_bar() -> bool:
    return sys.stderr.isatty()


def above_the_bar():
    """While a bar is drawn, log lines go above it."""
    return logging_redirect_tqdm(loggers=[log])


def duration(seconds: float) -> str:
    """75 -> 1m15s."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}h{minutes:02d}m"
    return f"{minutes}m{seconds:02d}s" if minutes else f"{seconds}s"
