"""What a person sees of the training: a bar on a terminal, one line an epoch in a pipe."""

import importlib.util
import logging
import math
import sys
import time
import warnings
from typing import Any

import keras
from tqdm import TqdmWarning, tqdm

with warnings.catch_warnings():  # in a notebook without widgets, where ours are lines
    warnings.simplefilter("ignore", TqdmWarning)
    from tqdm.contrib.logging import logging_redirect_tqdm

from aecli.errors import Diverged
from aecli.training.remembered import Remembered

log = logging.getLogger("aecli")
FORMATS = {  # {characters of a line: what of the bar has room}; the losses always
    100: "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}"
    "{postfix}]",
    70: "{desc}: {percentage:3.0f}%|{bar}| {remaining} left{postfix}",
    0: "{desc}{percentage:4.0f}% {remaining}{postfix}",
}
epoch_log = logging.getLogger("aecli.epochs")  # train.log always, the screen only in a pipe


class EpochLines(Remembered, keras.callbacks.Callback):
    """One log line an epoch, * marks the best so far; a loss that is not finite ends the run.

    val_losses: of the finished epochs. checkpoint: what keeps the best one, asked before it does;
    None: by val_loss.
    """

    remembered = ("val_losses",)

    def __init__(self, epochs: int, checkpoint=None):
        super().__init__()
        self._epochs, self._checkpoint = epochs, checkpoint
        self.val_losses: list[float] = []

    def on_train_begin(self, logs=None):
        self._start, self._before = time.perf_counter(), len(self.val_losses)

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        refuse_nonfinite(self._epoch, logs)

    def on_epoch_end(self, epoch, logs=None):
        refuse_nonfinite(epoch, logs)
        kept = self._checkpoint
        is_best = logs["val_loss"] < min(self.val_losses, default=math.inf)
        if kept is not None:
            is_best = kept.measure(epoch, logs) < kept.best
        self.val_losses.append(logs["val_loss"])
        hidden = ("loss", "seconds", "learning_rate")
        terms = [k for k in logs if k not in hidden and not k.startswith("val_")]
        shown = ["loss", *(terms if len(terms) > 1 else []), "val_loss"]
        figures = "  ".join(f"{name} {logs[name]:.5g}" for name in shown)
        spent, done = time.perf_counter() - self._start, len(self.val_losses) - self._before
        left = spent / done * (self._epochs - epoch - 1)
        epoch_log.info(
            "epoch %*d/%d  %s  %.1fs  eta %s%s",
            len(str(self._epochs)), epoch + 1, self._epochs, figures, logs["seconds"],
            duration(left), " *" if is_best else "",
        )  # fmt: skip


def refuse_nonfinite(epoch: int, logs: dict[str, float] | None) -> None:
    """Raises Diverged, which names the terms, where one of the logs is not a finite number."""
    broken = [k for k, v in (logs or {}).items() if not math.isfinite(v)]
    if broken:
        terms = [name for name in broken if name not in ("loss", "val_loss")] or broken
        kept = "; best.keras keeps the best epoch before it" if epoch else ""
        raise Diverged(
            f"epoch {epoch + 1}: {', '.join(terms)} is not finite{kept}\n"
            "usually helps: a lower optimizer.learning_rate, "
            "optimizer.clipnorm=1, or data scaled to [0, 1] (dataset.scale=minmax)"
        )


class Bar(keras.callbacks.Callback):
    """One bar over the steps of the training, with the epoch, loss and val_loss."""

    def __init__(self, feed, steps: int, epochs: int, done: int = 0):
        super().__init__()
        self._feed, self._steps, self._epochs, self._done = feed, steps, epochs, done
        self._shown: dict[str, str] = {}
        self._bar: Any = None  # until the training begins

    def on_train_begin(self, logs=None):
        self._bar = _bar_class()(
            total=self._steps, initial=self._done, unit="step", dynamic_ncols=True
        )

    def on_epoch_begin(self, epoch, logs=None):
        self._bar.set_description_str(f"epoch {epoch + 1}/{self._epochs}", refresh=False)

    def on_train_batch_end(self, batch, logs=None):
        self._show(logs)
        self._bar.update(self._feed.steps_after(batch) - self._bar.n)

    def on_epoch_end(self, epoch, logs=None):
        self._show(logs)
        self._bar.refresh()

    def close(self) -> None:
        """Whatever ended the training."""
        if self._bar is not None:
            self._bar.close()

    def _show(self, logs):
        self._shown |= {k: f"{logs[k]:.4g}" for k in ("loss", "val_loss") if k in logs}
        self._bar.set_postfix(self._shown, refresh=False)
        if not _in_notebook():
            self._bar.bar_format = bar_format(self._bar.ncols)


def bar_format(columns: int | None) -> str:
    """tqdm's, for a line of so many characters; None: not known."""
    return next(text for least, text in FORMATS.items() if (columns or 100) >= least)


def show_bar(verbose: bool = True) -> bool:
    """Whether there is a terminal or a notebook to draw a bar on, and it is wanted."""
    return verbose and (sys.stderr.isatty() or _in_notebook())


def _in_notebook() -> bool:
    """Whether this is a notebook that can draw a bar of widgets."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    is_one = shell is not None and "IPKernelApp" in shell.config
    return is_one and importlib.util.find_spec("ipywidgets") is not None


def _bar_class() -> Any:
    if not _in_notebook():
        return tqdm
    from tqdm.auto import tqdm as of_notebook

    return of_notebook


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
