"""The generated dictionary: the same anew, as its settings say, refused before it is too large."""

import numpy as np
import pytest

from aecli.datasets.dictionary import BLOCK, Dictionary
from aecli.errors import BadRequest


def rows(**settings):
    return Dictionary(**{"examples": 5000, **settings}).read().train.x[:, 0, :, 0]


def test_more_examples_begin_with_the_same_ones():
    few, many = rows(examples=BLOCK + 3), rows(examples=2 * BLOCK)
    np.testing.assert_array_equal(few, many[: len(few)])
    assert not np.array_equal(few, rows(examples=BLOCK + 3, generator_seed=1))
    assert not np.array_equal(many[:100], many[BLOCK : BLOCK + 100])


def test_rows_are_sums_of_the_true_directions():
    """With as many directions as numbers, the coefficients are known from the rows."""
    made = Dictionary(size=20, directions=20, noise=0.0, probability=0.2, coefficient=3.0)
    directions = made.true_directions()
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1, rtol=1e-6)
    x = made.read().train.x[:, 0, :, 0].astype("float64")
    coefficients = np.linalg.solve(directions.T.astype("float64"), x.T).T
    is_there = np.abs(coefficients) > 1e-3
    assert is_there.mean() == pytest.approx(0.2, abs=0.003)
    assert coefficients.min() > -1e-3
    assert coefficients.max() == pytest.approx(3.0, abs=0.01)
    assert coefficients[is_there].mean() == pytest.approx(1.5, abs=0.01)
    assert np.corrcoef(is_there[:, 0], is_there[:, 1])[0, 1] == pytest.approx(0, abs=0.03)


def test_noise_has_its_standard_deviation():
    difference = rows(noise=0.5) - rows(noise=0.0)
    assert difference.std() == pytest.approx(0.5, rel=0.01)


def test_what_is_too_large_is_refused_before_it_is_made():
    with pytest.raises(BadRequest, match=r"dataset\.examples=10000000 and"):
        Dictionary(examples=10_000_000, size=65536).read()
