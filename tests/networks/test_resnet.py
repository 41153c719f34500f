"""The residual network beside the same stack of plain Keras layers."""

import keras
import numpy as np
import pytest
from keras import layers

from aecli import build

KINDS = {
    "group": [],
    "none": ["network.normalization=none", "network.activation=relu"],
    "attention": ["network.attention=true", "network.attention_heads=2", "network.blocks=2"],
}
FILTERS = [32, 16]  # two groups of 16 channels, and one


class Stack:
    """What the docstring describes, layer by layer."""

    def __init__(self, kind):
        self.has_norm, self.has_attention = kind != "none", kind == "attention"
        self.blocks = 2 if kind == "attention" else 1
        self.act = layers.Activation("relu" if kind == "none" else "silu")

    def norm(self, h):
        if not self.has_norm:
            return h
        return layers.GroupNormalization(h.shape[-1] // 16, epsilon=1e-5)(h)

    def add_blocks(self, h):
        for _ in range(self.blocks):
            f = h
            for bias in (not self.has_norm, True):
                f = self.act(self.norm(f))
                f = layers.Conv2D(h.shape[-1], 3, padding="same", use_bias=bias)(f)
            h = layers.Add()([h, f])
        return h

    def look_around(self, h):
        if not self.has_attention:
            return h
        _, rows, columns, channels = h.shape
        at = layers.Reshape((rows * columns, channels))(self.norm(h))
        at = layers.MultiHeadAttention(2, channels // 2, use_bias=False)(at, at)
        return layers.Add()([h, layers.Reshape((rows, columns, channels))(at)])

    def encoder(self, shape, size):
        h = image = keras.Input(shape)
        for filters in FILTERS:
            h = layers.Conv2D(filters, 3, strides=2, padding="same")(h)
            h = self.add_blocks(h)
        h = self.act(self.norm(self.look_around(h)))
        return keras.Model(image, layers.Dense(size)(layers.Flatten()(h)))

    def decoder(self, shape, size, sizes):
        z = keras.Input((size,))
        h = layers.Dense(sizes[1][0] * sizes[1][1] * FILTERS[1])(z)
        h = self.look_around(layers.Reshape((*sizes[1], FILTERS[1]))(h))
        h = layers.Conv2D(FILTERS[0], 1)(self.add_blocks(h))
        h = self.add_blocks(layers.UpSampling2D(2)(h)[:, : sizes[0][0], : sizes[0][1]])
        h = layers.UpSampling2D(2)(self.act(self.norm(h)))
        h = layers.Conv2D(shape[-1], 3, padding="same")(h)
        return keras.Model(z, h[:, : shape[0], : shape[1]])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(16, 12, 3), (11, 13, 2)])
def test_it_is_the_stack_that_it_says(compose, kind, shape):
    words = ["network=resnet", f"network.filters={FILTERS}".replace(" ", ""), "model.latent_dim=5"]
    model = build.model(compose(*words, *KINDS[kind]), shape)
    half = [-(-side // 2) for side in shape[:2]]
    quarter = [-(-side // 2) for side in half]
    rng = np.random.default_rng(0)
    stack = Stack(kind)
    pairs = [
        (model.encoder, stack.encoder(shape, 5), rng.random((3, *shape), dtype="float32")),
        (model.decoder, stack.decoder(shape, 5, (half, quarter)),
         rng.normal(size=(3, 5)).astype("float32")),
    ]  # fmt: skip
    for part, plain, x in pairs:
        weights = [rng.normal(0, 0.2, w.shape) for w in part.get_weights()]
        part.set_weights(weights)
        plain.set_weights(weights)
        found = part(x)
        found = found["z"] if isinstance(found, dict) else found
        np.testing.assert_allclose(found, plain(x), rtol=1e-3, atol=1e-4)


def test_groups_are_normalised_image_by_image(compose):
    """Brightness and contrast of one image leave the others' codes as they are."""
    model = build.model(compose("network=resnet", "network.filters=[8,4]"), (8, 8, 3))
    x = np.random.default_rng(0).random((4, 8, 8, 3), dtype="float32")
    brighter = np.concatenate([5 * x[:1] + 1, x[1:]])
    np.testing.assert_allclose(model.encode(x)[1:], model.encode(brighter)[1:], atol=1e-6)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_nothing_wide_is_as_large_as_the_image(compose, precision):
    words = ["network=resnet", f"trainer.precision={precision}"]
    model = build.model(compose(*words), (64, 64, 3))
    for part in (model.encoder, model.decoder):
        shapes = [layer.output.shape for layer in part.layers if len(layer.output.shape) == 4]
        assert {shape[-1] for shape in shapes if shape[1] == 64} == {3}
    x = np.zeros((2, 64, 64, 3), "float32")
    assert model.decoder(model.encode(x)).dtype == "float32"
    assert np.isfinite(model.reconstruct(x)).all()
