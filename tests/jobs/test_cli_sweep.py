"""Sweeps by Hydra's own launchers: one job after the other, each reported in a line."""

from aecli import dispatch
from aecli.jobs import sweep

pytest_plugins = ["cli_tree"]
BASIC = "hydra/launcher=basic"


def test_a_sweep_runs_every_combination_in_folders_of_its_own(tree, capsys):
    words = ["model=ae,vae", "-m", BASIC, "trainer.epochs=1", "model.latent_dim=2,8"]
    assert dispatch.run("train", words) == 0
    sizes = [(config.model.latent_dim, "beta" in config.model) for config, _ in tree.seen]
    assert sizes == [(2, False), (8, False), (2, True), (8, True)]
    folders = [folder.relative_to(tree.work) for _, folder in tree.seen]
    assert [folder.name for folder in folders] == ["01", "02", "03", "04"]
    assert folders[0].parts[0] == "outputs"
    assert folders[0].parent.name.endswith("_sweep")
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["[1/4] model=ae model.latent_dim=2", "[2/4] model=ae model.latent_dim=8"]
    assert lines[4] == f"sweep  4 of 4 jobs done   {folders[0].parent}"


def test_the_other_jobs_go_on_after_a_failure(tree, capsys):
    assert dispatch.run("train", ["-m", BASIC, "raises=bug,null,bad"]) == 1
    assert [folder.name for _, folder in tree.seen] == ["02"]
    assert [path.name for path in tree.seen[0][1].parent.iterdir() if path.is_dir()] == ["02"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[1] == "error: KeyError: 'x'  (AECLI_TRACEBACK=1 shows where)"
    assert lines[-3].startswith("sweep  1 of 3 jobs done")
    assert lines[-2:] == ["failed [1/3] raises=bug", "failed [3/3] raises=bad"]


def test_a_sweep_of_failures_leaves_nothing(tree):
    assert dispatch.run("train", ["-m", BASIC, "raises=bad,bad"]) == 2
    assert list(tree.work.iterdir()) == []


def test_a_stop_ends_the_sweep(tree):
    assert dispatch.run("train", ["-m", BASIC, "raises=stopped,null"]) == 143
    assert tree.seen == []


def test_two_sweeps_in_one_second_do_not_share_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sweep.time, "strftime", lambda pattern: "/day/now_sweep")
    folders = [sweep.Sweep(["outputs=elsewhere"]).claim_folder() for _ in range(3)]
    assert folders == [
        f"hydra.sweep.dir=elsewhere/day/now_sweep{ending}" for ending in ("", "-2", "-3")
    ]


def test_a_stated_sweep_folder_is_used(tree):
    assert dispatch.run("train", ["-m", BASIC, "seed=1,2", "hydra.sweep.dir=mine"]) == 0
    assert [folder for _, folder in tree.seen] == [tree.work / "mine/01", tree.work / "mine/02"]
    assert not (tree.work / "outputs").exists()
