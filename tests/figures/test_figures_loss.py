"""The loss curve shows the history."""

import numpy as np
import pytest
from figures_run import digits_run, with_history

from aecli.errors import NotApplicable
from aecli.figures.loss_curve import LossCurve


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_loss_curve_shows_the_history_and_its_best_epoch():
    run = digits_run()
    figure = LossCurve()(run)
    drawn = lines(figure.axes[0])
    np.testing.assert_array_equal(drawn["training"].get_ydata(), run.history["loss"])
    np.testing.assert_array_equal(drawn["validation"].get_ydata(), run.history["val_loss"])
    best = int(np.argmin(run.history["val_loss"]))
    star = next(line for label, line in drawn.items() if label.startswith("best"))
    assert star.get_xdata()[0] == run.history["epoch"][best]
    assert star.get_ydata()[0] == run.history["val_loss"][best]
    assert [ax.get_title() for ax in figure.axes[1:]] == [
        "reconstruction (nats an image)",
        "kl (nats an image)",
    ]
    np.testing.assert_array_equal(
        lines(figure.axes[2])["validation"].get_ydata(), run.history["val_kl"]
    )
    assert figure.axes[0].get_yscale() == "linear"


def test_loss_curve_of_one_epoch_without_other_terms():
    history = {"epoch": [1], "seconds": [1], "loss": [9], "val_loss": [8], "reconstruction": [9]}
    figure = LossCurve()(with_history(digits_run(), **history))
    assert len(figure.axes) == 1
    assert lines(figure.axes[0])["training"].get_marker() == "o"


def test_loss_curve_over_more_than_two_decades_with_nan():
    history = {
        "epoch": [1, 2, 3, 4],
        "loss": [5000, 50, 5, np.nan],
        "val_loss": [600, np.inf, 6, np.nan],
    }
    figure = LossCurve()(with_history(digits_run(), **history))
    assert figure.axes[0].get_yscale() == "log"
    assert any(label == "best: 6 at epoch 3" for label in lines(figure.axes[0]))


@pytest.mark.parametrize(
    ("callbacks", "starred"),
    [({"checkpoint": {"monitor": "val_kl"}}, "best val_kl: 1 at epoch 3"),
     ({"checkpoint": {"monitor": None}}, None), ({"checkpoint": {"monitor": "gone"}}, None),
     ({"checkpoint": None}, "best: 5 at epoch 2"), ({}, "best: 5 at epoch 2")],
)  # fmt: skip
def test_the_star_is_at_the_epoch_that_is_kept(callbacks, starred):
    history = {"epoch": [1, 2, 3], "loss": [9, 8, 7], "val_loss": [6, 5, 5.5], "val_kl": [3, 2, 1]}
    run = with_history(digits_run(), **history)
    run.config = {"callbacks": callbacks}
    drawn = lines(LossCurve()(run).axes[0])
    stars = {label: line for label, line in drawn.items() if label.startswith("best")}
    assert [*stars] == ([] if starred is None else [starred])
    for star in stars.values():
        epoch = int(star.get_xdata()[0])
        assert star.get_ydata()[0] == history["val_loss"][epoch - 1]


def test_loss_curve_below_zero_stays_linear():
    history = {"epoch": [1, 2], "loss": [500.0, -3.0], "val_loss": [400.0, -2.0]}
    assert LossCurve()(with_history(digits_run(), **history)).axes[0].get_yscale() == "linear"


def test_loss_curve_needs_an_epoch():
    with pytest.raises(NotApplicable, match="needs at least one finished epoch"):
        LossCurve()(with_history(digits_run()))
