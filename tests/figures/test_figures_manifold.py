"""The manifold shows the decoded codes that its ticks name."""

import numpy as np
import pytest
from figures_run import cell, colour_run, digits_run, picture_of, texts

from aecli.figures.manifold import Manifold


@pytest.mark.parametrize(("row", "column"), [(0, 0), (0, 4), (4, 0), (1, 3), (2, 2)])
def test_manifold_decodes_the_code_that_its_ticks_name(row, column):
    run = digits_run(code_shape=(5,), has_prior=True)
    figure = Manifold(n=5, range=[-2, 2], dims=[3, 1])(run)
    z = run.model.encode(run.examples()[0]).mean(axis=0)[None]
    z[0, 3] = -2 + column  # dims[0] grows to the right
    z[0, 1] = 2 - row  # dims[1] grows upwards, and row 0 is the top
    expected = run.model.decode(z)[0, ..., 0]
    np.testing.assert_allclose(
        cell(picture_of(figure), row, column, (8, 8), 1), expected, atol=1e-6
    )
    ax = figure.axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("z[3]", "z[1]")
    assert float(ax.get_xticklabels()[column].get_text()) == -2 + column
    assert float(ax.get_yticklabels()[row].get_text()) == 2 - row
    assert ax.get_yticks()[row] == row * 9 + 3.5
    assert "the other 3 at the mean code" in texts(figure)


def test_units_that_are_not_shown_stay_among_the_codes(monkeypatch):
    """Without a prior about 0, a code of 0 may be far from any image's."""
    run = digits_run(code_shape=(5,))
    own = run.model.encode
    monkeypatch.setattr(run.model, "encode", lambda x, label=None: own(x) + np.arange(5.0) / 5)
    figure = Manifold(n=2, range=[-1, 1], dims=[3, 1])(run)
    z = run.model.encode(run.examples()[0]).mean(axis=0)
    z[[3, 1]] = [1, -1]
    expected = run.model.decode(z[None])[0, ..., 0]
    np.testing.assert_allclose(cell(picture_of(figure), 1, 1, (8, 8), 1), expected, atol=1e-4)
    assert "the other 3 at the mean code" in texts(figure)


def test_manifold_of_colour_images_that_are_not_square():
    run = colour_run(size=(12, 10))
    figure = Manifold(n=4, range=[-1, 2])(run)
    expected = np.clip(run.model.decode(np.array([[2.0, -1.0]]))[0], 0, 1)
    np.testing.assert_allclose(cell(picture_of(figure), 3, 3, (12, 10), 1), expected, atol=1e-6)


def test_manifold_lies_at_the_quantiles_of_the_prior():
    run = digits_run(has_prior=True)
    figure = Manifold(n=3)(run)
    z = 1.6448536269514722  # the standard normal's 95 % quantile
    expected = run.model.decode(np.array([[-z, z]]))[0, ..., 0]
    np.testing.assert_allclose(cell(picture_of(figure), 0, 0, (8, 8), 1), expected, atol=1e-5)
    assert [t.get_text() for t in figure.axes[0].get_xticklabels()] == ["-1.64", "0.00", "1.64"]
    assert "prior, 5 to 95 %" in texts(figure)


def test_manifold_without_a_prior_spans_the_test_codes_and_says_so():
    run = digits_run()
    figure = Manifold(n=3)(run)
    codes = run.model.encode(run.examples()[0])
    right, down = np.percentile(codes[:, 0], 98), np.percentile(codes[:, 1], 2)
    expected = run.model.decode(np.array([[right, down]]))[0, ..., 0]
    np.testing.assert_allclose(cell(picture_of(figure), 2, 2, (8, 8), 1), expected, atol=1e-5)
    assert "no prior: span of the test codes" in texts(figure)


def test_manifold_of_a_larger_code_takes_the_strongest_pair():
    """By KL where there is one, as in the stand-in with a prior: more the later the unit is."""
    figure = Manifold(n=2)(digits_run(code_shape=(6,), has_prior=True))
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("z[4]", "z[5]")
    assert "the two units with the largest KL; the other 4 at the mean code" in texts(figure)
    run = digits_run(code_shape=(6,))
    own = run.model.encode
    run.model.encode = lambda x, label=None: own(x) * np.array([1, 5, 1, 4, 1, 1.0])
    figure = Manifold(n=2)(run)
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("z[1]", "z[3]")
    assert "the largest variance" in texts(figure)
