"""Series as lines: what is drawn is what the files have, in their units and in its place."""

import numpy as np
import pytest
from figures_run import series_run

from aecli.datasets.windows import cut
from aecli.figures import lines, traversal
from aecli.figures.anomalous_points import along_time, spans, whole
from aecli.figures.reconstructions import Reconstructions


def test_a_reconstruction_is_drawn_in_the_units_of_the_file():
    run = series_run()
    figure = Reconstructions(n=3)(run)
    x, target, _ = run.examples(n=3)
    for ax, original, made in zip(figure.axes, target, run.model.reconstruct(x), strict=False):
        drawn = {line.get_label(): line.get_ydata() for line in ax.lines}
        np.testing.assert_allclose(drawn["original"], 0.1 * original[0, :, 0] - 10, rtol=1e-5)
        np.testing.assert_allclose(drawn["reconstruction"], 0.1 * made[0, :, 0] - 10, rtol=1e-5)
        (error,) = ax.collections
        assert error.get_paths()[0].vertices[:, 1].max() == pytest.approx(
            max(drawn["original"].max(), drawn["reconstruction"].max()), rel=1e-5
        )


def test_points_that_a_series_lacks_are_not_drawn():
    run = series_run()
    x, _, _ = run.examples(n=1)
    short = x.copy()
    short[:, :, 30:] = np.nan
    figure = lines.pairs(run, "x", {"original": short, "reconstruction": x})
    drawn = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert np.isnan(drawn["original"][30:]).all()
    assert not np.isnan(drawn["original"][:30]).any()


def test_a_cell_of_a_sheet_is_where_its_row_and_column_are():
    run = series_run(channels=2)
    x = np.random.default_rng(0).uniform(-1, 1, (3, 4, 1, 40, 2)).astype("float32")
    figure = lines.sheet(run, "x", x, (-10.1, -9.9), list("abc"), list("defg"))
    (ax,) = figure.axes
    drawn = np.stack([path for c in ax.collections for path in c.get_segments()])
    drawn = drawn.reshape(2, 3, 4, 40, 2)  # channel, row, column, point
    step = 1 + lines.GAP
    for row in range(3):
        for column in range(4):
            cell = drawn[:, row, column]
            np.testing.assert_allclose(cell[0, [0, -1], 0] - column * step, [0, 1], atol=1e-6)
            height = (x[row, column, 0] + 1) / 2  # from -1 to 1
            np.testing.assert_allclose(cell[:, :, 1].T + row * step, height, atol=1e-4)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list("abc")
    (at_a, _, at_c), (at_d, *_) = ax.get_yticks(), ax.get_xticks()
    assert at_a == 0.5
    assert at_c == pytest.approx(0.5 - 2 * step)
    assert at_d == 0.5


def test_a_traversal_of_series_names_its_units():
    run = series_run()
    x = run.examples(n=10)[0].reshape(2, 5, 1, 40, 1)
    units = {"unit": np.array(["z[1]", "z[0]"]), "variance": np.array([2.0, 1.0])}
    figure = traversal.grid(run, x, np.linspace(-3, 3, 5), units, ("the others at 0", "steps"))
    (ax,) = figure.axes
    assert [t.get_text().split()[0] for t in ax.get_yticklabels()] == ["z[1]", "z[0]"]
    assert "steps" in ax.get_xlabel()


def test_a_recording_is_put_together_again_and_its_marks_are_in_place():
    run = series_run()
    t = np.arange(200.0)
    x, windows = cut("x", np.sin(t)[:, None].astype("float32"), 40, 30)
    together = whole(x[:, 0], windows)
    np.testing.assert_allclose(together[:, 0], np.sin(t), atol=1e-6)
    assert spans(np.array([3, 4, 5, 9]), 0) == [(2.5, 5.5), (8.5, 9.5)]
    assert spans(np.array([10]), 5) == [(7.5, 12.5)]
    score = np.where((t > 100) & (t < 110), 1.0, 0.0)
    found = {"point": t.astype(int), "score": score, "verdict": np.full(200, "normal")}
    known = score > 0
    figure = along_time(run, x, windows, found, {"threshold": 0.5}, known)
    top, bottom = figure.axes
    marked = [patch.get_extents().transformed(bottom.transData.inverted()) for patch in top.patches]
    assert len(marked) == 1
    assert (marked[0].x0, marked[0].x1) == pytest.approx((100.5, 109.5))
    np.testing.assert_allclose(top.lines[0].get_ydata(), 0.1 * np.sin(t) - 10, rtol=1e-5)
    np.testing.assert_array_equal(bottom.lines[0].get_ydata(), score)
