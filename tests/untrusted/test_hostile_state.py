"""A training state that somebody else wrote, its checksum in order."""

import dataclasses
import json
import os
import tracemalloc

import numpy as np
import pytest
from safetensors.numpy import save

from aecli.errors import BadRequest
from aecli.training import state as states
from aecli.training import state_file


def without_a_weight(state):
    model = dict(list(state.tensors["model"].items())[1:])
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


def of_another_shape(state):
    name = next(iter(state.tensors["model"]))
    model = state.tensors["model"] | {name: np.zeros((3, 3), "float32")}
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


def of_another_type(state):
    name = next(iter(state.tensors["model"]))
    model = state.tensors["model"] | {
        name: np.asarray(state.tensors["model"][name]).astype("int32")
    }
    return dataclasses.replace(state, tensors=state.tensors | {"model": model, "best": model})


FORGED = {
    "a weight is missing": without_a_weight,
    "another shape": of_another_shape,
    "another type": of_another_type,
    "no optimizer": lambda s: dataclasses.replace(s, tensors=s.tensors | {"optimizers": {}}),
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
    "other data": lambda s: dataclasses.replace(s, about=s.about | {"parts": {"train": "0" * 64}}),
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


def sparse(path, nbytes):
    """A state of one tensor of so many zeros, of which the disk holds none."""
    zeros = {"dtype": "U8", "shape": [nbytes], "data_offsets": [0, nbytes]}
    meta = {"aecli": "{}", "sha256": "0"}
    header = json.dumps({"__metadata__": meta, "model/0000:x": zeros}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header)
    os.truncate(path, 8 + len(header) + nbytes)


def with_header_of(path, length):
    path.write_bytes(length.to_bytes(8, "little"))
    os.truncate(path, length + 100)


@pytest.mark.parametrize(
    ("make", "size"), [(sparse, 2**28), (sparse, 2**35), (with_header_of, 2**33)]
)
def test_a_large_file_is_refused_in_little_memory(tmp_path, make, size):
    file = tmp_path / states.LAST
    make(file, size)
    tracemalloc.start()
    with pytest.raises(BadRequest, match=r"damaged|larger than any state"):
        states.read_file(file)
    assert tracemalloc.get_traced_memory()[1] < 2**25
    tracemalloc.stop()


def test_tensors_that_no_variable_asks_for_are_not_read(compose, folder, tmp_path, monkeypatch):
    """A state whose checksum is in order has a weight of 256 MB: the model bounds what is read."""
    from lab import Lab

    place = folder / "checkpoints"
    whole = (place / states.LAST).read_bytes()
    state = states.read_file(place / states.LAST)
    large = state.tensors["model"] | {"9999:large": np.zeros(2**28, "uint8")}
    try:
        states.write(place, dataclasses.replace(state, tensors=state.tensors | {"model": large}))
        read = []
        real = state_file.Stored.__array__
        monkeypatch.setattr(
            state_file.Stored, "__array__", lambda s, *a, **k: read.append(s.nbytes) or real(s)
        )
        with pytest.raises(BadRequest, match="of another model: 9999:large"):
            Lab(compose, tmp_path).resume(folder, "trainer.epochs=2")
        assert max(read, default=0) < 2**28
    finally:
        (place / states.LAST).write_bytes(whole)


def test_control_the_state_as_it_was_written_goes_on(compose, folder, tmp_path):
    from lab import Lab

    assert Lab(compose, tmp_path).resume(folder, "trainer.epochs=2") == folder
