"""The figures of a leaderboard: drawn whole, on the axes that the values ask for."""

import matplotlib
import numpy as np
import pytest
from compared import Maker, product, source
from matplotlib.text import Text

from aecli.comparison.leaderboard import leaderboard
from aecli.errors import NotApplicable
from aecli.figures import compare_look as look
from aecli.figures.compare_curves import loss_curves
from aecli.figures.compare_heat_map import heat_map
from aecli.figures.compare_settings import metric_against

BOARDS = {
    "two settings": product(model__latent_dim=[2, 8, 32], network__activation=["relu", "tanh"],
                            seed=[0, 1, 2]),
    "many values": product(model__latent_dim=range(2, 22)),
    "many series": product(model__latent_dim=[2, 8], optimizer__learning_rate=[1, 2, 3],
                           trainer__batch_size=[1, 2, 3], seed=[0, 1]),
    "long names": product(network__widths=["[512,256,128,64,32]", "[512,256,128]", "[1,2,3,4,5,6]"],
                          loss=["binary_crossentropy", "continuous_bernoulli"],
                          network__kernel_initializer=["glorot_uniform", "$he_norm$al"]),
    "seeds alone": product(seed=[0, 1]),
    "one run": [[]],
}  # fmt: skip


def board_of(tmp_path, jobs, scale=1.0, **metrics):
    rng = np.random.default_rng(0)
    values = [{"val_loss": scale * (10 + n + rng.random()), **metrics} for n in range(len(jobs))]
    return leaderboard(source(Maker(tmp_path).sweep(jobs, values)))


def check_whole(figure):
    figure.canvas.draw()
    painted = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert painted.x0 >= 0, "cut off on the left"
    assert painted.y0 >= 0, "cut off below"
    assert painted.x1 <= width, "cut off on the right"
    assert painted.y1 <= height, "cut off above"
    texts = [text for text in figure.findobj(Text) if text.get_text().strip()]
    assert min(text.get_fontsize() for text in texts) >= 9
    assert 790 <= np.asarray(figure.canvas.buffer_rgba()).shape[1] <= 810


@pytest.mark.parametrize("name", BOARDS)
def test_each_is_drawn_whole(name, tmp_path):
    board = board_of(tmp_path, BOARDS[name])
    before = dict(matplotlib.rcParams)
    check_whole(loss_curves(board))
    for place in range(len(board.settings)):
        figure = metric_against(board, place)
        check_whole(figure)
        assert board.settings[place].key in figure.get_suptitle()
        assert figure.axes[0].get_ylabel() == "val_loss (nats an image)"
    assert dict(matplotlib.rcParams) == before


@pytest.mark.parametrize(
    ("values", "is_log"),
    [
        ([1e-4, 1e-3, 1e-2], True),
        ([2, 8, 32], True),
        ([1, 2, 5, 10, 20, 50], True),
        ([1, 10], True),
        ([1, 1000, 1010], True),  # three decades
        ([2, 4, 8], True),  # by one ratio
        ([1, 2, 5], False),  # not a decade
        ([1, 2], False),
        ([10, 20, 30, 40, 100], False),
        ([0, 1, 10], False),
        ([-1, 1, 10], False),
        ([5], False),
        ([1, 10, "null"], False),
        (["a", "b"], False),
        ([True, False], False),
    ],
)
def test_an_axis_is_logarithmic_where_it_is_swept_so(values, is_log):
    assert look.is_logarithmic(values) == is_log


def test_the_axis_of_a_setting(tmp_path):
    board = board_of(tmp_path, BOARDS["two settings"])
    by_key = {s.key: metric_against(board, n).axes[0] for n, s in enumerate(board.settings)}
    size, activation = by_key["model.latent_dim"], by_key["network.activation"]
    assert size.get_xscale() == "log"
    assert [t.get_text() for t in size.get_xticklabels()] == ["2", "8", "32"]
    assert activation.get_xscale() == "linear"
    assert [t.get_text() for t in activation.get_xticklabels()] == ["relu", "tanh"]
    low, high = size.get_ylim()
    for row in board.rows:
        summary = row.summaries["val_loss"]
        assert low < summary.mean - summary.half < summary.mean + summary.half < high


def test_a_dot_a_run_and_the_mean_with_its_interval(tmp_path):
    board = board_of(tmp_path, product(model__latent_dim=[2, 8, 32], seed=[0, 1, 2]))
    ax = metric_against(board, 0).axes[0]
    dots = [line for line in ax.lines if line.get_marker() == "."]
    drawn = sorted(value for line in dots for value in line.get_ydata())
    assert drawn == sorted(record.metrics["val_loss"] for record in board.records)
    (means,) = [line for line in ax.lines if line.get_marker() == "o"]
    by_size = sorted(board.rows, key=lambda row: row.values[0])
    assert list(means.get_ydata()) == [row.summaries["val_loss"].mean for row in by_size]
    bars = [segment[:, 1] for segment in ax.collections[0].get_segments()]
    for row, (low, high) in zip(by_size, bars, strict=True):
        assert (high - low) / 2 == pytest.approx(row.summaries["val_loss"].half)


def test_a_curve_a_run_and_a_name_a_row(tmp_path):
    board = board_of(tmp_path, product(model__latent_dim=range(2, 14), seed=[0, 1]))
    figure = loss_curves(board)
    curves = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    assert len(curves) == 24
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*(f"latent_dim={n}" for n in range(2, 10)), "4 more"]
    labelled = dict(zip(names, legend.legend_handles, strict=True))
    assert labelled["latent_dim=2"].get_color() == curves[-1].get_color()  # the best on top


def test_losses_that_are_different_quantities_are_told(tmp_path):
    figure = loss_curves(board_of(tmp_path, product(loss=["mse", "mae"]), mse=1.0))
    assert figure.axes[0].get_title() == "not one quantity in all runs: they differ in loss"


def test_each_cell_of_a_heat_map_is_annotated(tmp_path):
    jobs = product(model__latent_dim=[2, 8, 32], network__activation=["relu", "tanh"], seed=[0, 1])
    board = board_of(tmp_path, jobs[:-2])  # no 32 with tanh
    figure = heat_map(board)
    check_whole(figure)
    means = figure.axes[0].images[0].get_array()
    assert means.shape == (3, 2)
    assert np.ma.count(means) == 5
    texts = [t.get_text() for t in figure.axes[0].texts]
    assert len(texts) == 5
    first = next(row for row in board.rows if row.values == [2, "relu"])
    assert means[0, 0] == first.summaries["val_loss"].mean
    assert f"{means[0, 0]:.1f}\n± {first.summaries['val_loss'].half:.1f}" in texts


@pytest.mark.parametrize(
    "jobs",
    [
        product(model__latent_dim=range(2, 13), network__activation=["relu", "tanh"]),
        [["model.latent_dim=2", "seed=0"], ["model.latent_dim=4", "network.activation=tanh"]],
    ],
)
def test_no_heat_map_that_could_not_be_read(tmp_path, jobs):
    with pytest.raises(NotApplicable, match="needs "):
        heat_map(board_of(tmp_path, jobs))
