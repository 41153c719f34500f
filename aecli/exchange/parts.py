"""A trained autoencoder as plain Keras models, arrays in and arrays out."""

import contextlib
from collections.abc import Iterator

import keras
from keras import ops

from aecli.datasets.learnt import Learnt
from aecli.models.batch import Batch

PARTS = ("encoder", "decoder", "autoencoder")


def part(model, name: str, learnt: Learnt, stated_shapes: bool = False) -> keras.Model:
    """A model that takes and gives images as the training's files have them, all float32.

    encoder: images [B, H, W, C] -> codes [B, *code_shape], the posterior mean; decoder: codes ->
    expected images; autoencoder: images -> expected images. A model that is told labels takes them
    as a second input, [B] int32. learnt: the unit and the scaling, which become layers.
    stated_shapes: for a converter that does not infer what up-sampling makes of a shape.
    """
    takes_codes = name == "decoder"
    shape = model.code_shape if takes_codes else model.data_shape
    inputs = keras.Input(shape, name="code" if takes_codes else "image")
    label = None
    if model.label_count is not None:
        label = keras.Input((), dtype="int32", name="label")
    code = inputs
    if not takes_codes:
        code = model.infer(Batch(prepared(inputs, learnt), None, label=label))["z"]
    output = code
    if name != "encoder":
        with _stated_shapes(model) if stated_shapes else contextlib.nullcontext():
            output = raw(model.reconstruction_loss.mean(model.params(code, label)), learnt)
    inputs = inputs if label is None else [inputs, label]
    return keras.Model(inputs, ops.cast(output, "float32"), name=name)


def prepared(x, learnt: Learnt):
    """Images as in a file -> as the model takes them."""
    if learnt.unit == "bytes":
        x = keras.layers.Rescaling(1 / 255, name="bytes")(x)
    if learnt.scaling is not None:  # first the difference: of large numbers it is exact
        offset, divisor = learnt.scaling.offset, learnt.scaling.divisor
        x = keras.layers.Rescaling(1.0, (-offset).tolist(), name="offset")(x)
        x = keras.layers.Rescaling((1 / divisor).tolist(), name="scale")(x)
    if learnt.clips:
        x = keras.layers.ReLU(max_value=1.0, name="cut")(x)
    return x


def raw(x, learnt: Learnt):
    """What the model made -> as a file has it."""
    if learnt.scaling is not None:
        offset, divisor = learnt.scaling.offset, learnt.scaling.divisor
        x = keras.layers.Rescaling(divisor.tolist(), offset.tolist(), name="unscaled")(x)
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
