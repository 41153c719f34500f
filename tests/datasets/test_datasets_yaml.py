"""Each configs/dataset/*.yaml states every field of its class, with its comment."""

import dataclasses
import importlib

import pytest
import yaml
from places import CONFIGS

from aecli.datasets.base import Dataset

FILES = sorted((CONFIGS / "dataset").glob("*.yaml"))


def test_there_are_yaml_files():
    expected = {"digits", "mnist", "fashion_mnist", "npz", "csv", "idx", "image_folder"}
    assert expected <= {path.stem for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_yaml_states_exactly_the_fields_and_their_defaults(path):
    values = yaml.safe_load(path.read_text())
    module, name = values.pop("_target_").rsplit(".", 1)
    kind = getattr(importlib.import_module(module), name)
    assert issubclass(kind, Dataset)
    assert values.pop("seed") == "${seed}"
    fields = {field.name for field in dataclasses.fields(kind)}
    assert set(values) == fields - {"seed"}
    built = kind(**values, seed=5)
    assert built == dataclasses.replace(kind(), seed=5)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_has_a_comment(path):
    text = path.read_text().splitlines()
    description, target, *lines = [line for line in text if not line.startswith("# @")]
    assert description.startswith("# ")
    assert target.startswith("_target_: aecli.datasets.")
    assert lines
    assert all(" # " in line for line in lines)
