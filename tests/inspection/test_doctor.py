"""aecli doctor: what it looks at, and its exit code where something is broken."""

import json

from aecli.inspection import machine, packages


def test_of_a_machine_that_is_well(typed, monkeypatch, tmp_path):
    monkeypatch.setenv("AECLI_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("AECLI_PLUGINS", raising=False)
    code, said = typed("doctor", "--json")
    checks = json.loads(said)["checks"]
    assert code == 0, said
    names = {check["name"] for check in checks}
    assert names >= {"python", "aecli", "packages", "devices", "cores", "memory", "disc", "data"}
    ready = next(one["text"] for one in checks if one["text"].startswith("ready: "))
    assert "digits" in ready
    assert list(tmp_path.iterdir()) == []


def test_what_is_broken_is_named_with_what_to_do(typed, monkeypatch):
    monkeypatch.setenv("AECLI_DATA_DIR", "/nowhere")
    monkeypatch.setenv("AECLI_PLUGINS", "no_such_package_of_mine")
    code, said = typed("doctor")
    assert code == 1
    assert "error: broken: data, plugins" in said
    assert "do: pip install it, or PYTHONPATH=FOLDER" in said
    assert "do: name one, or unset AECLI_DATA_DIR" in said


def test_packages_that_are_missing_or_too_old(monkeypatch):
    versions = {"tensorflow": "1.0", "optuna": ""}
    real = packages._installed
    monkeypatch.setattr(packages, "_installed", lambda name: versions.get(name, real(name)))
    wrong = [one for one in packages.required() if one[3]]
    assert [("1.0" in text, line) for _, text, line, _ in wrong] == [
        (True, "pip install 'tensorflow<2.22,>=2.21'")
    ]
    lines = [line for _, _, line, _ in packages.extras()]
    assert "pip install 'aecli[tune]'" in lines


def test_little_memory_and_a_disc_that_cannot_be_written(monkeypatch, tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8000000 kB\nMemAvailable: 500000 kB\n")
    monkeypatch.setattr(machine, "MEMINFO", meminfo)
    assert machine._memory().remedy
    assert machine._disc(meminfo / "outputs").is_broken  # below a file
    assert not machine._disc(tmp_path / "outputs").is_broken
