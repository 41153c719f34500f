"""Run folders: made, found, listed, refused."""

import json
import math

import pytest
from omegaconf import OmegaConf

from aecli import runs
from aecli.errors import BadRequest
from aecli.files import replacing, unique_folder, write_json
from aecli.runs import sweeps


def make(root, name, state="done", started="2026-01-01"):
    folder = unique_folder(root / "2026-01-01" / name)
    config = OmegaConf.create({"model": {"latent_dim": 2}, "dataset": {}, "seed": 0})
    run = runs.create(folder, config, ["seed=0"], {"model": "vae", "dataset": "digits"})
    run.finish(state, epochs_done=3, val_loss=1.5, started=started, order=started)
    return run


def test_two_runs_of_one_second_never_share_a_folder(tmp_path):
    names = [unique_folder(tmp_path / "a" / "run").name for _ in range(3)]
    assert names == ["run", "run-2", "run-3"]


def test_a_title_names_the_data_and_not_how_they_are_read(tmp_path):
    for name, dataset, told in (
        ("digits", {}, "digits"),
        ("npz", {"path": "/some/where/mine.npz"}, "mine.npz"),
        ("ucr", {"name": "GunPoint", "path": "/archive"}, "GunPoint"),
    ):
        config = OmegaConf.create({"model": {}, "dataset": dataset, "seed": 0})
        run = runs.create(tmp_path / name, config, [], {"model": "vae", "dataset": name})
        assert run.title == f"vae on {told}"


def test_list_and_find(tmp_path):
    assert runs.list_runs(tmp_path) == []
    make(tmp_path, "late", started="2026-03-01")
    make(tmp_path, "early", started="2026-02-01")
    make(tmp_path, "broken", state="failed", started="2026-04-01")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "status.json").write_text("{not json")
    infos = runs.list_runs(tmp_path)
    assert [info.folder.name for info in infos] == ["early", "late", "broken"]
    assert (infos[0].model, infos[0].epochs_done, infos[0].val_loss) == ("vae", 3, 1.5)
    assert runs.find(root=str(tmp_path)).folder.name == "late"
    chosen = str(tmp_path / "2026-01-01" / "early")
    assert runs.find(chosen).config.model.latent_dim == 2


def test_the_newest_run_is_the_one_made_last_whatever_the_clock_says(tmp_path):
    """As the clock was set back by centuries, by minutes; as summer time ended."""
    config = OmegaConf.create({"dataset": {}, "seed": 0, "outputs": str(tmp_path)})

    def made(name):
        run = runs.create(unique_folder(tmp_path / name), config, [], {"model": "vae"})
        run.finish("done")
        return run

    future = made("2999-01-01/10-00-00_vae_a")
    future.update_status(started="2999-01-01T10:00:00.000001+01:00", order=None)
    for name in ("2026-11-26/09-00-00_vae_b", "2026-11-26/09-00-01_vae_c"):
        newest = made(name)
        assert runs.find(root=str(tmp_path)).folder == newest.folder
        assert runs.find_any("latest", str(tmp_path)).folder == newest.folder
    assert [i.folder.name[-1] for i in runs.list_runs(tmp_path)] == ["a", "b", "c"]
    summer = make(tmp_path / "s", "summer", started="2026-10-25T02:30:00+02:00")
    winter = make(tmp_path / "s", "a_winter", started="2026-10-25T02:10:00+01:00")
    assert [i.folder for i in runs.list_runs(tmp_path / "s")] == [summer.folder, winter.folder]


def test_the_latest_sweep_is_the_one_made_last(tmp_path):
    for name, order in (
        ("2026-11-26/09-00-00_sweep", "2026-12-01"),
        ("2999-01-01/x", "2026-11-01"),
    ):
        folder = tmp_path / name
        run = make(folder, "run", started=order)
        (folder / "01").mkdir()
        write_json(folder / "01" / "status.json", run.status)
        write_json(folder / sweeps.FILE, {"format": sweeps.FORMAT, "jobs": [{"overrides": []}]})
    assert sweeps.find("latest", str(tmp_path)).folder.name == "09-00-00_sweep"


def test_what_is_not_a_run_is_refused(tmp_path):
    with pytest.raises(BadRequest, match="no finished run"):
        runs.find(root=str(tmp_path))
    with pytest.raises(BadRequest, match="does not exist"):
        runs.find(str(tmp_path / "nowhere"))
    with pytest.raises(BadRequest, match="is not a run folder"):
        runs.find(str(tmp_path))
    run = make(tmp_path, "a")
    with pytest.raises(BadRequest, match=r"history\.csv is missing"):
        _ = run.history
    with pytest.raises(BadRequest, match=r"best\.keras is missing"):
        _ = run.model
    for text in ("model: [", "just text", "!!python/object/apply:os.system ['true']", ""):
        (run.folder / runs.CONFIG).write_text(text)
        with pytest.raises(BadRequest, match=r"config\.yaml"):
            runs.find(str(run.folder))


def test_files_are_whole_or_not_at_all(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    write_json(path, {"a": float("nan"), "b": [math.inf, {"c": (-math.inf, 1.5)}]})
    assert json.loads(path.read_text()) == {"a": None, "b": [None, {"c": [None, 1.5]}]}
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), replacing(path) as temporary:  # noqa: PT012
        temporary.write_text("half")
        raise RuntimeError
    assert json.loads(path.read_text()) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]
