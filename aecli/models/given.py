"""What a Keras user hands over: examples of several shapes and types, laid out for a model."""

from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from keras import ops

from aecli.errors import BadRequest

NO_LABEL = (
    "this model needs the label of each example: "
    'hand over {"image": x, "label": y}, y whole numbers from 0 to'
)


class Given(NamedTuple):
    """image: [B, ...]; label: [B] or None; draws: {name: [B, ...]}."""

    image: Any
    label: Any
    draws: dict[str, Any]


def parts(x) -> Given:
    """Of x alone, or of {"image": [B, ...], "label": [B], and the name of each draw}."""
    if not isinstance(x, dict):
        return Given(x, None, {})
    rest = dict(x)
    if "image" not in rest:
        raise BadRequest(f'the examples stand under the key "image"; got {", ".join(rest)}')
    return Given(rest.pop("image"), rest.pop("label", None), rest)


def data_shape(model, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    """[H, W, C] of examples of a shape: [H, W] has one channel, [D] is a row of a table.

    Of a network of series, [T, C] and [T]. Raises BadRequest for what no model takes.
    """
    network = model.network
    if len(shape) == 2 and (network.is_of_series or network.is_of_text):
        shape = (1, *shape)
    ways = {1: (1, *shape, 1), 2: (*shape, 1), 3: tuple(shape)}
    found = tuple(side for side in ways.get(len(shape), ()) if side)
    if len(found) < 3:
        raise BadRequest(
            "examples are [N, H, W, C] or [N, H, W] of images, [N, T, C] of series or [N, D] of a "
            f"table, N of them in all; one has the shape {list(shape)} here"
        )
    return found


def check_shape(model, shape: tuple[int | None, ...], name: str = "x") -> None:
    """Raises BadRequest for examples of a shape that the model does not take."""
    taken = tuple(model.data_shape)
    if _fits(shape, taken):
        return
    ways = [taken]
    ways += [taken[:2]] if taken[2] == 1 and taken[0] > 1 else []
    ways += [taken[1:]] if taken[0] == 1 else []
    ways += [taken[1:2]] if taken[0] == taken[2] == 1 else []
    shown = " or ".join(f"[N, {', '.join(map(str, way))}]" for way in ways)
    given = f"[N, {', '.join(map(str, shape))}]" if shape else "[N]"
    text = f"{name} has the shape {given}; this model takes {shown}"
    if name == "y":
        text += (
            "\ny is what is to come out, for example the clean images: leave it out where that is "
            'x itself; labels are handed over as {"image": x, "label": y}'
        )
    raise BadRequest(text)


def _fits(shape: tuple[int | None, ...], taken: tuple[int, ...]) -> bool:
    if taken[0] == 1 and len(shape) < 3:
        shape = (1, *shape)
    if taken[2] == 1 and len(shape) == 2:
        shape = (*shape, 1)
    return len(shape) == 3 and all(a is None or a == b for a, b in zip(shape, taken, strict=True))


def images(model, x, name: str = "x"):
    """A tensor of examples -> [B, *data_shape] float32, bytes as x / 255. Raises BadRequest."""
    check_shape(model, tuple(x.shape[1:]), name)
    check_type(model, x.dtype, name)
    scale = 255.0 if _name(x.dtype) == "uint8" else 1.0
    return ops.reshape(ops.cast(x, "float32"), (-1, *model.data_shape)) / scale


def check_type(model, dtype, name: str = "x") -> None:
    """Raises BadRequest for numbers whose unit is not known: whole ones that are no bytes."""
    kind = _name(dtype)
    if model.network.is_of_text or kind.startswith(("float", "bfloat", "bool")):
        return
    if kind == "uint8" and model.learnt is None:
        return
    if model.learnt is not None:
        raise BadRequest(
            "the model takes floats as in its training, bytes as x/255\n"
            "whole numbers as a file has them: model.raw.encode(x), model.raw.reconstruct(x)"
        )
    raise BadRequest(
        f"{name} has numbers of the type {kind}: take floats, or bytes (uint8), of which the model "
        'is given x / 255\nfor example x.astype("float32")'
    )


def check_values(model, x, name: str) -> None:
    """Of an array that is what is to come out. Raises BadRequest for what has no likelihood."""
    if model.network.is_of_text or not x.size:
        return
    if x.dtype == np.uint8:
        low, high = 0.0, 1.0
    else:
        low, high = float(np.min(x)), float(np.max(x))
    if not np.isfinite([low, high]).all():
        if model.has_gaps:
            return
        raise BadRequest(
            f"{name} has numbers that are NaN or infinite: fill or drop them\n"
            "series that end early are for aecli.train, which looks at the data first"
        )
    if model.reconstruction_loss.needs_unit_range and not (low >= 0 and high <= 1):
        raise BadRequest(
            f"{type(model.reconstruction_loss).__name__} is for data in [0, 1]; {name} is in "
            f"[{low:g}, {high:g}]\nscale it into [0, 1], or take reconstruction_loss=MSE()"
        )
    model.check_range(low, high)


def check_arrays(model, x, y=None, what: str = "x") -> None:
    """All that can be refused of a batch, or of a whole data set in memory. Raises BadRequest."""
    image, label, _ = parts(x)
    target = image if y is None else y
    for name, one in {what: image, "y": target}.items():
        check_shape(model, tuple(one.shape[1:]), name)
        check_type(model, one.dtype, name)
    check_values(model, np.asarray(target), what if y is None else "y")
    if model.label_count is None:
        return
    if label is None:
        raise BadRequest(f"{NO_LABEL} {model.label_count - 1}")
    model.labels(np.asarray(label), len(image))


def _name(dtype) -> str:
    return tf.as_dtype(dtype).name
