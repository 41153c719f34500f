"""The ./configs of a folder that somebody else wrote, in which one types `aecli train`."""

import os
import subprocess
import sys

import hydra._internal.hydra
import pytest
import yaml
from attacks import refused
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.conf import HydraConf
from omegaconf import OmegaConf

from aecli import dispatch
from aecli.console import catalog, searchpath
from aecli.errors import RunFailed
from aecli.fit import bench

pytest_plugins = ["cli_tree"]

CALLBACK = "{_target_: builtins.open, file: MARK, mode: w}"
LOGGING = "{version:1,root:{handlers:[a]},handlers:{a:{class:logging.FileHandler,filename:MARK}}}"
GLOBAL = "# @package _global_\n"
MAIN_CONFIG = yaml.safe_dump(
    OmegaConf.to_container(OmegaConf.structured(HydraConf)) | {"callbacks": {"a": "CALLBACK"}}
).replace("CALLBACK", CALLBACK)
SWEPT = f"{GLOBAL}hydra:\n  sweeper:\n    params:\n      "
LAUNCHER = "_target_: hydra._internal.core_plugins.basic_launcher.BasicLauncher\n"
SWEEPER = "_target_: hydra._internal.core_plugins.basic_sweeper.BasicSweeper\n"
ATTACKS = {  # id: (files below ./configs, what is typed)
    "callback_in_an_option": (
        {"experiment/evil.yaml": f"{GLOBAL}hydra: {{callbacks: {{a: {CALLBACK}}}}}\n"},
        ["experiment=evil"],
    ),
    "package_of_an_option": (
        {"noise/evil.yaml": f"# @package hydra.callbacks.a\n{CALLBACK}\n"},
        ["noise=evil"],
    ),
    "package_in_a_defaults_list": (
        {
            "noise/x.yaml": f"{CALLBACK}\n",
            "experiment/evil.yaml": f"{GLOBAL}defaults:\n  - /noise/x@hydra.callbacks.a\n",
        },
        ["experiment=evil"],
    ),
    "group_of_hydra": (
        {
            "hydra/callbacks/evil.yaml": f"a: {CALLBACK}\n",
            "experiment/evil.yaml": f"{GLOBAL}defaults:\n  - override /hydra/callbacks: evil\n",
        },
        ["experiment=evil"],
    ),
    "group_of_hydra_typed": ({"hydra/callbacks/evil.yaml": f"a: {CALLBACK}\n"},
                             ["hydra/callbacks=evil"]),
    "logging": (
        {"experiment/evil.yaml": f"{GLOBAL}hydra: {{job_logging: {LOGGING.replace(':', ': ')}}}\n"},
        ["experiment=evil"],
    ),
    "launcher_of_a_sweep": (
        {
            "hydra/launcher/evil.yaml": f"{LAUNCHER}x: {CALLBACK}\n",
            "experiment/evil.yaml": f"{GLOBAL}defaults:\n  - override /hydra/launcher: evil\n",
        },
        ["-m", "experiment=evil", "seed=1,2"],
    ),
    "swept_settings": (
        {"experiment/evil.yaml": f"{SWEPT}'++hydra.job_logging': '{LOGGING}'\n"},
        ["-m", "experiment=evil"],
    ),
    "swept_object": (
        {"experiment/evil.yaml": f"{SWEPT}seed: {CALLBACK}\n"},
        ["-m", "experiment=evil"],
    ),
}  # fmt: skip
BASIC = ["-m", "hydra/launcher=basic"]  # in this process, where the test can look
SHADOWS = {  # what Hydra would take although nothing is chosen
    "main_config": ({"hydra/config.yaml": MAIN_CONFIG}, []),
    "launcher": ({"hydra/launcher/basic.yaml": f"{LAUNCHER}x: {CALLBACK}\n"}, [*BASIC, "seed=1,2"]),
    "sweeper": ({"hydra/sweeper/basic.yaml": f"{SWEEPER}x: {CALLBACK}\n"}, [*BASIC, "seed=1,2"]),
}


