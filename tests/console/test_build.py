"""build: the allow-list, and messages for keys that a class does not take."""

import pytest
from options import CONFIGS, contents, options

from aecli import build, targets
from aecli.errors import BadRequest


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "builtins.open",
        "shutil.copyfile",
        "subprocess.Popen",
        "pathlib.Path",
        "aecli_x.A",
    ],
)
def test_foreign_targets_are_refused_before_import(target, tmp_path):
    mark = tmp_path / "mark"
    for node in (
        {"_target_": target, "file": str(mark)},
        {"_target_": "aecli.noise.none.NoNoise", "a": [{"b": {"_target_": target}}]},
    ):
        with pytest.raises(BadRequest, match="is not one of ours"):
            build.component(node, "noise")
    assert not mark.exists()


@pytest.mark.parametrize(
    "target",
    [
        "aecli.files.os.system",  # a module of ours that holds a foreign one
        "aecli.files.pathlib.Path",
        "keras.config.enable_unsafe_deserialization",  # a function
        "aecli.noise.none.Nothing",
        "aecli.nowhere.Class",
    ],
)
def test_what_is_reached_through_ours_must_be_a_class_of_ours(target):
    with pytest.raises(BadRequest, match=r"_target_="):
        build.component({"_target_": target}, "noise")


def test_a_package_of_the_users_is_trusted_by_the_environment_alone(tmp_path, monkeypatch):
    package = tmp_path / "my_noises"
    package.mkdir()
    (package / "__init__.py").write_text(
        "import dataclasses\n"
        "from aecli.noise.base import Noise\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\n"
        "class Fog(Noise):\n    depth: int\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    node = {"_target_": "my_noises.Fog", "depth": 2}
    with pytest.raises(BadRequest, match="AECLI_PLUGINS=my_noises"):
        build.component(node, "noise")
    monkeypatch.setenv("AECLI_PLUGINS", "my_noises")
    assert build.component(node, "noise").depth == 2


def test_unknown_and_missing_keys():
    with pytest.raises(BadRequest, match="no key 'stdev'; it has stddev, clip"):
        build.component({"_target_": "aecli.noise.gaussian.Gaussian", "stdev": 1}, "noise")
    with pytest.raises(BadRequest, match=r"schedule\.epochs is missing"):
        build.component({"_target_": "aecli.training.schedules.Piecewise"}, "schedule")


def test_an_error_names_the_key_where_the_component_stands_and_keeps_its_text(
    tmp_path, monkeypatch
):
    (tmp_path / "my_metrics.py").write_text(
        "import dataclasses\n"
        "from typing import Annotated\n"
        "from pydantic import Field\n"
        "from aecli.errors import BadRequest\n"
        "from aecli.metrics.base import Metric\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\n"
        "class Mine(Metric):\n"
        "    k: Annotated[int, Field(ge=1)] = 1\n"
        "    path: str = 'metrics.csv'\n"
        "    def __post_init__(self):\n"
        "        super().__post_init__()\n"
        "        raise BadRequest(f'{self.path} has no metrics.k')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("AECLI_PLUGINS", "my_metrics")
    mine = {"_target_": "my_metrics.Mine"}
    for node, key, said in (
        (mine | {"k": 0}, "metrics.ours",
         "metrics.ours.k must be greater than or equal to 1; got 0"),
        (mine, "metrics.ours", "metrics.csv has no metrics.k"),
        (contents("figures", "manifold") | {"range": [2, 1]}, "figures.plane",
         "figures.plane.range must be [from, to] with from < to; got [2.0, 1.0]"),
    ):  # fmt: skip
        with pytest.raises(BadRequest) as refusal:
            build.component(node, key)
        assert str(refusal.value) == said


@pytest.mark.parametrize("group", sorted({p.parent.name for p in CONFIGS.glob("*/*.yaml")}))
def test_every_yaml_describes_itself_and_states_every_key(group):
    """Line 1 (or 2, under a package header) says what it is; no field is left to a default."""
    import inspect

    for option in options(group):
        lines = (CONFIGS / group / f"{option}.yaml").read_text().splitlines()
        first = lines[1] if lines[0].startswith("# @package") else lines[0]
        assert first.startswith("# "), option
        node = contents(group, option)
        for chosen in node.pop("defaults", []):  # a sub-group's option states that key
            node |= chosen if isinstance(chosen, dict) else {}
        if "_target_" not in node or node["_target_"].startswith("keras."):
            continue
        known = set(
            inspect.signature(targets.checked({"_target_": node["_target_"]}, group)).parameters
        )
        given = {"data_shape", "network", "reconstruction_loss", "folder"}
        given |= {"label_count", "token_count", "columns"}  # of the data
        assert set(node) - {"_target_"} == known - given, option
