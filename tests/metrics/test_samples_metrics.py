"""Frechet distance, precision, recall, density and coverage: closed forms, brute force, limits."""

import dataclasses

import numpy as np
import pytest
from figures_run import digits_run
from options import contents, losses
from scipy import linalg
from sklearn.datasets import load_digits

from aecli import build, cache
from aecli.datasets.splits import Split, Splits
from aecli.errors import NotApplicable
from aecli.metrics import classifier, kept_classifier, neighbourhoods
from aecli.metrics.base import Evaluation
from aecli.metrics.classifier import trained_classifier
from aecli.metrics.frechet import frechet_distance
from aecli.metrics.jackknife import parts_of, standard_error
from aecli.metrics.kid import kernel_distance
from aecli.metrics.neighbourhoods import manifold_figures, radii
from aecli.metrics.samples import FLOOR, Samples


def standard(rng, n, d):
    """[n, d] whose sample mean is 0 and whose sample covariance is the identity, exactly."""
    draws = rng.normal(size=(n, d))
    draws -= draws.mean(axis=0)
    return draws @ np.linalg.inv(np.linalg.cholesky(np.cov(draws.T))).T


# ---- Frechet ------------------------------------------------------------------------------------


def test_frechet_of_diagonal_gaussians_is_their_closed_form():
    rng = np.random.default_rng(0)
    mean, a, b = rng.normal(size=4), np.array([1.0, 2.0, 0.5, 3.0]), np.array([2.0, 2.0, 0.1, 0.0])
    first, second = standard(rng, 50, 4) * a, standard(rng, 80, 4) * b + mean
    expected = mean @ mean + ((a - b) ** 2).sum()
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-9)


def test_frechet_is_the_formula_with_scipys_root():
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)) for _ in range(2))
    s, t = np.cov(a.T), np.cov(b.T)
    difference = a.mean(0) - b.mean(0)
    expected = difference @ difference + np.trace(s + t - 2 * linalg.sqrtm(s @ t))
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-9)


def test_frechet_is_0_for_equal_sets_and_the_square_of_a_shift():
    features = np.random.default_rng(0).normal(size=(300, 64)).astype("float32")
    features[:, 40:] = 0.0  # features that never fire
    assert frechet_distance(features, features[::-1]) == pytest.approx(0.0, abs=1e-10)
    shifted = features.astype("float64") + 0.5
    assert frechet_distance(features, shifted) == pytest.approx(64 * 0.25, rel=1e-9)


# ---- KID: its formula is proved in aecli/proofs/metrics ------------------------------------------


def test_kid_of_two_halves_of_real_images_is_within_two_errors_of_0():
    pixels, parts = load_digits().data, parts_of(898, 20)
    within = []
    for seed in range(20):
        rows = np.random.default_rng(seed).permutation(1796)
        kid, without = kernel_distance(pixels[rows[:898]], pixels[rows[898:]], parts)
        within.append(abs(kid) < 2 * standard_error(without))
    assert sum(within) >= 19


# ---- precision, recall, density, coverage -------------------------------------------------------


def by_hand(real, fake, k):
    """Kynkaanniemi 2019 and Naeem 2020, as their definitions read."""

    def radius(points, i):
        return sorted(np.linalg.norm(points[i] - p) for j, p in enumerate(points) if j != i)[k - 1]

    def holds(points, i, point):
        return np.linalg.norm(points[i] - point) <= radius(points, i)

    n, m = range(len(real)), range(len(fake))
    return {
        "precision": np.mean([any(holds(real, i, fake[j]) for i in n) for j in m]),
        "recall": np.mean([any(holds(fake, j, real[i]) for j in m) for i in n]),
        "density": sum(holds(real, i, fake[j]) for i in n for j in m) / (k * len(fake)),
        "coverage": np.mean([any(holds(real, i, fake[j]) for j in m) for i in n]),
    }


@pytest.mark.parametrize("k", [1, 3])
def test_manifolds_are_those_of_the_definitions(k, monkeypatch):
    rng = np.random.default_rng(k)
    real, fake = rng.normal(size=(20, 2)), rng.normal(1.0, 0.7, size=(13, 2))
    expected = by_hand(real, fake, k)
    assert len({round(value, 3) for value in expected.values()}) >= 3
    assert manifold_figures(real, fake, k) == pytest.approx(expected)
    monkeypatch.setattr(neighbourhoods, "BLOCK", 3)
    assert manifold_figures(real, fake, k) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(3))
