"""beta-TC-VAE: it is told how many examples it is trained on, and knows it wherever it is built."""

import json

import keras
import numpy as np
import pytest

from aecli import build, runs
from aecli.errors import BadRequest

LITTLE = ["model=beta_tc_vae", "model.latent_dim=3", "network.widths=[8]"]


def test_it_must_be_told_how_many_examples_there_are(compose):
    with pytest.raises(BadRequest, match="how many examples it is trained on"):
        build.model(compose(*LITTLE), (8, 8, 1))


def test_the_count_is_that_of_the_training_part_after_reloading_and_resuming(lab):
    folder = lab.train(*LITTLE, "trainer.epochs=1", "trainer.batch_size=40")
    run = runs.Run(folder)
    count = len(run.splits.train)
    assert json.loads((folder / "status.json").read_text())["train_count"] == count
    assert run.model.train_count == count
    x = run.examples("test", 20)[0]
    again = keras.models.load_model(folder / "checkpoints" / "best.keras")
    assert again.train_count == count
    for name, term in run.model.score(x).items():
        np.testing.assert_array_equal(again.score(x)[name], term)
    lab.resume(folder, "trainer.epochs=2")
    assert runs.Run(folder).model.train_count == count


def test_what_is_off_by_constants_says_so(compose):
    for estimator, is_off in (("mss", False), ("mws", True)):
        words = [*LITTLE, f"model.estimator={estimator}"]
        about = build.model(compose(*words), (8, 8, 1), train_count=9).quantities()
        assert all(("low by up to" in about[name].meaning) == is_off for name in ("mi", "tc"))


@pytest.mark.parametrize("setting", ["model.free_bits=0.1", "model/posterior=iaf"])
def test_what_has_no_such_mixture_is_refused(compose, setting):
    with pytest.raises(BadRequest) as refusal:
        build.model(compose(*LITTLE, setting), (8, 8, 1), train_count=9)
    assert len(str(refusal.value).splitlines()) <= 2
