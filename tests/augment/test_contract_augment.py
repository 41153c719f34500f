"""Every augmentation: a pure function of a seed, each image for itself; what each does exactly."""

import numpy as np
import pytest
import tensorflow as tf
from options import contents, options
from scipy.ndimage import map_coordinates

from aecli import build, runs
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest

NOTHING = {
    "flip": {"horizontal": 0.0},
    "shift": {"pixels": 0},
    "crop": {"smallest": 1.0},
    "colour": {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0},
}


def augmentation(name, **changes):
    return build.components({name: contents("augment", name) | changes}, "augment")[name]


def photos(n=40, height=9, width=12, channels=3):
    return np.random.default_rng(0).random((n, height, width, channels), dtype="float32")


def ramps(n, height, width):
    """Of which each pixel's two values say where it is."""
    rows, columns = np.mgrid[:height, :width].astype("float32")
    return np.repeat(np.stack([rows, columns], -1)[None], n, axis=0)


@pytest.mark.parametrize("name", options("augment"))
def test_pure_compiled_and_of_its_own_images_alone(name):
    change, x = augmentation(name), photos()
    compiled = tf.function(change, jit_compile=True)
    first, again, other = (np.asarray(change(x, tf.constant(s))) for s in ([1, 2], [1, 2], [1, 3]))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(compiled(x, tf.constant([1, 2])), first, atol=1e-5)
    assert first.shape == x.shape
    assert not np.array_equal(first, other)
    assert first.min() >= 0
    assert first.max() <= 1
    alone = np.where(np.arange(40)[:, None, None, None] == 7, x, 0)
    np.testing.assert_array_equal(change(alone, tf.constant([1, 2]))[7], first[7])
    same = np.repeat(x[:1], 40, axis=0)
    assert len(np.unique(np.asarray(change(same, tf.constant([1, 2]))), axis=0)) > 1


@pytest.mark.parametrize("name", options("augment"))
@pytest.mark.parametrize("channels", [1, 3])
def test_without_strength_nothing_changes(name, channels):
    x = photos(channels=channels)
    found = augmentation(name, **NOTHING[name])(x, tf.constant([0, 1]))
    np.testing.assert_allclose(found, x, atol=1e-6)


def test_flip():
    x = photos(400)
    found = np.asarray(augmentation("flip", horizontal=0.3, vertical=0.6)(x, tf.constant([0, 1])))
    mirrored = {(h, v): x[:, :: -1 if v else 1, :: -1 if h else 1] for h in (0, 1) for v in (0, 1)}
    shares = {k: (found == m).all((1, 2, 3)).mean() for k, m in mirrored.items()}
    assert sum(shares.values()) == pytest.approx(1)
    assert shares[1, 0] + shares[1, 1] == pytest.approx(0.3, abs=0.07)
    assert shares[0, 1] + shares[1, 1] == pytest.approx(0.6, abs=0.07)
    assert shares[1, 1] == pytest.approx(0.18, abs=0.06)  # independent of each other


def test_shift_is_by_whole_pixels_and_repeats_the_edge():
    x = photos(500)
    found = np.asarray(augmentation("shift", pixels=2)(x, tf.constant([0, 1])))
    padded = np.pad(x, [(0, 0), (2, 2), (2, 2), (0, 0)], mode="edge")
    counts = np.zeros((5, 5), int)
    for down in range(5):
        for right in range(5):
            moved = padded[:, 4 - down : 13 - down, 4 - right : 16 - right]
            counts[down, right] = (found == moved).all((1, 2, 3)).sum()
    assert counts.sum() == 500
    assert counts.min() > 5  # 20 of each, on average


