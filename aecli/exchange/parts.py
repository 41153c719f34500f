"""A trained autoencoder as plain Keras models, arrays in and arrays out."""

import keras
from keras import ops

PARTS = ("encoder", "decoder", "autoencoder")


def part(model, name: str, stated_shapes: bool = False) -> keras.Model:
    """stated_shapes: for a converter that does not infer what up-sampling makes of a shape.

    encoder: images [B, H, W, C] -> codes [B, *code_shape], the posterior mean.

    decoder: codes -> expected images; autoencoder: images -> expected images. All float32.
    """
    takes_codes = name == "decoder"
    shape = model.code_shape if takes_codes else model.data_shape
    inputs = keras.Input(shape, name="code" if takes_codes else "image")
    code = inputs if takes_codes else model.infer(inputs)["z"]
    output = code
    if name != "encoder":
        decoder = _with_stated_shapes(model.decoder) if stated_shapes else model.decoder
        output = model.reconstruction_loss.mean(decoder(code))
    return keras.Model(inputs, ops.cast(output, "float32"), name=name)


def _with_stated_shapes(model: keras.Model) -> keras.Model:
    """The same layers, but for those that double an image."""

    def same(layer):
        doubles = type(layer) is keras.layers.UpSampling2D
        return _UpSampling2D.from_config(layer.get_config()) if doubles else layer

    return keras.models.clone_model(model, clone_function=same)


class _UpSampling2D(keras.layers.UpSampling2D):
    def call(self, x):
        return ops.reshape(super().call(x), (-1, *self.compute_output_shape(x.shape)[1:]))
