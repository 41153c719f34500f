"""aecli.train: a training in this process, stated in words or on data at hand."""

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from aecli import typed
from aecli.api.plainly import plainly
from aecli.api.run import Run
from aecli.api.words import words
from aecli.console.wanted import wanted
from aecli.errors import BadRequest
from aecli.fit import start
from aecli.io import kept_arrays

KERAS = ("validation_data", "validation_split")  # what its fit calls `validation`
Held = Any  # an array or frame, such a pair with its labels, a fraction, a count or a word


def train(
    X: Any = None,
    *settings: str | Mapping[str, Any],
    labels: Any = None,
    validation: Held = None,
    test: Held = None,
    model: str | None = None,
    dataset: str | None = None,
    network: str | None = None,
    loss: str | None = None,
    epochs: int | None = None,
    batch_size: int | None = None,
    latent_dim: int | Sequence[int] | None = None,
    learning_rate: float | None = None,
    seed: int | None = None,
    outputs: str | os.PathLike[str] = "outputs",
    folder: str | os.PathLike[str] | None = None,
    keep_data: bool = True,
    verbose: bool | int = True,
    **more: Any,
) -> Run:
    """Train an autoencoder as `aecli train` does, in this process; returns the finished run.

    X: the data, or the first of `settings` where it is a text or a dict.
      Arrays: [N, D] is a table of numbers; [N, H, W], [N, H, W, C] and bytes [N, D] are images,
      integers 0..255 meaning x/255; dataset="series" takes [N, T] and [N, T, C]. A data frame
      (pandas, polars) is a table with names; its texts are categories.
    settings: words as the command takes them ("model=vae", "network.hidden=[512,256]", "photos/"),
      or dicts of dotted keys.
    labels: [N] whole numbers or texts, or the name of a frame's column.
    validation: a fraction of the training data, a count, "test", or data of their own, which are
      the test part, too: X_val or (X_val, labels). None: a tenth. As in Keras it may be called
      validation_data or validation_split.
    test: a fraction, a count, "train" (nothing is held out), or data. None: a fifth.
    folder: of the run; None: <outputs>/<date>/<time>_<model>_<dataset>.
    keep_data: whether the file that X is trained from stays in <outputs>/data/. Without it the run
      takes new data, and cannot be resumed or evaluated on its own.
    verbose: False or 0: nothing is printed but warnings.
    more: epochs and the like are short for the everyday keys; of the others: steps, threads, noise,
      optimizer, schedule, callbacks, figures, metrics, augment, experiment, resume, replace,
      warm_start.

    Raises BadRequest before anything is trained, RunFailed when the training goes wrong.
    """
    if X is not None and isinstance(X, str | Mapping):
        X, settings = None, (X, *settings)
    with plainly():
        validation = _validation(validation, more)
    stated = {
        "model": model, "dataset": dataset, "network": network, "loss": loss, "epochs": epochs,
        "batch_size": batch_size, "latent_dim": latent_dim, "learning_rate": learning_rate,
        "seed": seed, "outputs": None if str(outputs) == "outputs" else str(outputs), **more,
    }  # fmt: skip
    place = None if folder is None else pathlib.Path(folder).expanduser()
    with plainly():
        kept = None
        if X is None:
            if any(one is not None for one in (labels, validation, test)):
                raise BadRequest("labels, validation and test belong to X, the data in memory")
            said = words(settings, stated)
        else:
            said, held_out = _sizes(words(settings, stated | {"dataset": None}), validation, test)
            option = dataset or _stated_option(said)
            root = typed.stated(said).get("outputs", "outputs")
            kept = kept_arrays.keep(root, X, labels, held_out, option)
            said = [word for word in said if not word.startswith("dataset=")] + kept.words
        try:
            with plainly("train", said):
                return _trained(said, place, bool(verbose))
        except BadRequest:  # nothing was trained
            if kept is not None:
                kept.remove()
            raise
        finally:
            if kept is not None and not keep_data:
                kept.remove()


def _trained(said: list[str], folder: pathlib.Path | None, verbose: bool) -> Run:
    asked = wanted(said, [], None)
    if asked.config.resume is not None:
        found = start.resume(str(asked.config.resume), asked.config, asked.overrides, verbose)
    else:
        found = start.train(asked.config, asked.names, asked.overrides, folder, verbose)
    if found is None:
        raise BadRequest("a worker of several machines is started by aecli train")
    return Run(found.folder)


def _sizes(said: list[str], validation: Held, test: Held) -> tuple[list[str], tuple | None]:
    """The words with the sizes of the parts, and the part that is held out as data."""
    held_out = None
    for key, value in (("validation_size", validation), ("test_size", test)):
        if value is None:
            continue
        if isinstance(value, str | float | int):
            said = [*said, f"dataset.{key}={value}"]
        elif held_out is not None:
            raise BadRequest(
                "validation and test are both data; one part can be: give test as data, and "
                "validation as a fraction, as validation=0.1"
            )
        else:
            held_out = _pair(value)
            said = [*said, "dataset.validation_size=test"] if key == "validation_size" else said
    return said, held_out


def _validation(stated: Held, more: dict[str, Any]) -> Held:
    """What is stated, also as Keras calls it; that is taken out of `more`."""
    for name in KERAS:
        if (value := more.pop(name, None)) is not None:
            if stated is not None:
                raise BadRequest(f"{name} and validation are one thing: state one of them")
            stated = value
    return stated


def _pair(value: Any) -> tuple[Any, Any]:
    """(data, labels or None)."""
    if isinstance(value, tuple):
        if len(value) != 2:
            raise BadRequest(f"a held-out part is X or (X, labels); got {len(value)} of them")
        return value
    return value, None


def _stated_option(said: list[str]) -> str | None:
    """The option of dataset among the words."""
    return next((w.partition("=")[2] for w in said if w.startswith("dataset=")), None)