def test_equal_points_are_neighbours_at_no_distance(seed, monkeypatch):
    """Of a point, itself alone is left out: not those equal to it, and not one of these instead."""
    rng = np.random.default_rng(seed)
    real = rng.permutation(np.repeat(rng.normal(size=(5, 40)), 4, axis=0))
    fake = rng.permutation([*real[:9], *real[:3], *rng.normal(size=(3, 40)), *real[:3] + 1e-9])
    for block in (1000, 7):
        monkeypatch.setattr(neighbourhoods, "BLOCK", block)
        assert not radii(real, 3).any()  # the other three
        nearest = [sorted(np.linalg.norm(real - point, axis=1))[4] for point in real]
        np.testing.assert_allclose(radii(real, 4), nearest, rtol=1e-12)  # of another five
        for k in (1, 3, 4):
            assert manifold_figures(real, fake, k) == pytest.approx(by_hand(real, fake, k))


def test_manifolds_at_their_limits():
    rng = np.random.default_rng(0)
    real = rng.normal(size=(400, 3))
    same = manifold_figures(real, real, 5)
    assert same == {"precision": 1.0, "recall": 1.0, "density": 6 / 5, "coverage": 1.0}
    assert set(manifold_figures(real, real + 100, 5).values()) == {0.0}
    one_point = manifold_figures(real, np.repeat(real[:1], 50, axis=0), 5)
    assert one_point["precision"] == 1.0
    assert one_point["recall"] == 1 / 400  # all of its balls are points
    assert one_point["coverage"] <= 40 / 400


def test_equal_distributions_have_density_1_and_coverage_1_minus_a_power():
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 3000, 2))
    for k in (1, 5):
        figures = manifold_figures(real, fake, k)
        assert figures["density"] == pytest.approx(1.0, abs=0.06)
        assert figures["coverage"] == pytest.approx(1 - 2.0**-k, abs=0.03)


# ---- the classifier -----------------------------------------------------------------------------


def test_the_classifier_learns_and_is_the_same_again():
    digits = load_digits()
    x, y = (digits.images[..., None] / 16).astype("float32"), digits.target * 10 - 7
    first, second = (trained_classifier(x[:1000], y[:1000], 100, seed=3) for _ in range(2))
    assert first.accuracy(x[1000:], y[1000:]) > 0.85
    features = first.features(x[1000:])
    assert features.shape == (797, 64)
    assert features.min() >= 0
    np.testing.assert_array_equal(features, second.features(x[1000:]))
    assert first.fingerprint == second.fingerprint
    others = [trained_classifier(x[:n], y[:n], 2, seed) for n, seed in ((1000, 4), (999, 3))]
    assert not np.array_equal(features, others[0].features(x[1000:]))
    assert len({first.fingerprint, *(other.fingerprint for other in others)}) == 3


def test_a_classifier_is_trained_once_and_read_after(tmp_path, monkeypatch):
    trained = []

    def train(made, *given):
        trained.append(given)
        made.network.set_weights([w + 0.1 for w in made.network.get_weights()])

    monkeypatch.setattr(classifier, "train", train)
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "cache")
    x, y = np.random.default_rng(0).random((60, 3, 3, 1), "float32"), np.arange(60) % 2
    folder = tmp_path / "cache" / "classifiers"

    def weights(labels=y, seed=0):
        made = kept_classifier.kept_classifier(x, labels, 5, seed)
        return np.concatenate([w.ravel() for w in made.network.get_weights()])

    first = weights()
    np.testing.assert_array_equal(weights(), first)
    assert len(trained) == 1
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    file.write_bytes(file.read_bytes()[:500])
    np.testing.assert_array_equal(weights(), first)  # trained anew, and whole again
    np.testing.assert_array_equal(weights(), first)
    assert len(trained) == 2
    weights(labels=1 - y)
    weights(seed=1)
    assert len(trained) == 4
    folder.chmod(0o755)  # others may have read, or written
    weights()
    assert len(trained) == 5


@pytest.mark.parametrize("shape", [(1, 30, 1), (70, 40, 3), (2, 9, 1)])
def test_the_classifier_takes_any_shape(shape):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 60)
    x = rng.random((60, *shape), dtype="float32") + labels[:, None, None, None]
    made = trained_classifier(x, labels, 40, seed=0)
    assert made.accuracy(x, labels) > 0.9
    assert made.features(x).shape == (60, 64)


# ---- the metric ---------------------------------------------------------------------------------


