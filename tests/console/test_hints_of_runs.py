"""Hints on runs, sweeps and searches that are there, or not yet, pasted into a shell."""

import re

import pytest
from fresh_run import folder as fresh
from pasted import ODD, SMALL, commands, of, outputs, words

from aecli import runs
from aecli.typed import quoted


def test_where_there_is_nothing_yet_a_run_is_made_where_it_is_looked_for(typed):
    for command in ("runs", "eval", "compare"):
        _, said = typed(command, outputs())
        ((name, *rest),) = commands(said)
        assert (name, outputs() in rest) == ("train", True), said
    _, said = typed("runs", outputs())
    (train,) = commands(said)
    assert typed(*train, *SMALL, "trainer.epochs=1")[0] == 0
    _, said = typed("runs", outputs())
    code, said = typed(*commands(said)[-1])
    assert code == 0, said
    (info,) = runs.list_runs(ODD)
    assert (info.folder / "eval").is_dir()


def test_a_folder_of_any_name_is_taken_as_it_was_printed_and_typed(typed, compose, tmp_path):
    older, newer = (fresh(compose, tmp_path / ODD, "model=ae", f"seed={n}") for n in (0, 1))
    for run in (older, newer):
        (run / "metrics.json").write_text('{"loss": 2.0}')
    code, said = typed("eval", f"run={older}")  # quoted for the shell alone
    assert code == 2
    (setting,) = words(re.search(r"for the shell: (.*)", said)[1])
    assert typed("eval", setting)[0] == 0
    assert (older / "eval").is_dir()
    assert not (newer / "eval").exists()
    for names in ((ODD,), (str(older), str(newer))):
        code, said = typed("compare", *names, "draw=false")
        assert code == 0, said
    code, said = typed("report", of("run", older))
    assert commands(said) == [["eval", of("run", older), "card=full"]]


HINTS = {  # of commands on a run: what is asked, and what the hint adds or puts in its place
    "no noise": (["denoise"], r"as in (noise=gaussian)"),
    "too few of a label": (
        ["finetune", "labels_per_class=1000", "epochs=1", "frozen_epochs=0"],
        r"take at most (\S+),",
    ),
    "codes that are not random": (["encode", "sample=true"], r"take (sample=false)"),
}


def test_hints_of_commands_on_a_run(typed, compose, tmp_path):
    run = of("run", fresh(compose, tmp_path / ODD, "model=ae"))
    for (command, *rest), pattern in HINTS.values():
        code, said = typed(command, run, *rest)
        assert code == 2, said
        (hint,) = words(re.search(pattern, said)[1])
        kept = [word for word in rest if word.partition("=")[0] != hint.partition("=")[0]]
        code, said = typed(command, run, *kept, hint)
        assert code == 0, said
    _, said = typed("detect", run)
    assert "normal=[...]" in said
    code, said = typed("detect", run, "normal=[0,1]")
    assert (code, "needs labels" in said) == (0, False), said


@pytest.mark.slow
def test_what_a_search_says_next(typed):
    pytest.importorskip("optuna", reason="the search is Optuna's: pip install 'aecli[tune]'")
    search = ["tune", f"study={quoted(ODD)}", "n_trials=1", *SMALL, "trainer.epochs=1"]
    code, said = typed(*search, "model.latent_dim=interval(1.5,4)")
    assert code == 2
    (hint,) = words(re.search(r"take (.*)", said)[1])
    code, said = typed(*search, hint)
    assert code == 0, said
    (save,) = commands(said)
    assert save[-1] == "save=NAME"
    code, said = typed(*save)
    assert code == 0, said
    (train,) = commands(said)
    code, said = typed(*train)
    assert code == 0, said
