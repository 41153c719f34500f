"""What a Keras user types: classes by name, compile, fit, predict, evaluate."""

import inspect
import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
import write_classes

import aecli
from aecli import AE, CVAE, MLP, MSE, VAE, BadRequest, FactorVAE, NotApplicable, names

BYTES = np.random.default_rng(0).integers(0, 256, (60, 8, 8)).astype("uint8")
FLOATS = BYTES / 255.0


@pytest.fixture(scope="module")
def vae():
    model = VAE(network=MLP(widths=[16]), latent_dim=2)
    model.compile("adam", run_eagerly=False, jit_compile=False)
    model.fit(BYTES, epochs=1, verbose=0)
    return model


def test_shapes_and_types_are_taken_as_they_come(vae):
    assert vae.data_shape == (8, 8, 1)
    made = vae.predict(BYTES, verbose=0)
    assert made.shape == BYTES.shape
    assert 0 <= made.min() <= made.max() <= 1
    with_channels = vae.predict(FLOATS[..., None], verbose=0)
    np.testing.assert_allclose(with_channels[..., 0], made, atol=1e-6)
    np.testing.assert_allclose(vae.encode(BYTES), vae.encode(FLOATS[..., None]), atol=1e-6)
    loss = vae.evaluate(BYTES, verbose=0, return_dict=True)
    assert loss["loss"] == pytest.approx(loss["reconstruction"] + loss["kl"], rel=1e-5)
    assert loss["loss"] == pytest.approx(vae.score(FLOATS)["loss"].mean(), rel=0.01)


def batches():
    yield BYTES[:30]
    yield BYTES[30:]


@pytest.mark.parametrize(
    "data",
    [
        lambda: {"x": BYTES, "y": BYTES, "validation_data": (BYTES, FLOATS)},
        lambda: {"x": tf.data.Dataset.from_tensor_slices(BYTES).batch(20)},
        lambda: {"x": batches(), "validation_data": BYTES},
        lambda: {"x": BYTES, "validation_split": 0.5},
    ],
)
def test_data_that_fit_takes(vae, data):
    history = vae.fit(**data(), epochs=1, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert ("val_kl" in history) == any("validation" in key for key in data())


def late():
    yield BYTES[:30]
    yield BYTES[30:, :5]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda m: m.fit(BYTES[:, :5], verbose=0), r"x has the shape \[N, 5, 8\]"),
        (lambda m: m.predict(BYTES[:, :5], verbose=0), r"takes \[N, 8, 8, 1\] or \[N, 8, 8\]"),
        (lambda m: m.fit(late(), verbose=0), r"x has the shape \[N, 5, 8\]"),
        (lambda m: m(BYTES[:, :5]), r"^x has the shape \[N, 5, 8\]; [^\n]*$"),
        (lambda m: m.train_on_batch(BYTES[:, :5]), r"x has the shape"),
        (lambda m: m.fit(BYTES, np.arange(60), verbose=0), "labels are handed over as"),
        (lambda m: m.fit(BYTES, validation_data=(BYTES[:, :5],)), "validation x has the shape"),
        (lambda m: m.fit(BYTES.astype("float32")), r"x is in \[0, 255\]"),
        (lambda m: m.fit(BYTES.astype("int64")), "numbers of the type int64"),
        (lambda m: m.fit(np.where(FLOATS > 0.99, np.nan, FLOATS)), "NaN or infinite"),
        (lambda m: m.fit(BYTES, sample_weight=np.ones(60)), "leave sample_weight out"),
        (lambda m: m.compile("adam", loss="mse"), "compile it without loss"),
        (lambda m: m.compile("adam", metrics=["mae"]), "compile it without metrics"),
    ],
)
def test_what_is_refused_in_a_line_or_two(vae, call, text):
    with pytest.raises(BadRequest, match=text) as refused:
        call(vae)
    assert len(str(refused.value).splitlines()) <= 2
    assert refused.value.__cause__ is None


