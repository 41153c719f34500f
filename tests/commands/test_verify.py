"""aecli verify: a line a proof, an exit code, names and what is no name."""

import json
import re

import pytest

from aecli.console import catalog
from aecli.proofs import base, generic, run
from aecli.proofs import catalog as proofs

BROKEN = """# mine
_target_: aecli.models.ae.AE
latent_dim: -1
"""


def test_a_line_a_proof_under_its_subject(typed):
    code, said = typed("verify", "latents/linear", "divergences/bernoulli")
    assert code == 0, said
    lines = said.splitlines()
    assert [line for line in lines if not line.startswith(" ")][:2] == [
        "latents/linear", "divergences/bernoulli",
    ]  # fmt: skip
    (line,) = [line for line in lines if "KL of two coins" in line]
    numbers = r"  ok +KL of two coins = .* [\d.]+ = [\d.]+ \+- 1e-06 +\d+\.\d\d s"
    assert re.fullmatch(numbers, line)
    assert re.fullmatch(r"3 proofs of 2 subjects, 0 failed, \d+ s", lines[-1])


def test_of_a_model_its_file_and_what_holds_of_any(typed):
    code, said = typed("verify", "sparse_kl", "--json")
    assert code == 0, said
    told = json.loads(said)
    assert {one["subject"] for one in told["found"]} == {"models/sparse", "model=sparse_kl"}
    assert told["proofs"] == len(told["found"]) > 8
    assert told["failed"] == 0
    first = told["found"][0]
    assert abs(first["ours"] - first["known"]) <= first["tolerance"]
    assert first["holds"] is True
    assert first["error"] is None


def test_what_does_not_hold_or_raises_is_a_line_and_exit_1(typed, monkeypatch):
    def raises():
        raise RuntimeError("first line\nsecond")

    wrong = base.Finding(1.0, 2.0, 0.1, note="of the third")
    made = [base.Proof("a/b", "one = two", lambda: wrong), base.Proof("a/b", "it ends", raises)]
    monkeypatch.setattr(proofs, "subjects", lambda: ["a/b"])
    monkeypatch.setattr(proofs, "proofs_of", lambda subject: made)
    code, said = typed("verify", "a/b")
    assert code == 1
    assert re.search(r"  FAILED  one = two +1 = 2 \+- 0\.1 +\d\.\d\d s  of the third\n", said)
    assert re.search(r"  FAILED  it ends +RuntimeError: first line +\d\.\d\d s\n", said)
    assert "second" not in said
    assert said.endswith("error: 2 of 2 proofs failed: a/b\n")
    code, said = typed("verify", "a/b", "--json")
    assert code == 1
    assert '"ours": 1.0' in said


def test_a_model_of_the_users_is_proved_too_and_one_that_is_not_built_is_a_line(typed, tmp_path):
    folder = tmp_path / "configs" / "model"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(BROKEN.replace("-1", "3"))
    (folder / "broken.yaml").write_text(BROKEN)
    code, said = typed("verify", "mine")
    assert code == 0, said
    assert said.count("  ok  ") > len(generic.TRAINED)
    code, said = typed("verify", "broken")
    assert code == 1
    assert re.search(r"FAILED  it is built +BadRequest: model.latent_dim must be", said)


@pytest.mark.parametrize(
    ("word", "hint"),
    [("sprase", "did you mean 'sparse'?"), ("losses/gausian", "did you mean 'losses/gaussian'?"),
     ("zzz", "models as in aecli list model")],
)  # fmt: skip
def test_an_unknown_name_is_exit_2_with_the_nearest(typed, word, hint):
    code, said = typed("verify", word)
    assert code == 2
    assert f"unknown model '{word}'" in said
    assert hint in said
    assert len(said.splitlines()) == 2


def test_of_a_loss_its_file_and_what_holds_of_any():
    assert [group.subject for group in run.groups(["losses/mse"])] == ["losses/mse", "loss=mse"]
    assert run.groups(["beta_vae"])[0] == run.Group("models/vae")
    assert len(run.groups([])) > 40


def test_all_models_have_a_family_and_are_listed_by_it(typed, tmp_path):
    options = catalog.options("model")
    assert [option.name for option in options if option.family is None] == []
    folder = tmp_path / "configs" / "model"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(BROKEN)
    (folder / "theirs.yaml").write_text("# theirs\n# @family sparse\nlatent_dim: 3\n")
    code, said = typed("list", "model")
    assert code == 0
    lines = said.splitlines()
    families = [line.rstrip(":") for line in lines if re.fullmatch(r"\S+:", line)]
    assert families[:3] == ["deterministic", "sparse", "variational"]
    assert families[-1] == "own"
    sparse = lines[lines.index("sparse:") : lines.index("variational:")]
    assert [line.split()[0] for line in sparse[1:]] == [
        *("batch_top_k", "gated", "jump_relu", "k_sparse", "matryoshka", "sparse", "sparse_kl"),
        *("theirs", "top_k"),
    ]
    assert "  ae*" in said
    _, told = typed("list", "model", "--json")
    found = {one["name"]: one["family"] for one in json.loads(told)["model"]}
    assert (found["mine"], found["theirs"], found["ae"]) == (None, "sparse", "deterministic")
