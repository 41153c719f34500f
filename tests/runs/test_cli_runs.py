"""What a command gets, and what its outcome becomes, on a small config tree."""

import sys
import types

import pytest

from aecli import dispatch
from aecli.errors import BadRequest

pytest_plugins = ["cli_tree"]


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "bad",
            2,
            "error: model.latent_dim must be > 0; got -1\nhint:  type model.latent_dim=2\n",
        ),
        ("failed", 1, "error: loss is NaN\n"),
        ("inapplicable", 2, "error: manifold needs a prior\n"),
        ("bug", 1, "error: KeyError: 'x'  (AECLI_TRACEBACK=1 shows where)\n"),
        ("stopped", 143, ""),
        ("interrupted", 130, "interrupted\n"),
    ],
)
def test_exit_codes(tree, capsys, name, code, said):
    assert dispatch.run("train", [f"raises={name}"]) == code
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("variable", ["AECLI_TRACEBACK", "HYDRA_FULL_ERROR"])
def test_traceback_on_request(tree, capsys, monkeypatch, variable):
    monkeypatch.setenv(variable, "1")
    assert dispatch.run("train", ["raises=bug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_wrapped_errors_keep_their_text(tree, capsys, monkeypatch):
    def main(config):
        raise RuntimeError("Error in call to target") from BadRequest("stddev must be >= 0")

    monkeypatch.setattr(sys.modules["aecli.commands.train"], "main", main)
    assert dispatch.run("train", []) == 2
    assert capsys.readouterr().err == "error: stddev must be >= 0\n"


def test_a_plain_run_writes_nothing_of_its_own(tree):
    assert dispatch.run("train", []) == 0
    assert tree.seen[0][1] is None
    assert list(tree.work.iterdir()) == []


def test_precedence_and_word_order(tree):
    words = [
        "trainer.epochs=3",
        "--config-dir",
        str(tree.root),
        "experiment=big",
        "seed=${noise.stddev}",
    ]
    assert dispatch.run("train", words) == 0
    config = tree.seen[0][0]
    assert (config.trainer.epochs, config.model.beta, config.seed) == (3, 1.0, 0)


def test_an_option_can_be_added_to_a_list(tree):
    assert dispatch.run("train", ["+callbacks=tensorboard"]) == 0
    assert set(tree.seen[0][0].callbacks) == {"checkpoint", "tensorboard"}


def test_a_folder_asked_for_is_passed_on_and_not_left_empty(tree):
    assert dispatch.run("train", ["hydra.run.dir=mine"]) == 0
    assert tree.seen[0][1] == tree.work / "mine"
    assert dispatch.run("train", ["hydra.run.dir=other", "raises=bad"]) == 2
    assert not (tree.work / "other").exists()


def test_json_flag_where_the_command_has_it(tree, monkeypatch):
    seen = []
    module = types.SimpleNamespace(main=lambda config: seen.append(config.json))
    monkeypatch.setitem(sys.modules, "aecli.commands.eval", module)
    assert dispatch.run("eval", ["--json"]) == 0
    assert seen == [True]


def test_help_reflects_the_choices_made(tree, capsys):
    assert dispatch.run("train", ["--help", "experiment=big"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("aecli train: Train something\n")
    for part in (
        "ae vae*",
        "checkpoint* tensorboard",
        "epochs: 99",
        "beta: 1.0",
        "aecli train model=",
    ):
        assert part in text
    assert tree.seen == []