def test_several_players_say_what_to_do_instead():
    model = FactorVAE(network=MLP(widths=[4]), latent_dim=2)
    model.compile("adam")
    with pytest.raises(NotApplicable, match=r'take aecli\.train\(x, model="factor_vae"\)'):
        model.fit(BYTES)


def test_labels_stand_beside_the_images():
    model = CVAE(network=MLP(widths=[4]), latent_dim=2, label_count=3)
    model.compile("adam", jit_compile=False)
    label = np.arange(60) % 3
    with pytest.raises(BadRequest, match="whole numbers from 0 to 2"):
        model.fit(BYTES, verbose=0)
    with pytest.raises(BadRequest, match="from 0 to 2"):
        model.fit({"image": BYTES, "label": label + 1}, verbose=0)
    model.fit({"image": BYTES, "label": label}, verbose=0)
    assert model.predict({"image": BYTES, "label": label}, verbose=0).shape == BYTES.shape


def test_a_table_and_a_file(tmp_path):
    rows = np.random.default_rng(0).normal(size=(50, 5))
    model = AE(network=MLP(widths=[4]), latent_dim=2, reconstruction_loss=MSE())
    model.compile("adam", jit_compile=False)
    model.fit(rows, epochs=1, verbose=0)
    made = model.predict(rows, verbose=0)
    assert made.shape == rows.shape
    model.save(tmp_path / "ae.keras")
    again = keras.models.load_model(tmp_path / "ae.keras")
    np.testing.assert_allclose(again.predict(rows, verbose=0), made, rtol=1e-5)
    assert again.compiled
    with pytest.raises(BadRequest, match=r"or \[N, 5\]"):
        model.predict(rows[:, :3], verbose=0)


def test_a_warm_up_counts_the_epochs():
    weights = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            weights.append(float(self.model.weight_at(self.model.epochs_done)))

    model = VAE(network=MLP(widths=[4]), latent_dim=2, warmup_epochs=4)
    model.compile("adam", jit_compile=False)
    model.fit(BYTES, batch_size=30, epochs=2, verbose=0, callbacks=Watch())
    np.testing.assert_allclose(weights, [0, 0.125, 0.25, 0.375])


def test_layers_that_are_not_made_yet():
    model = VAE(network=MLP())
    with pytest.raises(AttributeError, match="'encoder' yet: its layers are made for the first"):
        model.encoder  # noqa: B018
    with pytest.raises(TypeError, match="did you mean 'network'"):
        VAE(netwrok=MLP())


def test_every_class_by_its_name():
    for name, place in names.places().items():
        found = getattr(aecli, name)
        assert f"{found.__module__}.{found.__name__}" == place
        assert name in dir(aecli)
        shown = str(inspect.signature(found))
        assert "Annotated" not in shown
        assert "FieldInfo" not in shown
        assert "<factory>" not in shown
    assert {"VAE", "MLP", "MSE", "IAF", "GaussianLoss", "GaussianPosterior"} <= set(names.places())
    with pytest.raises(AttributeError, match="GaussianLoss and GaussianPosterior"):
        aecli.Gaussian  # noqa: B018
    assert not hasattr(aecli, "Nothing")


def test_each_setting_has_a_meaning():
    for name in names.places():
        _, _, settings = inspect.getdoc(getattr(aecli, name)).partition("Settings:")
        lines = settings.splitlines()[1:]
        meanings = [line.startswith("     ") for line in lines]
        assert meanings == [False, True] * (len(lines) // 2), name
    assert "beta: float = 1.0, >= 0\n        weight of the KL term" in inspect.getdoc(VAE)


def test_type_checkers_see_the_same_classes():
    """Else: python tests/support/write_classes.py."""
    assert write_classes.FILE.read_text(encoding="utf-8") == write_classes.text()


def test_names_are_told_without_tensorflow():
    code = "import aecli, sys; assert 'VAE' in dir(aecli); print('tensorflow' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
