"""Option names that lead out of the folders of options, wherever a name can stand."""

import os

import pytest
from attacks import refused
from test_hostile_folder import CALLBACK, GLOBAL, LOGGING, SWEPT, folder  # noqa: F401

from aecli.app import hydra_app
from aecli.app.compose import composed
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
