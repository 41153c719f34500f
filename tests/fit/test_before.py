"""dry_run, name and warm_start: what `aecli train` does before, beside and instead of training."""

import re

import fresh_run
import numpy as np
import pytest

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.fit import plan

QUICK = ("dataset.limit=150", "trainer.epochs=1", "figures=[]", "trainer.threads=1",
         "trainer.jit_compile=false")  # fmt: skip


@pytest.mark.parametrize(
    "more", [("trainer.batch_size=150",), ("trainer.feed=streaming", "hydra.run.dir=mine")]
)
def test_a_dry_run_says_what_would_be_and_writes_nothing(typed, tmp_path, more):
    code, said = typed("train", "dry_run=true", *QUICK, *more)
    assert code == 0, said
    weights = re.search(r"([\d,]+) parameters are trained", said)
    assert weights
    assert weights[1] in said.partition("weights")[0]
    assert re.search(r"s an epoch \([\d.]+ ms a step", said)
    assert "next    aecli train dataset.limit=150" in said
    assert "dry_run=true" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("word", ["seeds=2", "resume=latest", "sweep=latest"])
def test_a_dry_run_is_of_one_training(typed, tmp_path, word):
    code, said = typed("train", "dry_run=true", word)
    assert code == 2
    assert "dry_run=true is of" in said
    assert list(tmp_path.iterdir()) == []


def test_the_weights_to_begin_from_are_those_of_the_run(compose, tmp_path):
    first = fresh_run.folder(compose, tmp_path, "model=ae")
    kept = runs.Run(first).model.get_weights()
    words = ("dataset.limit=150", "seed=5", "trainer.threads=1", f"warm_start={first}")
    config = compose("model=ae", *words)
    splits = build.component(config.dataset, "dataset").load()
    made = plan.plan(config, splits)
    assert any((a != b).any() for a, b in zip(kept, made.model.get_weights(), strict=True))
    made.begin()
    for before, after in zip(kept, made.model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    assert any("begins from the weights of" in note for note in made.splits.notes)
    assert plan.plan(config, splits, begins=False).start is None
    for other in ("model.latent_dim=3", "network.widths=[16,8]"):
        with pytest.raises(BadRequest, match=r"its weights do not fit, kernel \[\d+, \d+\] there"):
            plan.plan(compose("model=ae", *words, other), splits)


@pytest.mark.slow  # one of each way to train: a minute
@pytest.mark.parametrize("model", ["cvae", "factor_vae", "vae_gan", "vq_vae", "hvae", "top_k"])
def test_a_model_of_any_kind_has_a_dry_run(typed, tmp_path, model):
    code, said = typed("train", "dry_run=true", f"model={model}", *QUICK)
    assert code == 0, said
    assert "ms a step" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow  # half a minute: two trainings
def test_names_and_weights_to_begin_from(typed, tmp_path):
    """One training, named; a second one that begins where it ended."""
    code, said = typed("train", "name=first", *QUICK)
    assert code == 0, said
    first = runs.Run(tmp_path / "outputs" / "first")
    assert first.status["state"] == "done"

    code, said = typed("train", "name=first", *QUICK)
    assert (code, "outputs/first has a run, ae on digits, already" in said) == (2, True)
    assert runs.Run(first.folder).status == first.status

    words = ("warm_start=outputs/first", "optimizer.learning_rate=1e-12", "name=second")
    code, said = typed("train", *words, *QUICK)
    assert code == 0, said
    assert "begins from the weights of outputs/first" in said
    second = runs.Run(tmp_path / "outputs" / "second")
    for before, after in zip(first.model.weights, second.model.weights, strict=True):
        np.testing.assert_allclose(before.numpy(), after.numpy(), atol=1e-6)
    assert second.config.warm_start == str(tmp_path / "outputs" / "first")
    assert abs(second.status["val_loss"] - first.status["val_loss"]) < 1e-3

    code, said = typed("train", "warm_start=outputs/first", "model.latent_dim=3", *QUICK)
    assert code == 2
    assert re.search(r"warm_start=\S+: .* weights do not fit", said), said
    assert typed("train", "warm_start=outputs/none", *QUICK)[0] == 2
    assert len([*runs.list_runs(tmp_path / "outputs")]) == 2


@pytest.mark.parametrize("name", ["../mine", "3", "''"])
def test_a_name_leads_nowhere_else(typed, tmp_path, name):
    for words in ((), ("-m", "seed=0,1")):
        code, said = typed("train", f"name={name}", *QUICK, *words)
        assert code == 2
        assert said.startswith("error: name")
    assert not (tmp_path / "outputs").exists()
    assert list(tmp_path.iterdir()) == []
