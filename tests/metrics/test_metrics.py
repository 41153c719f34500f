"""Metrics against Keras, TensorFlow and scikit-learn; none depends on the batches."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.decomposition import PCA

from aecli import build
from aecli.metrics import bounds
from aecli.metrics.base import Evaluation
from aecli.metrics.pixels import Pixels, pixel_errors
from aecli.metrics.posterior import Posterior
from aecli.metrics.ssim import Ssim


class Stub(Evaluation):
    """An evaluation, and its run, of a model on given images."""

    labels = None
    data_range = (0.0, 1.0)

    def __init__(self, model, x, target=None):
        self.model, self.run, self.is_noisy = model, self, target is not None
        self.x, self.target = x, x if target is None else target

    def examples(self, split, n=None, random=False):
        return self.target, self.target, None


def baselines(evaluation):
    return Pixels().baselines(evaluation)


def test_pixel_errors_are_theirs():
    target, image = np.random.default_rng(0).random((2, 6, 8, 8, 1), dtype="float32")
    ours = pixel_errors(target, image)
    assert ours["mse"] == pytest.approx(float(np.mean((target - image) ** 2)), rel=1e-6)
    assert ours["bce"] == pytest.approx(
        float(tf.reduce_mean(keras.losses.binary_crossentropy(target, image))), rel=1e-5
    )
    assert ours["psnr"] == pytest.approx(
        float(tf.reduce_mean(tf.image.psnr(target, image, 1.0))), rel=1e-5
    )


def test_pixel_errors_at_the_ends():
    x = np.array([0.0, 1.0], "float32").reshape(2, 1, 1, 1)
    perfect = pixel_errors(x, x)
    assert perfect["mse"] == 0
    assert perfect["psnr"] == pytest.approx(100.0)
    assert perfect["bce"] == pytest.approx(0, abs=1e-6)
    assert pixel_errors(x, 1 - x)["bce"] == pytest.approx(-np.log(1e-7), rel=1e-3)
    assert pixel_errors(3 * x, x)["bce"] is None
    assert pixel_errors(x, 3 * x - 1)["bce"] is not None  # the output is clipped, the data is not


def test_metrics_of_seven_images_do_not_depend_on_the_batches(compose, images, monkeypatch):
    model = build.model(compose("model=vae"), (8, 8, 1))
    own = [m for k, m in build.components(compose().metrics, "metrics").items() if k != "tokens"]
    metrics = [*own, Ssim(), Posterior(), bounds.Bounds(k=4)]
    values = []
    for rows in (7, 3):
        monkeypatch.setattr("aecli.models.on_arrays.ROWS", rows)
        values.append({k: v for m in metrics for k, v in m(Stub(model, images[:7])).items()})
    assert (
        values[0].keys()
        == values[1].keys()
        >= {"loss", "kl", "reconstruction", "bce", "mse", "psnr", "ssim", "iw_elbo", "kl_median"}
    )
    for name in values[0]:
        assert values[0][name] == pytest.approx(values[1][name], rel=1e-6)
    assert values[0]["reconstruction"] + values[0]["kl"] == pytest.approx(
        values[0]["loss"], rel=1e-6
    )


def test_baselines_are_scikit_learns_pca_and_the_mean(compose, images):
    model = build.model(compose("model.latent_dim=4"), (8, 8, 1))
    rows = baselines(Stub(model, images))
    flat = images.reshape(len(images), -1)
    pca = PCA(4).fit(flat)
    error = np.mean((flat - pca.inverse_transform(pca.transform(flat))) ** 2)
    assert rows["PCA, 4 components"]["mse"] == pytest.approx(error, rel=1e-4)
    assert rows["mean image"]["mse"] == pytest.approx(flat.var(axis=0).mean(), rel=1e-4)
    assert set(rows) == {"PCA, 4 components", "mean image"}


def test_the_noisy_image_is_a_baseline_of_its_own(compose, images):
    model = build.model(compose("model.latent_dim=100"), (8, 8, 1))
    noisy = images + np.random.default_rng(0).normal(0, 0.3, images.shape).astype("float32")
    rows = baselines(Stub(model, noisy, images))
    assert rows["noisy image"]["mse"] == pytest.approx(np.mean((noisy - images) ** 2), rel=1e-5)
    assert "PCA, 64 components" in rows  # a code larger than the image has no more components


def test_a_baseline_is_compared_as_the_model_is(compose, images):
    noisy = images + np.random.default_rng(0).normal(0, 0.3, images.shape).astype("float32")
    evaluation = Stub(build.model(compose(), (8, 8, 1)), noisy, images)
    far = Pixels(peak=2.0).baselines(evaluation)["noisy image"]["psnr"]
    near = Pixels(peak=1.0).baselines(evaluation)["noisy image"]["psnr"]
    assert far - near == pytest.approx(20 * np.log10(2), rel=1e-5)
    theirs = tf.image.ssim(images, noisy, 1.0, filter_size=7)
    assert Ssim().baselines(evaluation)["noisy image"]["ssim"] == pytest.approx(
        float(tf.reduce_mean(theirs)), rel=1e-5
    )


@pytest.mark.parametrize("ends", [(0.0, 255.0), (-2.0, 3.0), (-1.0, 1.0), (0.2, 0.7), (0.0, 1.0)])
def test_psnr_and_ssim_know_the_range_of_the_training(compose, images, ends):
    noisy = images + np.random.default_rng(0).normal(0, 0.1, images.shape).astype("float32")
    low, high = ends if not (ends[0] >= 0 and ends[1] <= 1) else (0.0, 1.0)
    stored, given = (np.float32(low + (high - low) * x) for x in (images, noisy))
    evaluation = Stub(build.model(compose(), (8, 8, 1)), given, stored)
    evaluation.data_range = ends
    found = Pixels().baselines(evaluation)["noisy image"]["psnr"]
    theirs = float(tf.reduce_mean(tf.image.psnr(stored - low, given - low, high - low)))
    assert found == pytest.approx(theirs, rel=1e-4)
    found = Ssim().baselines(evaluation)["noisy image"]["ssim"]
    theirs = tf.image.ssim(images, noisy, 1.0, filter_size=7)  # which a unit does not change
    assert found == pytest.approx(float(tf.reduce_mean(theirs)), rel=1e-3)
    meaning = Pixels().quantities(evaluation)["psnr"].meaning
    assert meaning.endswith(f"{high - low:g} apart at most") == (high - low != 1)
    assert Pixels().notes(evaluation) == ["bce needs data in [0, 1]"] * (ends[1] > 1 or low < 0)
    assert Ssim().notes(evaluation) == []
