"""A recipe with one of its options replaced: it trains, or the hint says how."""

import shlex

import pytest

from aecli import dispatch, runs

SMALL = ["dataset=digits", "dataset.limit=300", "trainer.epochs=1"]
FAST = ["trainer.jit_compile=false", "dataset.scale=none"]


@pytest.mark.parametrize(
    ("recipe", "other", "left"),
    [
        ("dense_mnist", "model=vae", ["~model.code_activation"]),
        ("vae_mnist", "model=ae", ["~model.beta", "~model.epsilon_std"]),
        ("deep_leaky_mnist", "loss=binary_crossentropy",
         ["~loss.activation", "~loss.negative_slope"]),
        ("deep_leaky_mnist", "figures=[]", ["~figures.reconstructions"]),
        ("vae_mnist", "loss=mse", []),
        ("sparse_mnist", "model=ae", ["~model.penalty", "~model.weight"]),
    ],
)  # fmt: skip
def test_a_replaced_option_leaves_no_way_without_an_end(
    tmp_path, monkeypatch, capsys, recipe, other, left
):
    monkeypatch.chdir(tmp_path)
    rest = ["figures=[loss_curve,reconstructions]"] if "figures" not in other else []
    words = [f"experiment={recipe}", other, *SMALL, *FAST, *rest]
    if left == []:
        assert dispatch.run("train", words) == 0
        return
    assert dispatch.run("train", words) == 2
    error, hint = capsys.readouterr().err.splitlines()
    typed = shlex.split(hint.partition(" out: ")[2])
    if "figures" not in other:
        assert "has no key" in error
        assert f"experiment={recipe} states it for another" in hint
    assert left == typed
    assert not list(tmp_path.iterdir())
    assert dispatch.run("train", [*words, *typed]) == 0
    assert [info.state for info in runs.list_runs("outputs")] == ["done"]


def test_a_key_of_the_users_own_is_not_laid_on_the_recipe(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = ["experiment=dense_mnist", "model=vae", "+model.penalty=l1", *SMALL, *FAST]
    assert dispatch.run("train", words) == 2
    assert "experiment" not in capsys.readouterr().err
