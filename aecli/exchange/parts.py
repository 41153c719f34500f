"""A trained autoencoder as plain Keras models, arrays in and arrays out."""

import keras
from keras import ops

from aecli.datasets.learnt import Learnt
from aecli.models.batch import Batch

PARTS = ("encoder", "decoder", "autoencoder")


def part(model, name: str, learnt: Learnt, stated_shapes: bool = False) -> keras.Model:
    """A model that takes and gives images as the training's files have them, all float32.

    encoder: images [B, H, W, C] -> codes [B, *stored_shape], the posterior mean, or int32 of a
    codebook; decoder: codes -> expected images; autoencoder: images -> expected images. learnt: the
    unit and the scaling, which become layers. stated_shapes: for a converter that does not infer
    what up-sampling makes of a shape.
    """
    if name == "decoder":
        inputs, code = _codes(model)
    else:
        inputs = keras.Input(model.data_shape, name="image")
        out = model.infer(Batch(prepared(inputs, learnt), None))
        code = out["z"]
    if name == "encoder":
        return keras.Model(inputs, out.get("indices", ops.cast(code, "float32")), name=name)
    decoder = _with_stated_shapes(model.decoder) if stated_shapes else model.decoder
    output = raw(model.reconstruction_loss.mean(decoder(model.decoder_input(code))), learnt)
    return keras.Model(inputs, ops.cast(output, "float32"), name=name)


def _codes(model):
    """-> the input of a decoder, codes as in a file, and these as the decoder takes them."""
    if model.codebook_size is None:
        inputs = keras.Input(model.code_shape, name="code")
        return inputs, inputs
    inputs = keras.Input(model.stored_shape, dtype="int32", name="code")
    vectors = keras.layers.Embedding(
        *model.codebook.vectors.shape, dtype="float32", name="codebook"
    )
    code = vectors(inputs)
    vectors.set_weights([model.codebook.vectors])
    return inputs, keras.layers.Reshape(model.code_shape)(code)


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


def _with_stated_shapes(model: keras.Model) -> keras.Model:
    """The same layers, but for those that double an image."""

    def same(layer):
        doubles = type(layer) is keras.layers.UpSampling2D
        return _UpSampling2D.from_config(layer.get_config()) if doubles else layer

    return keras.models.clone_model(model, clone_function=same)


class _UpSampling2D(keras.layers.UpSampling2D):
    def call(self, x):
        return ops.reshape(super().call(x), (-1, *self.compute_output_shape(x.shape)[1:]))
