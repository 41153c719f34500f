"""conv1d, lstm, gru, transformer: points that a series lacks change nothing, positions matter."""

import dataclasses

import keras
import numpy as np
import pytest
from options import SMALL

from aecli import build
from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest
from aecli.losses.base import of_points
from aecli.losses.gaussian import Gaussian
from aecli.losses.mse import MSE
from aecli.networks.points import sinusoids

NETWORKS = ["conv1d", "lstm", "gru", "transformer", "mlp"]
POINTS, CHANNELS = 12, 2


def series(n: int = 5) -> np.ndarray:
    """[n, 1, 12, 2], of which the second has 7 points."""
    x = np.random.default_rng(0).normal(size=(n, 1, POINTS, CHANNELS)).astype("float32")
    x[1, :, 7:] = np.nan
    return x


def with_gaps(model):
    shape = (1, POINTS, CHANNELS)
    model.learnt = Learnt(shape=shape, unit="other", range=(-4, 4), kind="series", gaps=True)
    return model


@pytest.fixture
def model(compose):
    def made(network: str, *words: str):
        words = (f"network={network}", *SMALL.get(network, []), "loss=mse", *words)
        return with_gaps(build.model(compose(*words), (1, POINTS, CHANNELS)))

    return made


@pytest.mark.parametrize("network", NETWORKS)
def test_the_loss_and_the_reconstruction_are_of_the_points_that_are_there(model, network):
    built, x = model(network), series()
    made = built.reconstruct(x)
    np.testing.assert_array_equal(np.isnan(made), np.isnan(x))
    error = np.nansum(np.square(x - made), axis=(1, 2, 3))
    np.testing.assert_allclose(built.score(x)["reconstruction"], error, rtol=1e-4)
    assert np.isfinite(built.encode(x)).all()


@pytest.mark.parametrize("network", NETWORKS)
def test_a_missing_point_gives_finite_gradients(model, network):
    import tensorflow as tf

    from aecli.models.batch import Batch

    built, x = model(network), series()
    with tf.GradientTape() as tape:
        batch = Batch(x, x)
        loss = tf.reduce_mean(built.objective(batch, built.forward(batch))[0])
    for variable, gradient in zip(
        built.trainable_variables, tape.gradient(loss, built.trainable_variables), strict=True
    ):
        assert np.isfinite(gradient).all(), variable.path


@pytest.mark.parametrize("network", ["lstm", "gru"])
def test_a_recurrent_code_is_that_of_the_short_series_alone(model, compose, network):
    """The state after 7 of 12 points, as Keras's own layer of the same weights has it."""
    built, x = model(network), series()
    kind = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[network]
    alone = kind(16)
    alone.build((None, 7, CHANNELS))
    recurrent = next(layer for layer in built.encoder.layers if isinstance(layer, kind))
    alone.set_weights(recurrent.get_weights())
    state = np.asarray(alone(x[1:2, 0, :7]))
    kernel, bias = built.encoder.get_layer("z").get_weights()
    np.testing.assert_allclose(built.encode(x)[1], (state @ kernel + bias)[0], atol=1e-5)


def test_a_transformers_code_does_not_see_what_is_missing(model):
    """As that of a network of 7 points with the same weights; the order of points matters."""
    built, x = model("transformer"), series()
    short = built.network.encoder((1, 7, CHANNELS), built.heads(), True)
    short.set_weights(built.encoder.get_weights())
    np.testing.assert_allclose(built.encode(x)[1], short(x[1:2, :, :7])["z"][0], atol=1e-5)
    turned = built.encode(x[:1, :, ::-1])
    assert np.abs(turned - built.encode(x[:1])).max() > 1e-3


def test_sinusoids_are_those_of_the_paper():
    found = sinusoids(30, 8)
    for t, i in ((0, 0), (7, 1), (29, 3)):
        angle = t / 10_000 ** (2 * i / 8)
        np.testing.assert_allclose(
            found[t, 2 * i : 2 * i + 2], [np.sin(angle), np.cos(angle)], atol=1e-6
        )


@pytest.mark.parametrize("loss", [MSE(), Gaussian()])
def test_a_loss_of_points_is_the_loss_where_all_are_there(loss):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 1, 6, 2)).astype("float32")
    params = rng.normal(size=(4, 1, 6, 2 * loss.params_per_channel)).astype("float32")
    np.testing.assert_allclose(of_points(loss, x, params), loss(x, params), rtol=1e-5)
    short = x.copy()
    short[:, :, 4:] = np.nan
    np.testing.assert_allclose(
        of_points(loss, short, params), loss(x[:, :, :4], params[:, :, :4]), rtol=1e-5
    )


@pytest.mark.parametrize("network", ["lstm", "gru", "transformer"])
def test_a_code_along_time_is_refused_in_a_line(compose, network):
    with pytest.raises(BadRequest, match="has a flat code"):
        build.model(compose(f"network={network}", "model.flat=false"), (1, 12, 2))


def test_conv1d_has_codes_along_time_of_any_length(compose):
    words = ["network=conv1d", "network.filters=[4,3]", "model.flat=false", "model.latent_dim=2"]
    for points, left in ((12, 3), (13, 4), (5, 2)):
        built = build.model(compose(*words), (1, points, 3))
        assert built.code_shape == (1, left, 2)
        assert built.reconstruct(np.zeros((2, 1, points, 3), "float32")).shape[2] == points


def test_heads_divide_the_width(compose):
    with pytest.raises(BadRequest, match=r"network.heads must divide network.width=64; got 3"):
        build.model(compose("network=transformer", "network.heads=3"), (1, 12, 2))


def test_a_file_of_plain_keras_is_the_same_model(model, tmp_path):
    for network in NETWORKS:
        built, x = model(network), series()
        built.learnt = dataclasses.replace(built.learnt)
        built.save(tmp_path / f"{network}.keras")
        again = keras.models.load_model(tmp_path / f"{network}.keras")
        assert again.has_gaps
        np.testing.assert_array_equal(again.reconstruct(x), built.reconstruct(x))
