"""Sparse dictionaries as they are used: what they refuse, where they start, how they go on."""

import json

import numpy as np
import pytest
from same_runs import differing

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.models.sparse_codes import geometric_median
from aecli.training import state as states

LITTLE = ["model=batch_top_k", "model.latent_dim=64", "trainer.batch_size=41"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["model=top_k", "network=mlp"], "stands on network=dictionary alone; got network=mlp"),
        (["model=top_k", "model.k=300"], "model.k must be at most model.latent_dim=256"),
        (["model=matryoshka", "model.prefixes=[0.5,0.25]"], "model.prefixes must be rising"),
        (["model=matryoshka", "model.prefixes=[0.001]"], "model.prefixes must be rising"),
    ],
)
def test_refused(compose, words, says):
    with pytest.raises(BadRequest) as refusal:
        build.model(compose(*words), (8, 8, 1))
    assert says in str(refusal.value)
    assert len(str(refusal.value).splitlines()) <= 2


def test_a_training_starts_at_the_median_and_a_resumed_one_does_not_look_again(lab):
    whole = lab.train(*LITTLE, "trainer.epochs=2")
    part = lab.train(*LITTLE, "trainer.epochs=1")
    first = states.read_file(part / "checkpoints" / states.LAST).tensors["model"]
    (centre,) = [np.asarray(v) for name, v in first.items() if name.endswith("centre")]
    x = runs.Run(part).splits.train.x[:].astype("float64")
    np.testing.assert_allclose(centre.ravel(), geometric_median(x.reshape(len(x), -1)), rtol=1e-5)
    lab.resume(part, "trainer.epochs=2")
    assert differing(whole, part) == []


def test_the_metric_and_the_figure_of_a_generated_dictionary(typed):
    code, said = typed(
        "train", "model=top_k", "dataset=dictionary", "dataset.examples=600", "dataset.size=8",
        "dataset.directions=16", "model.latent_dim=32", "model.k=2", "trainer.epochs=2",
    )  # fmt: skip
    assert code == 0, said
    (run,) = [runs.Run(info.folder) for info in runs.list_runs("outputs")]
    values = json.loads((run.folder / "metrics.json").read_text())
    assert values["l0"] <= 2
    assert 0 <= values["recovered"] <= 1
    assert 0.5 < values["mean_max_cosine"] <= 1
    assert values["explained_variance"] == pytest.approx(
        run.history["val_explained_variance"][-1], abs=0.1
    )
    assert (run.folder / "figures" / "density.png").is_file()
    assert "the code has" not in said  # it may be wider than a row
