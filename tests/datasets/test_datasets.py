"""The data set's shared options: parts, classes, limits, scaling, binarisation."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from places import ROOT

from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.cutting import cut_to_unit_range
from aecli.datasets.digits import Digits
from aecli.errors import BadRequest


@dataclasses.dataclass(frozen=True, kw_only=True)
class Numbered(Dataset):
    """100 images of 2x2 whose first pixel is their own number, labels 0, 1, 2, 3, 0, ..."""

    test_size: TestSize = 0.2
    own_test: bool = False
    names: tuple[str, ...] | None = None

    def read(self):
        x = np.zeros((100, 2, 2, 1), np.float32)
        x[:, 0, 0, 0] = np.arange(100)
        train = Split(x, np.arange(100) % 4)
        test = Split(x[:50] + 1000, np.arange(50) % 4) if self.own_test else None
        return Source(train, test, "numbered", self.names)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Given(Dataset):
    """Any arrays."""

    train: np.ndarray
    test: np.ndarray

    def read(self):
        return Source(Split(self.train), Split(self.test), "given")


def given(train, test, **options):
    def columns(values):
        return np.asarray(values, options.pop("dtype", np.float32))[:, np.newaxis, :, np.newaxis]

    options = {"validation_size": "test", **options}
    return Given(train=columns(train), test=columns(test), **options).load()


def numbers(split):
    return split.x[:, 0, 0, 0].astype(int).tolist()


def test_parts_of_a_source_without_a_test_part_are_disjoint_and_complete():
    splits = Numbered(test_size=0.2, validation_size=0.1).load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [72, 8, 20]
    together = numbers(splits.train) + numbers(splits.val) + numbers(splits.test)
    assert sorted(together) == list(range(100))
    assert numbers(splits.train) != sorted(numbers(splits.train))


@pytest.mark.parametrize("limit", [None, 5, 30])
@pytest.mark.parametrize("validation_size", [1, 40, 0.001, 0.5])
def test_validation_is_never_contained_in_training(validation_size, limit):
    splits = Numbered(validation_size=validation_size, limit=limit).load()
    train, val, test = map(set, map(numbers, (splits.train, splits.val, splits.test)))
    assert val
    assert not train & val
    assert not (train | val) & test


def test_labels_follow_their_images():
    splits = Numbered(limit=30, own_test=True).load()
    for split in (splits.train, splits.val, splits.test):
        assert split.labels.tolist() == [n % 1000 % 4 for n in numbers(split)]


def test_own_test_part_keeps_its_order_and_test_size_does_not_touch_it():
    splits = Numbered(own_test=True, test_size=0.5, validation_size=10).load()
    assert numbers(splits.test) == list(range(1000, 1050))
    assert [len(splits.train), len(splits.val)] == [90, 10]


def test_validation_on_the_test_split_leaves_the_whole_training_part():
    splits = Numbered(own_test=True, validation_size="test").load()
    assert splits.val is splits.test
    assert len(splits.train) == 100


def test_test_on_the_training_part():
    splits = Numbered(test_size="train", validation_size="test").load()
    assert splits.test is splits.train
    assert splits.val is splits.train
    assert len(splits.train) == 100
    splits = Numbered(test_size="train", validation_size=25).load()
    assert splits.test is splits.train
    assert len(splits.train) == 75


def test_load_is_a_function_of_the_seed():
    first, again, other = (Numbered(seed=seed).load() for seed in (1, 1, 2))
    assert numbers(first.train) == numbers(again.train)
    assert numbers(first.val) == numbers(again.val)
    assert numbers(first.train) != numbers(other.train)
    assert set(numbers(first.test)) != set(numbers(other.test))


def test_limit_counts_in_each_part_and_draws_the_test_part_at_random():
    splits = Numbered(own_test=True, limit=7, validation_size=0.5).load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [7, 7, 7]
    assert numbers(splits.test) != list(range(1000, 1007))


def test_classes_are_chosen_before_the_split():
    splits = Numbered(classes=[1, 3], own_test=True, validation_size=5).load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [45, 5, 25]
    for split in (splits.train, splits.val, splits.test):
        assert set(split.labels.tolist()) <= {1, 3}


def test_classes_by_name():
    splits = Numbered(classes=["cat"], names=("ant", "bee", "cat", "dog")).load()
    assert set(splits.train.labels.tolist()) == {2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"classes": [1, 9]}, r"dataset\.classes: 9 is no label.*0, 1, 2, 3"),
        ({"classes": ["cow"], "names": ("ant", "bee", "cat", "dog")}, r"'cow'.*2 \(cat\)"),
        ({"classes": []}, r"dataset\.classes"),
        ({"validation_size": 100}, r"dataset\.validation_size=100 leaves no training image of 100"),
        ({"validation_size": 0}, r"dataset\.validation_size.*got 0"),
        ({"validation_size": 1.5}, r"dataset\.validation_size.*got 1\.5"),
        ({"validation_size": "train"}, r"dataset\.validation_size.*'test'"),
        ({"test_size": 100}, r"dataset\.test_size=100 leaves no training image of 100"),
        ({"test_size": "test"}, r"dataset\.test_size.*'train'"),
        ({"limit": 0}, r"dataset\.limit"),
        ({"seed": -1}, r"dataset\.seed"),
        ({"scale": "max"}, r"dataset\.scale.*'minmax'"),
        ({"binarize": "fixed"}, r"dataset\.binarize=fixed needs data in \[0, 1\].*scale=minmax"),
        ({"binarize": "dynamic"}, r"needs data in \[0, 1\]; got \[0, 99\]"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(BadRequest, match=message):
        Numbered(**{"validation_size": "test", "test_size": "train", **options}).load()


def test_classes_need_labels():
    with pytest.raises(BadRequest, match=r"dataset\.classes=\[1\] needs labels.*classes=null"):
        given([[0.0]], [[0.0]], classes=[1])


def test_minmax_takes_its_statistics_from_the_training_part_and_cuts_nothing():
    splits = given([[0, 10, 7], [4, 30, 7]], [[2, 20, 7], [8, 0, 9]], scale="minmax")
    rows = np.sort(splits.train.x[:, 0, :, 0], axis=0)
    np.testing.assert_array_equal(rows, [[0, 0, 0], [1, 1, 0]])
    np.testing.assert_array_equal(splits.test.x[:, 0, :, 0], [[0.5, 0.5, 0], [2, -0.5, 2]])
    assert splits.test.excess is None
    assert splits.train.x.dtype == splits.test.x.dtype == np.float32


def test_minmax_over_all_values():
    splits = given([[0, 10], [4, 40]], [[20, 50]], scale="minmax", scale_per="global")
    np.testing.assert_array_equal(splits.test.x[0, 0, :, 0], [0.5, 1.25])
    assert splits.data_range == (0, 1.25)


def test_what_a_likelihood_on_0_to_1_cannot_take_is_cut_and_counted():
    whole = given([[0, 10], [4, 40]], [[20, 50], [-4, 4]], scale="minmax", scale_per="global")
    splits = cut_to_unit_range(whole)
    np.testing.assert_allclose(splits.test.x[:, 0, :, 0], [[0.5, 1], [0, 0.1]])
    np.testing.assert_allclose(splits.test.excess[:, 0, :, 0], [[0, 0.25], [-0.1, 0]], atol=1e-7)
    assert splits.val is splits.test
    assert splits.train.excess is None
    assert splits.learnt.clips
    assert splits.notes[0].startswith("2 of 8 values lie beyond")


@pytest.mark.parametrize("per", ["feature", "global"])
def test_standard_gives_mean_0_and_deviation_1_on_the_training_part_alone(per):
    rng = np.random.default_rng(0)
    train, test = rng.normal(5, 3, (2000, 4)), rng.normal(9, 3, (2000, 4))
    splits = given(train, test, scale="standard", scale_per=per)
    axes = 0 if per == "feature" else None
    np.testing.assert_allclose(splits.train.x.mean(axis=axes), 0, atol=1e-5)
    np.testing.assert_allclose(splits.train.x.std(axis=axes), 1, atol=1e-5)
    np.testing.assert_allclose(splits.test.x.mean(), 4 / 3, atol=0.1)


def test_constant_feature_scales_to_zero():
    """The mean of many 0.1 is not exactly 0.1, nor their deviation exactly 0."""
    train = np.full((1001, 2), 0.1)
    train[:, 1] = np.arange(1001)
    for scale in ("minmax", "standard"):
        splits = given(train, train[:5], scale=scale)
        assert np.all(splits.train.x[:, 0, 0, 0] == 0)
        assert np.isfinite(splits.train.x).all()
    splits = given(np.full((10, 2), 0.1), train[:5], scale="standard", scale_per="global")
    assert np.all(splits.train.x == 0)


def test_uint8_is_scaled_in_units_of_255():
    x = np.array([0, 51, 255], np.uint8).reshape(3, 1, 1, 1)
    splits = Given(train=x, test=x, validation_size="test", scale="standard").load()
    expected = (np.array([0, 0.2, 1]) - 0.4) / np.std([0, 0.2, 1])
    np.testing.assert_allclose(splits.test.x.ravel(), expected, atol=1e-6)
    np.testing.assert_array_equal(Split(x).pixels().ravel(), np.float32([0, 0.2, 1]))


def test_fixed_binarisation_has_the_probabilities_of_the_pixels():
    p = np.tile([0, 0.25, 0.9, 1], (20_000, 1))
    splits = given(p, p, binarize="fixed")
    assert splits.train.x.dtype == np.uint8
    assert set(np.unique(splits.train.x).tolist()) == {0, 255}
    mean = splits.train.pixels().mean(axis=(0, 1, 3))
    assert mean[0] == 0
    assert mean[3] == 1
    np.testing.assert_allclose(mean[1:3], [0.25, 0.9], atol=0.0125)  # 4 standard errors


def test_fixed_binarisation_is_drawn_by_the_seed_and_anew_for_each_part():
    p = np.full((64, 8), 0.5)
    first, again, other = (given(p, p, binarize="fixed", seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first.train.x, again.train.x)
    assert np.array_equal(first.test.x, again.test.x)
    assert not np.array_equal(first.train.x, other.train.x)
    assert not np.array_equal(first.train.x, first.test.x)


def test_threshold_binarisation():
    splits = given([[0, 0.49, 0.5, 1]], [[0.5, 0, 0, 0]], binarize="threshold")
    np.testing.assert_array_equal(splits.train.x.ravel(), [0, 0, 255, 255])


def test_threshold_after_scaling():
    splits = given([[0], [10], [4], [6]], [[5]], binarize="threshold", scale="minmax")
    assert sorted(splits.train.pixels().ravel().tolist()) == [0, 0, 1, 1]
    assert splits.test.pixels().item() == 1


def test_the_range_is_that_of_all_three_parts():
    """A loss that needs [0, 1] would be meaningless on a test part of 0..255."""
    assert given([[0.25, 0.75]], [[0.5, 255]], validation_size="test").data_range == (0.25, 255)
    assert given([[-1, 0.75]], [[0.5, 1]], validation_size="test").data_range == (-1, 1)


def test_dynamic_binarisation_leaves_the_data_alone():
    splits = given([[0.1, 0.7]], [[0.3, 0.2]], binarize="dynamic")
    np.testing.assert_array_equal(splits.train.x.ravel(), np.float32([0.1, 0.7]))


def test_digits():
    splits = Digits(test_size="train", validation_size="test").load()
    assert splits.data_shape == (8, 8, 1)
    assert splits.data_range == (0, 1)
    assert len(splits.train) == 1797
    assert splits.train.x.dtype == np.float32
    assert splits.train.labels.dtype == np.int64
    sixteenths = splits.train.x * 16
    assert np.array_equal(sixteenths, np.round(sixteenths))
    assert np.bincount(splits.train.labels).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip
    splits = Digits().load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [1294, 144, 359]


def test_a_bad_file_is_refused_without_importing_tensorflow(tmp_path):
    program = """
import sys
sys.argv[0] = "aecli"  # as the console script: the models are not imported up front
from aecli.datasets import csv, digits, fashion_mnist, idx, image_folder, mnist, npz
digits.Digits().load()
assert not {"tensorflow", "keras"} & set(sys.modules), "imported"
"""
    root = ROOT
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, cwd=tmp_path, capture_output=True
    )
    assert done.returncode == 0, done.stderr.decode()
