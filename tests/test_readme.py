"""The README's commands, in their order and made short, end well and warn of nothing."""

import os

import pytest
from pages import ROOT, carry_out, check_runs, furnish, reason, run_python, steps

README = (ROOT / "README.md").read_text()


def test_it_is_no_longer_than_a_reader_is_patient():
    assert len(README.splitlines()) < 250


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