@pytest.fixture
def folder(tree):
    """folder(files) -> writes ./configs; MARK in a file is where its payload leaves its mark."""

    def write(files):
        for name, text in files.items():
            file = tree.work / "configs" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text.replace("MARK", str(tree.work / "mark")))
        return tree.work / "mark"

    return write


@pytest.fixture
def unread(monkeypatch):
    """./configs on Hydra's search path as it is: no file of it is looked at."""

    def manipulate(self, search_path):
        search_path.append(provider="./configs", path=f"file://{catalog.user_configs()}")

    monkeypatch.setattr(searchpath.UserConfigs, "manipulate_search_path", manipulate)


@pytest.fixture
def unprotected(unread, monkeypatch):
    """The same, read by Hydra itself."""
    monkeypatch.setattr(hydra._internal.hydra, "ConfigLoaderImpl", ConfigLoaderImpl)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_option_of_theirs_sets_nothing_of_hydras(name, folder, tree, capsys):
    files, words = ATTACKS[name]
    mark = folder(files)
    refused(capsys, "train", *words)
    assert not mark.exists()
    assert tree.seen == []
    assert os.listdir(tree.work) == ["configs"]


@pytest.mark.parametrize("name", SHADOWS)
def test_a_folder_of_theirs_takes_no_part_where_nothing_of_it_is_chosen(name, folder, tree):
    files, words = SHADOWS[name]
    mark = folder({**files, "train.yaml": "raises: bug\n", "model/ae.yaml": "latent_dim: 77\n"})
    assert dispatch.run("train", words) == 0
    assert not mark.exists()
    assert {config.model.latent_dim for config, _ in tree.seen} == {2}


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "group_of_hydra_typed"])
def test_hydra_makes_what_was_typed_whatever_the_files_state(name, folder, unread, capsys):
    files, words = ATTACKS[name]
    mark = folder(files)
    assert "hydra." in refused(capsys, "train", *words)
    assert not mark.exists()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ATTACKS)
def test_control_each_leaves_its_mark_when_hydra_reads_the_folder(name, folder, unprotected):
    files, words = ATTACKS[name]
    mark = folder(files)
    dispatch.run("train", words)
    assert mark.exists()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", SHADOWS)
def test_control_each_takes_part_when_hydra_reads_the_folder(name, folder, unprotected):
    files, words = SHADOWS[name]
    folder(files)
    assert dispatch.run("train", words) != 0


def test_settings_for_a_sweep_may_stand_in_a_file(folder, tree):
    folder({"experiment/mine.yaml": f"{SWEPT}seed: 1,2\n      model.latent_dim: 3\n"})
    assert dispatch.run("train", [*BASIC, "experiment=mine"]) == 0
    assert [(c.seed, c.model.latent_dim) for c, _ in tree.seen] == [(1, 3), (2, 3)]


def test_a_module_of_theirs_is_not_imported(tree):
    """By the processes that `aecli bench` starts: python -m looks here first."""
    mark = tree.work / "mark"
    (tree.work / "json.py").write_text(f"open({str(mark)!r}, 'w')\n")
    with pytest.raises(RunFailed):
        bench._measure(bench.Side("aecli", "aecli", "aecli", OmegaConf.create({})))
    assert not mark.exists()
    command = [sys.executable, "-m", "aecli.fit.bench_side", "aecli"]
    subprocess.run(command, input="", capture_output=True, text=True)  # control
    assert mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [1, 1]\nb: [*a, *a]\n",
        "a: !!python/object/apply:os.system ['touch MARK']\n",
        "a: " + "[" * 5_000,
        "a: " + "x" * 200_000,
        "- a\n",
    ],
)
def test_a_file_of_theirs_is_plain_yaml(text, folder, tree, capsys):
    mark = folder({"noise/evil.yaml": text})
    assert "configs/noise/evil.yaml" in refused(capsys, "train", "noise=evil")
    assert not mark.exists()


def test_another_folder_of_options_is_read_as_strictly(folder, tree, capsys):
    mark = folder(ATTACKS["callback_in_an_option"][0])
    (tree.work / "configs").rename(tree.work / "theirs")
    words = ["--config-dir", "theirs", "experiment=evil"]
    assert "settings of Hydra itself" in refused(capsys, "train", *words)
    assert not mark.exists()
