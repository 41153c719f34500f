"""Option names that lead out of the folders of options, wherever a name can stand."""

import pytest
from attacks import refused
from test_hostile_folder import BASIC, CALLBACK, GLOBAL, SWEPT, folder  # noqa: F401

from aecli import completion
from aecli.console.compose import composed
from aecli.errors import BadRequest

pytest_plugins = ["cli_tree"]

UP = "../../work/payload"  # from a group of the package's own tree
FAR = "../" * 30 + "proc/self/cwd/payload"
OTHERWISE = {  # what else in an experiment gets there; WORK is the working directory
    "config": f"- /noise/{UP}",
    "far": f"- /noise/{FAR}",
    "no_group": f"- /{FAR}",
    "absolute": "- /WORK/payload",
    "chosen": f"- override /noise: {UP}",
    "chosen_far": f"- override /noise: {FAR}",
    "one_of_a_list": f"- override /callbacks: [checkpoint, {UP}]",
    "optional": f"- optional /noise: {UP}",
    "with_a_package": f"- /noise/{UP}@_global_",
    "group_with_a_package": f"- /noise@_global_: {UP}",
    "of_its_own_group": f"- {UP}",
    "climbing_group": "- /noise/../../work: payload",
    "interpolated": "- /noise/${oc.decode:.}./../work/payload",
}
TYPED = {
    "choice": ["noise=UP"],
    "addition": ["+noise=UP"],
    "quoted": ["noise='UP'"],
    "experiment": ["experiment=UP"],
    "one_of_a_list": ["callbacks=[checkpoint,UP]"],
    "absolute": ["noise=/WORK/payload"],
    "sweep": ["-m", "hydra/launcher=basic", "noise=none,UP"],
    "sweep_by_processes": ["-m", "noise=none,UP"],
    "group": ["+noise/../../work=payload"],
    "launcher": ["-m", "hydra/launcher=UP", "seed=1,2"],
}
PAYLOAD = f"{GLOBAL}hydra: {{callbacks: {{a: {CALLBACK}}}}}\n"


@pytest.fixture
def mark(folder, tree):  # noqa: F811
    """The file that payload.yaml in the working directory makes."""
    mark = folder({})
    (tree.work / "payload.yaml").write_text(PAYLOAD.replace("MARK", str(mark)))
    return mark


@pytest.mark.parametrize("name", OTHERWISE)
def test_no_name_in_an_experiment_leads_out(name, mark, folder, tree, capsys):  # noqa: F811
    entry = OTHERWISE[name].replace("/WORK", str(tree.work).replace("/", "//", 1))
    folder({"experiment/evil.yaml": f"{GLOBAL}defaults:\n  {entry}\n"})
    refused(capsys, "train", "experiment=evil")
    assert not mark.exists()


@pytest.mark.parametrize("name", TYPED)
def test_no_name_that_is_typed_leads_out(name, mark, tree, capsys):
    words = [w.replace("UP", UP).replace("/WORK", str(tree.work)) for w in TYPED[name]]
    refused(capsys, "train", *words)
    assert not mark.exists()


@pytest.mark.parametrize("words", [["--cfg", "job"], ["--help"]])
def test_nor_where_nothing_is_run(words, mark, capsys):
    assert "is not the name of an option" in refused(capsys, "train", *words, f"noise={UP}")
    assert not mark.exists()


def test_no_command_takes_a_name_that_leads_out(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    mark = tmp_path / "mark"
    (tmp_path / "payload.yaml").write_text(PAYLOAD.replace("MARK", str(mark)))
    for command, *words in (
        ["eval", f"noise={FAR}"],
        ["eval", f"+metrics={FAR}"],
        ["bench", f"experiment={FAR}"],
        ["detect", f"dataset={FAR}"],
        ["tune", f"noise=none,{FAR}"],
        ["runs", f"+noise={FAR}"],
    ):
        assert FAR.rpartition("/")[2] in refused(capsys, command, *words)
    assert not mark.exists()


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/../b", "/a", "a//b", "%2e%2e/a", "~", "a\\b", "$x"]
)
def test_a_name_is_a_name(name):
    with pytest.raises(BadRequest):
        composed("train", [f"noise='{name}'"])


def test_what_is_swept_by_a_file_leads_nowhere_either(mark, folder, capsys):  # noqa: F811
    folder({"experiment/evil.yaml": f"{SWEPT}noise: none,{UP}\n"})
    refused(capsys, "train", "-m", "experiment=evil")
    refused(capsys, "train", *BASIC, "experiment=evil")
    assert not mark.exists()


def test_completion_offers_nothing_that_a_shell_would_run(folder, tree, capsys, monkeypatch):  # noqa: F811
    folder({"noise/$(touch mark).yaml": "a: 1\n", "noise/`x`.yaml": "a: 1\n"})
    (tree.work / "$(touch${IFS}mark)").touch()
    (tree.work / "images.npz").touch()
    for typed, offered in {
        "aecli train noise=": "noise=gaussian noise=none",
        "aecli train path=./": "path=./configs path=./images.npz",
    }.items():
        monkeypatch.setenv("COMP_LINE", typed)
        assert completion.run(["-sc", "query=bash"]) == 0
        assert capsys.readouterr().out.split() == offered.split()