def split_run(n=900, **options):
    """A stand-in run: two thirds of the images to train on, the others to test on."""
    run = digits_run(n, **options)
    rows = np.random.default_rng(0).permutation(n)
    train, test = (run.splits.test.take(part) for part in (rows[n // 3 :], rows[: n // 3]))
    run.splits = Splits(train, test, test, "a test")
    return run


def of_samples(run, new=None):
    """The metric where the model's samples are these images."""
    if new is not None:
        run.model.has_prior = True
        run.model.sample_prior = lambda n, seed: np.arange(n)
        run.model.decode = lambda rows, label=None: new[rows]
    metric, evaluation = Samples(steps=150), Evaluation(run)
    return metric(evaluation), metric.baselines(evaluation)[FLOOR], metric.notes(evaluation)


def test_real_images_reach_the_floor_and_noise_does_not():
    run = split_run(1350)
    train = run.splits.train
    held, spare = train.take(np.arange(300, 900)), train.take(np.arange(300)).pixels()
    run.splits = dataclasses.replace(run.splits, train=held)
    real, floor, notes = of_samples(run, spare)
    noise, floor_again, _ = of_samples(run, np.random.default_rng(0).random(spare.shape, "float32"))
    assert floor == floor_again
    assert real["classifier_accuracy"] > 0.85
    for name in ("precision", "recall", "density", "coverage"):
        assert floor[name] > 0.85
        assert real[name] == pytest.approx(floor[name], abs=0.12)
        assert noise[name] < 0.5
    assert real["frechet_own_classifier"] < 2 * floor["frechet_own_classifier"]
    assert noise["frechet_own_classifier"] > 20 * floor["frechet_own_classifier"]
    assert "300 images decoded from codes of the prior" in notes[0]
    assert "a classifier trained on 300 images in 150 steps, seed 0" in notes[2]
    kid, error = "kid_own_classifier", "kid_own_classifier_se"
    assert abs(floor[kid]) < 2 * floor[error]
    assert abs(real[kid]) < 2 * real[error]
    assert noise[kid] > 10 * noise[error]
    bias = float(notes[4].split("real images by ")[1].split(";")[0])
    assert bias == pytest.approx(floor["frechet_own_classifier"], rel=0.4)


def test_some_kinds_of_real_images_are_precise_and_recall_few():
    run = split_run()
    digits = load_digits()
    few = (digits.images[900:][digits.target[900:] < 3, :, :, None] / 16).astype("float32")
    values, floor, _ = of_samples(run, np.concatenate([few, few])[:300])
    assert values["precision"] > 0.7
    assert values["recall"] < 0.5 < floor["recall"]


def test_without_a_prior_codes_come_from_a_mixture():
    values, floor, notes = of_samples(split_run(code_shape=(12,)))
    assert "codes of 10 Gaussians fitted to 600 training codes" in notes[0]
    assert floor["coverage"] > values["coverage"] > 0.2


def test_new_binary_images_are_drawn_pixel_by_pixel():
    """Grey means are no 0s and 1s: of the same law as the data, they would be told from it."""
    run = split_run()
    grey = run.splits.test.pixels()
    binary = [
        Split((rng.random(part.x.shape) < part.x).astype("float32"), part.labels)
        for rng, part in zip(
            np.random.default_rng(1).spawn(2), (run.splits.train, run.splits.test), strict=True
        )
    ]
    run.splits = Splits(binary[0], binary[1], binary[1], "a test")
    built = {name: build.component(contents("loss", name), "loss") for name in losses()}
    run.model.reconstruction_loss = built["binary_crossentropy"]
    drawn, floor, notes = of_samples(run, grey)
    run.model.reconstruction_loss = built["mse"]
    means, _, other_notes = of_samples(run, grey)
    assert "each pixel drawn" in notes[0]
    assert "drawn" not in other_notes[0]
    ratio = drawn["frechet_own_classifier"] / floor["frechet_own_classifier"]
    assert ratio < 2
    assert means["frechet_own_classifier"] > 3 * drawn["frechet_own_classifier"]


def without_labels(part):
    return Split(part.x, None)


def of_one_label(part):
    return Split(part.x, np.zeros(len(part), "int64"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda s: Splits(s.train, s.val, without_labels(s.test), ""), "these images have none"),
        (lambda s: Splits(without_labels(s.train), s.val, s.test, ""), "training images have none"),
        (lambda s: Splits(of_one_label(s.train), s.val, s.test, ""), "training images have one"),
        (lambda s: Splits(s.train, s.val, s.train, ""), "not those of the training"),
        (lambda s: Splits(s.train, s.val, s.test.take(np.arange(5)), ""), "more than 5 images"),
    ],
)
def test_what_it_needs_is_said(change, said):
    run = split_run(300)
    run.splits = change(run.splits)
    with pytest.raises(NotApplicable, match=said):
        Samples()(Evaluation(run))
