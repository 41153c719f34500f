"""The README's commands, in their order and made short, end well and warn of nothing."""

import os

import pytest
from pages import ROOT, carry_out, check_runs, furnish, reason, run_python, steps, typed

README = (ROOT / "README.md").read_text()


def test_it_is_no_longer_than_a_reader_is_patient():
    assert len(README.splitlines()) < 250


@pytest.mark.slow
def test_the_first_commands_end_well(tmp_path, monkeypatch, capsys):
    """Those before the first sweep: in an empty folder, on data that are at hand."""
    monkeypatch.chdir(tmp_path)
    commands = typed(README)
    first = commands[: next(n for n, command in enumerate(commands) if "-m" in command.words)]
    known = {"train", "eval", "plot-manifold", "runs", "list", "verify"}
    assert known <= {command.words[0] for command in first}
    for command in first:
        carry_out(command, capsys)
    check_runs()


@pytest.mark.slow
def test_every_command_ends_well(tmp_path, monkeypatch, capsys):
    if not os.environ.get("AECLI_DATA_DIR"):
        pytest.skip("AECLI_DATA_DIR, for MNIST, is not set")
    furnish(tmp_path)
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "readme"}
    for step in steps(README):
        if isinstance(step, str):
            run_python(step, names)
        elif not reason(step.words):
            carry_out(step, capsys)
    check_runs()
