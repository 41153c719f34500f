"""A training state that somebody else wrote, its checksum in order."""

import dataclasses

import numpy as np
import pytest
from safetensors.numpy import save

from aecli.errors import BadRequest
from aecli.training import state as states


def without_a_weight(state):
    model = dict(list(state.tensors["model"].items())[1:])
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


def of_another_shape(state):
    name = next(iter(state.tensors["model"]))
    model = state.tensors["model"] | {name: np.zeros((3, 3), "float32")}
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


def of_another_type(state):
    name = next(iter(state.tensors["model"]))
    model = state.tensors["model"] | {name: state.tensors["model"][name].astype("int32")}
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


FORGED = {
    "a weight is missing": without_a_weight,
    "another shape": of_another_shape,
    "another type": of_another_type,
    "no optimizer": lambda s: dataclasses.replace(s, tensors=s.tensors | {"optimizer": {}}),
    "an unknown callback": lambda s: dataclasses.replace(s, callbacks={"os": {"system": "touch"}}),
    "a callback's memory of another kind": lambda s: dataclasses.replace(
        s, callbacks={"lines": {"__class__": "x"}}
    ),
    "an epoch before the first": lambda s: dataclasses.replace(s, epoch=-1),
    "an epoch that is text": lambda s: dataclasses.replace(s, epoch="2"),
    "beyond the end of an epoch": lambda s: dataclasses.replace(s, step=10**6),
    "another config": lambda s: dataclasses.replace(
        s, about=s.about | {"config": s.about["config"] | {"seed": 5}}
    ),
    "a config with a foreign class": lambda s: dataclasses.replace(
        s, about=s.about | {"config": s.about["config"] | {"model": {"_target_": "os.system"}}}
    ),
    "nothing about its origin": lambda s: dataclasses.replace(s, about={}),
    "other data": lambda s: dataclasses.replace(s, about=s.about | {"data": "0" * 64}),
}


@pytest.fixture(scope="module")
def folder(compose, tmp_path_factory):
    from lab import Lab

    return Lab(compose, tmp_path_factory.mktemp("runs")).train("trainer.epochs=1")


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_state_is_refused_before_it_is_used(compose, folder, name, tmp_path):
    from lab import Lab

    place = folder / "checkpoints"
    whole = (place / states.LAST).read_bytes()
    try:
        states.write(place, FORGED[name](states.read_file(place / states.LAST)))
        (place / states.PREVIOUS).unlink(missing_ok=True)
        with pytest.raises(BadRequest) as refusal:
            Lab(compose, tmp_path).resume(folder, "trainer.epochs=2")
        assert 1 <= len(str(refusal.value).splitlines()) <= 2
    finally:
        (place / states.LAST).write_bytes(whole)


@pytest.mark.parametrize(
    "header",
    [{}, {"aecli": "{}"}, {"aecli": "[]", "sha256": ""}, {"aecli": "[" * 100_000, "sha256": ""}],
)
def test_another_safetensors_file_is_no_state(tmp_path, header):
    file = tmp_path / states.LAST
    file.write_bytes(save({"x": np.zeros(3)}, header))
    with pytest.raises(BadRequest, match="damaged"):
        states.read_file(file)


def test_control_the_state_as_it_was_written_goes_on(compose, folder, tmp_path):
    from lab import Lab

    assert Lab(compose, tmp_path).resume(folder, "trainer.epochs=2") == folder