def test_crop_is_scipys_interpolation_of_a_part():
    n, height, width = 60, 9, 12
    change, seed = augmentation("crop", smallest=0.5), tf.constant([3, 4])
    where = np.asarray(change(ramps(n, height, width), seed))
    found = np.asarray(change(photos(n), seed))
    shares = []
    for i in range(n):
        at = where[i, :, 0, 0], where[i, 0, :, 1]  # beyond the middles of the edges, these
        middle = [
            (axis[side // 2] - axis[side // 2 - 1]) for axis, side in zip(at, (9, 12), strict=True)
        ]
        assert middle[0] == pytest.approx(middle[1], abs=1e-5)  # nothing is distorted
        shares.append(middle[0])
        grid = np.meshgrid(*at, indexing="ij")
        for channel in range(3):
            expected = map_coordinates(photos(n)[i, ..., channel], grid, order=1, mode="nearest")
            np.testing.assert_allclose(found[i, ..., channel], expected, atol=1e-5)
    assert 0.5 <= min(shares) < 0.6
    assert 0.9 < max(shares) <= 1
    starts = where[:, :, 0, 0][:, 4] - 4  # of the middle: both up and down, none beyond the image
    assert starts.min() < -0.3
    assert starts.max() > 0.3
    assert where[..., 0].min() == 0
    assert where[..., 0].max() == pytest.approx(height - 1)


def test_colour_changes_one_thing_each():
    x, seed = 0.4 + 0.2 * photos(), tf.constant([0, 1])
    pixels = (1, 2, 3)
    none = NOTHING["colour"]
    brighter = np.asarray(augmentation("colour", **none | {"brightness": 0.1})(x, seed)) - x
    assert np.ptp(brighter, axis=pixels).max() < 1e-6
    assert -0.1 <= brighter.min() < -0.05 < 0.05 < brighter.max() <= 0.1

    contrast = np.asarray(augmentation("colour", **none | {"contrast": 0.3})(x, seed))
    np.testing.assert_allclose(contrast.mean(pixels), x.mean(pixels), atol=1e-5)
    factors = contrast.std(pixels) / x.std(pixels)
    assert 0.7 <= factors.min() < 0.8 < 1.2 < factors.max() <= 1.3

    coloured = np.asarray(augmentation("colour", **none | {"saturation": 0.3})(x, seed))
    grey, before = (
        0.299 * y[..., 0] + 0.587 * y[..., 1] + 0.114 * y[..., 2] for y in (coloured, x)
    )
    np.testing.assert_allclose(grey, before, atol=1e-5)
    factors = (coloured - grey[..., None]).std(pixels) / (x - before[..., None]).std(pixels)
    assert 0.7 <= factors.min() < 0.8 < 1.2 < factors.max() <= 1.3


@pytest.mark.parametrize("name", options("augment"))
@pytest.mark.parametrize("kind", ["series", "table"])
def test_what_is_no_image_is_refused_in_a_line(name, kind):
    with pytest.raises(BadRequest, match=f"augment={name} is for images") as refusal:
        augmentation(name).check(name, DataSpec((1, 9, 1), kind), 0.0, 1.0)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("flip", {"horizontal": 1.5}),
        ("shift", {"pixels": -1}),
        ("crop", {"smallest": 0.0}),
        ("colour", {"contrast": 1.0}),
    ],
)
def test_bad_values_name_the_key(name, changes):
    with pytest.raises(
        BadRequest, match=rf"augment\.{name}\.{next(iter(changes))} must be .*; got"
    ):
        augmentation(name, **changes)


def test_it_is_off_in_validation_and_on_in_training(lab):
    """With such a learning rate nothing is learnt: what differs is what was looked at."""
    words = ["trainer.epochs=2", "optimizer=sgd", "optimizer.learning_rate=1e-12", "metrics=[]"]
    plain, augmented = (
        runs.Run(lab.train(*words, *more)) for more in ([], ["augment=[shift,flip]"])
    )
    assert augmented.history["val_loss"] == plain.history["val_loss"]
    assert plain.history["loss"][0] == pytest.approx(plain.history["loss"][1], rel=1e-5)
    losses = augmented.history["loss"]
    assert len({round(loss, 3) for loss in [*losses, plain.history["loss"][0]]}) == 3
    _, target, _ = augmented.examples("train")
    np.testing.assert_array_equal(target, augmented.splits.train.pixels())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dataset=breast_cancer", "loss=mse"], "augment=flip is for images, and these are rows"),
        (["dataset.scale=standard", "loss=mse"], "take dataset.scale_per=global"),
    ],
)
def test_data_that_it_makes_no_sense_of_are_refused_before_the_training(typed, words, said):
    code, text = typed("train", "augment=flip", *words)
    assert code == 2
    assert said in text
    assert len(text.strip().splitlines()) <= 2


def test_colour_is_of_pixels_from_0_to_1(typed):
    words = ["dataset.scale=standard", "dataset.scale_per=global", "loss=mse"]
    code, text = typed("train", "augment=colour", *words)
    assert (code, "augment=colour cuts to [0, 1]; the images are in [-" in text) == (2, True)
