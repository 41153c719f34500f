"""A trained autoencoder as plain Keras models, arrays in and arrays out."""

import contextlib
from collections.abc import Iterator

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from aecli.datasets import ranges
from aecli.datasets.learnt import Learnt
from aecli.datasets.quantiles import Quantiles
from aecli.io import coded_columns, quantile_layers
from aecli.models.batch import Batch

PARTS = ("encoder", "decoder", "autoencoder")


def part(model, name: str, learnt: Learnt, stated_shapes: bool = False) -> keras.Model:
    """A model that takes and gives images as the training's files have them, all float32.

    Rows of a table are [B, D] in the order of its columns, a category as the position of its value
    and a gap as NaN.

    encoder: images [B, H, W, C] -> codes [B, *stored_shape], the posterior mean, or int32 of a
    codebook; decoder: codes -> expected images; autoencoder: images -> expected images. A model
    that is told labels takes them as a second input, [B] int32. learnt: the unit and the scaling,
    which become layers. stated_shapes: for a converter that does not infer what up-sampling makes
    of a shape.
    """
    label = None
    if model.label_count is not None:
        label = keras.Input((), dtype="int32", name="label")
    if name == "decoder":
        inputs, code = _codes(model)
        output = code
    else:
        inputs = keras.Input(raw_shape(learnt), name="row" if is_table(learnt) else "image")
        out = model.infer(Batch(prepared(inputs, learnt), None, label=label))
        code, output = out["z"], out.get("indices", ops.cast(out["z"], "float32"))
    if name != "encoder":
        with _stated_shapes(model) if stated_shapes else contextlib.nullcontext():
            output = raw(model.expected(model.params(code, label)), learnt)
        output = ops.cast(output, "float32")
    return _frozen(keras.Model(inputs if label is None else [inputs, label], output, name=name))


def _frozen(model: keras.Model) -> keras.Model:
    """The same with what was worked out of the weights alone as arrays: ONNX would ask for it."""

    def call(operation, *args, **kwargs):
        args, kwargs = keras.tree.map_structure(  # pyright: ignore[reportGeneralTypeIssues]
            lambda value: value.numpy() if isinstance(value, tf.Tensor) else value, (args, kwargs)
        )
        return operation(*args, **kwargs)

    return keras.models.clone_model(model, clone_function=lambda layer: layer, call_function=call)


def _codes(model):
    """-> the input of a decoder, codes as in a file, and these as the decoder takes them."""
    if model.codebook_size is None:
        inputs = keras.Input(model.code_shape, name="code")
        return inputs, inputs
    inputs = keras.Input(model.stored_shape, dtype="int32", name="code")
    table = np.asarray(model.codebook.table())
    codebooks, size, depth = table.shape
    vectors = keras.layers.Embedding(codebooks * size, depth, dtype="float32", name="codebook")
    chosen = inputs if codebooks == 1 else inputs + np.arange(codebooks, dtype="int32") * size
    code = vectors(chosen) if codebooks == 1 else ops.sum(vectors(chosen), axis=-2)
    vectors.set_weights([table.reshape(-1, depth)])
    return inputs, keras.layers.Reshape(model.code_shape)(code)


def is_table(learnt: Learnt) -> bool:
    return learnt.spec.kind == "table"


def raw_shape(learnt: Learnt) -> tuple[int, ...]:
    """What an exported model takes for an example: [H, W, C], or [D] of a table."""
    return learnt.raw_shape[1:2] if is_table(learnt) else learnt.raw_shape


def prepared(x, learnt: Learnt):
    """Images as in a file -> as the model takes them."""
    if is_table(learnt):
        x = x if learnt.coding is None else coded_columns.coded(x, learnt.coding)
        x = keras.layers.Reshape(learnt.shape, name="as_image")(x)
    if learnt.unit == "bytes":
        x = keras.layers.Rescaling(1 / 255, name="bytes")(x)
    if learnt.unit in ranges.PAIRS:
        offset, divisor = ranges.PAIRS[learnt.unit]
        x = keras.layers.Rescaling(1 / divisor, -offset / divisor, name=learnt.unit)(x)
    if isinstance(learnt.scaling, Quantiles):
        x = quantile_layers.scaled(x, learnt.scaling)
    elif learnt.scaling is not None:  # first the difference: of large numbers it is exact
        offset, divisor = learnt.scaling.offset, learnt.scaling.divisor
        x = keras.layers.Rescaling(1.0, (-offset).tolist(), name="offset")(x)
        x = keras.layers.Rescaling((1 / divisor).tolist(), name="scale")(x)
    if learnt.clips:
        x = keras.layers.ReLU(max_value=1.0, name="cut")(x)
    return x


def raw(x, learnt: Learnt):
    """What the model made -> as a file has it."""
    if isinstance(learnt.scaling, Quantiles):
        x = quantile_layers.undone(x, learnt.scaling)
    elif learnt.scaling is not None:
        offset, divisor = learnt.scaling.offset, learnt.scaling.divisor
        x = keras.layers.Rescaling(divisor.tolist(), offset.tolist(), name="unscaled")(x)
    if is_table(learnt):
        x = keras.layers.Reshape((learnt.shape[1],), name="as_row")(x)
        x = x if learnt.coding is None else coded_columns.undone(x, learnt.coding)
    if learnt.unit in ranges.PAIRS:
        offset, divisor = ranges.PAIRS[learnt.unit]
        return keras.layers.Rescaling(divisor, offset, name=f"to_{learnt.unit}")(x)
    return keras.layers.Rescaling(255.0, name="to_bytes")(x) if learnt.unit == "bytes" else x


@contextlib.contextmanager
def _stated_shapes(model) -> Iterator[None]:
    """Inside, the model's decoder has the same layers, but for those that double an image."""

    def same(layer):
        doubles = type(layer) is keras.layers.UpSampling2D
        return _UpSampling2D.from_config(layer.get_config()) if doubles else layer

    attributes, decoder = vars(model), model.decoder  # past Keras, which would keep both
    attributes["decoder"] = keras.models.clone_model(decoder, clone_function=same)
    try:
        yield
    finally:
        attributes["decoder"] = decoder


class _UpSampling2D(keras.layers.UpSampling2D):
    def call(self, x):
        return ops.reshape(super().call(x), (-1, *self.compute_output_shape(x.shape)[1:]))
