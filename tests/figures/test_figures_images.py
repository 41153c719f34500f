"""Pictures of images and codes show the right ones in the right places."""

import numpy as np
import pytest
from figures_run import cell, colour_run, digits_run, picture_of, table_run, texts

from aecli.datasets.learnt import Learnt
from aecli.figures.codes import Codes, feature_maps
from aecli.figures.images import tile
from aecli.figures.mosaic import Mosaic
from aecli.figures.reconstructions import Reconstructions
from aecli.figures.samples import Samples


def test_reconstructions_has_a_named_row_for_each_stage():
    run = digits_run(noise=0.4)
    figure = Reconstructions(n=3)(run)
    x, target, _ = run.examples(n=3)
    picture = picture_of(figure)
    rows = [target, x, run.model.reconstruct(x)]
    for row, batch in enumerate(rows):
        np.testing.assert_allclose(cell(picture, row, 2, (8, 8), 1), batch[2, ..., 0], atol=1e-6)
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names == ["original", "noisy input", "reconstruction"]
    assert np.ma.getmaskarray(picture)[8].all()  # the gap between rows is blank


def test_reconstructions_at_random_follow_the_seed():
    run = digits_run()
    picture = picture_of(Reconstructions(n=4, select="random", select_seed=7)(run))
    target = run.examples(n=4, random=True, seed=7)[1]
    np.testing.assert_allclose(cell(picture, 0, 1, (8, 8), 1), target[1, ..., 0], atol=1e-6)


def test_data_outside_0_1_states_its_range():
    run = digits_run()
    assert "black" not in texts(Reconstructions()(run))
    run.splits.test.x[:] = 4 * run.splits.test.x - 2
    figure = Reconstructions()(run)
    assert "black = -2, white = 2" in texts(figure)
    assert figure.axes[0].images[0].get_clim() == pytest.approx((-2, 2))


def test_reconstructions_of_a_table_are_heat_maps_with_one_scale():
    run = table_run()
    figure = Reconstructions(n=6)(run)
    x, target, _ = run.examples(n=6)
    np.testing.assert_allclose(picture_of(figure, 0), target.reshape(6, 13))
    np.testing.assert_allclose(picture_of(figure, 1), run.model.reconstruct(x).reshape(6, 13))
    assert len({ax.images[0].get_clim() for ax in figure.axes[:2]}) == 1
    columns = {f"reading {i}": "number" for i in range(13)}
    run.learnt = Learnt(
        shape=x.shape[1:], unit="other", range=(0, 1), kind="table", columns=columns
    )
    ax = Reconstructions(n=6)(run).axes[0]
    assert [label.get_text() for label in ax.get_xticklabels()] == [*columns]


def test_mosaic_fills_row_by_row():
    run = colour_run(size=(12, 10))
    figure = Mosaic(n=3)(run)
    x, target, _ = run.examples(n=9)
    np.testing.assert_allclose(cell(picture_of(figure, 0), 1, 2, (12, 10), 1), target[5], atol=1e-6)
    expected = np.clip(run.model.reconstruct(x)[5], 0, 1)
    np.testing.assert_allclose(cell(picture_of(figure, 1), 1, 2, (12, 10), 1), expected, atol=1e-6)


def test_tile_puts_row_and_column_in_their_places():
    x = np.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5, 1)
    picture = tile(x, gap=2)
    assert picture.shape == (2 * 4 + 2, 3 * 5 + 2 * 2, 1)
    np.testing.assert_array_equal(picture[6:10, 14:19], x[1, 2])
    assert np.isnan(picture[4:6]).all()
    assert np.isnan(picture).sum() == picture.size - x.size


def test_samples_come_from_the_prior_or_else_say_where_from():
    run = digits_run(has_prior=True)
    figure = Samples(n=3, sample_seed=5)(run)
    expected = run.model.decode(run.model.sample_prior(9, 5))[5, ..., 0]
    np.testing.assert_allclose(cell(picture_of(figure), 1, 2, (8, 8), 1), expected, atol=1e-6)
    assert "drawn from the prior" in texts(figure)
    said = texts(Samples()(digits_run(code_shape=(2, 2, 3))))
    assert "drawn from 10 Gaussians fitted to 300 training codes" in said


def test_codes_show_flat_units_and_feature_maps():
    run = digits_run(code_shape=(7,))
    expected = run.model.encode(run.examples(n=4)[0]).T
    np.testing.assert_allclose(picture_of(Codes(n=4)(run), 1), expected, atol=1e-6)
    grid = np.random.default_rng(0).normal(size=(2, 3, 4, 8))
    picture = feature_maps(grid)  # blocks of 4 x 2 maps, gaps of 1, blocks 2 apart
    assert picture.shape == (4 * 3 + 3, 2 * (2 * 4 + 1) + 2)
    np.testing.assert_allclose(picture[4:7, 11 + 5 : 11 + 9], grid[1, :, :, 3], rtol=1e-6)
