"""fit, evaluate and predict as Keras has them: what they are handed is looked at first."""

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from aecli.errors import BadRequest, NotApplicable
from aecli.models import given

OURS = (BadRequest, NotApplicable)
WEIGHTS = ("sample_weight", "class_weight")


def looked_at(method: Callable) -> Callable:
    """The method of keras.Model, once its arguments have been looked through.

    A model that does not know its data's shape yet is made for theirs. Raises BadRequest or
    NotApplicable, in a line or two, wherever inside of Keras they came up.
    """
    signature, name = inspect.signature(method), method.__name__

    @functools.wraps(method)
    def wrapper(model, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("_use_cached_eval_dataset"):  # inside of a fit, which has looked already
            return method(model, *args, **kwargs)
        bound = signature.bind(model, *args, **kwargs)
        asked, refused = bound.arguments, []
        try:
            _check_training(model, asked, name)
            for key in ("x", "validation_data"):
                if asked.get(key) is not None:
                    _look(model, asked, key, not name.startswith("predict"), refused)
            if name == "fit":
                _begin(model, asked)
            return method(*bound.args, **bound.kwargs)
        except Exception as error:
            if (ours := _ours(error) or next(iter(refused), None)) is not None:
                raise ours from None
            raise

    return wrapper


def plainly(method: Callable) -> Callable:
    """The method, with errors of ours as they are, without the lines that Keras adds to them."""

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except OURS as error:
            raise _ours(error) or error from None

    return wrapper


def _check_training(model, asked: dict[str, Any], name: str) -> None:
    kind = type(model)
    if len(model.players) > 1 and name in ("fit", "train_on_batch"):
        option = kind.__module__.rpartition(".")[2]
        raise NotApplicable(
            f"{kind.__name__} has an optimizer for each of {', '.join(model.players)}, which "
            f'Keras\'s fit has not: take aecli.train(x, model="{option}")'
        )
    for key in WEIGHTS:
        if asked.get(key) is not None:
            raise BadRequest(f"{kind.__name__} weighs all examples alike: leave {key} out")


def _look(model, asked: dict[str, Any], key: str, with_targets: bool, refused: list) -> None:
    """Look at the data of an argument; a generator is put back as it was. Raises BadRequest.

    refused: takes the error of a later batch of a generator, which TensorFlow makes a text of.
    """
    data = asked[key]
    if key == "validation_data" and isinstance(data, tuple | list):
        (x, y, weights), name = keras.utils.unpack_x_y_sample_weight(tuple(data)), "validation x"
    else:
        x, y, weights, name = data, asked.get("y") if key == "x" else None, None, "x"
    if weights is not None:
        raise BadRequest(f"{type(model).__name__} weighs all examples alike: leave them out")
    if not _is_of_arrays(x):
        check = functools.partial(_look_at_batch, model, name, with_targets)
        asked[key] = _looked_through(data, check, refused)
    else:
        _look_at_batch(model, name, with_targets, x, y)


def _look_at_batch(model, name: str, with_targets: bool, x: Any, y: Any = None, _=None) -> None:
    """Build the model for it, or refuse what it does not take. Raises BadRequest."""
    x, y = _arrays(x), _arrays(y)
    image = given.parts(x).image
    if not model.built:
        model.build(tuple(image.shape))
    if with_targets:
        given.check_arrays(model, x, y, name)
    else:
        given.check_shape(model, tuple(image.shape[1:]))
        given.check_type(model, image.dtype)


def _begin(model, asked: dict[str, Any]) -> None:
    """What a training of aecli does, too: a look at the data first, and how far it has come."""
    asked["callbacks"] = _with(asked.get("callbacks"), Progress())
    is_new = int(model.optimizer.iterations) == 0 if model.compiled else False
    image = given.parts(_arrays(asked["x"])).image
    if model.adapts_to and is_new and hasattr(image, "shape"):
        model.adapt(np.asarray(given.images(model, image[: model.adapts_to])))


def _is_of_arrays(x: Any) -> bool:
    return all(hasattr(one, "shape") for one in (x.values() if isinstance(x, dict) else [x]))


def _arrays(x: Any) -> Any:
    """With NumPy's arrays in the place of data frames, whose types are those of their columns."""
    if isinstance(x, dict):
        return {name: _arrays(one) for name, one in x.items()}
    return x.to_numpy() if hasattr(x, "to_numpy") else x


def _looked_through(data: Any, check: Callable, refused: list) -> Any:
    """The same data, the first batch looked at; of a generator each, as it comes."""
    if isinstance(data, types.GeneratorType):
        batches = (batch if isinstance(batch, tuple) else (batch,) for batch in data)
        check(*(first := next(batches)))
        return _again(first, batches, check, refused)
    if isinstance(data, tf.data.Dataset):
        check(*keras.utils.unpack_x_y_sample_weight(next(iter(data.take(1)))))
    elif isinstance(data, keras.utils.PyDataset):
        check(*keras.utils.unpack_x_y_sample_weight(data[0]))
    return data


def _again(first: Any, rest: Any, check: Callable, refused: list):
    yield first
    for batch in rest:
        try:
            check(*batch)
        except BadRequest as error:
            refused.append(error)
            raise
        yield batch


def _with(callbacks: Any, own: keras.callbacks.Callback) -> Any:
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(own)  # pyright: ignore[reportAttributeAccessIssue]  # it has it
        return callbacks
    return [own, *keras.tree.flatten(callbacks or [])]


def _ours(error: BaseException | None) -> Exception | None:
    """The error of ours that Keras or TensorFlow made another of, with lines of their own."""
    seen = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        following = error.__cause__ or error.__context__
        if isinstance(error, OURS) and not isinstance(following, OURS):
            return error
        error = following
    return None


class Progress(keras.callbacks.Callback):
    """Tells the model how many epochs are done, which annealed weights go by."""

    epoch = 0

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_begin(self, batch, logs=None):
        steps = self.params.get("steps")
        self.model.epochs_done.assign(self.epoch + (batch / steps if steps else 0.0))
