"""aecli list and aecli runs, through the console script."""

import json

from cli_script import aecli

from aecli.console import catalog


def make_run(folder, **status):
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "config.yaml").write_text("model: {}\n")
    (folder / "status.json").write_text(json.dumps(status))


def test_own_configs_add_options(tmp_path):
    folder = tmp_path / "configs" / "noise"
    folder.mkdir(parents=True)
    mine = folder / "rain.yaml"
    mine.write_text("# drops of rain\n_target_: mine.Rain\ndrops: 3\n")
    (folder / "gaussian.yaml").write_text("# mine\nstddev: 77\n")

    listed = aecli("list", "noise", cwd=tmp_path)
    assert f"drops of rain (yours: {mine})" in listed.stdout
    assert "gaussian.yaml has no effect" in listed.stderr
    composed = aecli("train", "noise=rain", "--cfg", "job", cwd=tmp_path)
    assert "drops: 3" in composed.stdout
    packaged = aecli("train", "noise=gaussian", "--cfg", "job", cwd=tmp_path)
    assert "_target_: aecli.noise" in packaged.stdout
    assert "77" not in packaged.stdout


def test_list_as_json(tmp_path):
    listed = json.loads(aecli("list", "--json", cwd=tmp_path).stdout)
    assert set(listed) == set(catalog.groups())
    assert [o["name"] for o in listed["model"] if o["default"]] == ["ae"]
    assert not any(option["yours"] for options in listed.values() for option in options)


def test_list_of_an_unknown_group(tmp_path):
    done = aecli("list", "modle", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown group 'modle': did you mean 'model'?\n")


def test_no_runs_yet(tmp_path):
    done = aecli("runs", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "no runs under outputs; aecli train makes one\n"


def test_runs_in_a_pipe_are_plain_and_never_cut_short(tmp_path):
    name = "outputs/2026-01-02/03-04-05_" + "long" * 30
    make_run(
        tmp_path / name,
        state="done",
        model="vae",
        dataset="digits",
        epochs_done=20,
        val_loss=17.5,
        started="2026-01-02T03:04:05",
    )
    lines = aecli("runs", cwd=tmp_path, COLUMNS="40").stdout.splitlines()
    assert lines[0].split()[:6] == ["run", "model", "dataset", "epochs", "state", "val_loss"]
    assert lines[1].split() == [name, "vae", "digits", "20", "done", "17.5"]

    found = json.loads(aecli("runs", "--json", cwd=tmp_path).stdout)
    assert [(run["folder"], run["val_loss"]) for run in found] == [(name, 17.5)]
