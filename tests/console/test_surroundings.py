"""What surrounds a run does not reach its numbers: the user's keras.json, the cores left to it."""

import json
import os
import sys

import keras
import pytest
from cli_process import aecli
from cli_script import python, run
from same_runs import differing

from aecli import cores, runs
from aecli.pinned import pin_keras
from aecli.training import state as states

SMALL = ["dataset.limit=100", "figures=[]", "trainer.jit_compile=false"]
ODD = {"floatx": "float16", "epsilon": 0.25, "image_data_format": "channels_first",
       "backend": "jax"}  # fmt: skip
SHOWN = "k.floatx(), k.dtype_policy().name, k.epsilon(), k.image_data_format(), k.max_epochs()"
PINNED = "('float32', 'float32', 1e-07, 'channels_last', None)\n"


def test_keras_is_pinned_whatever_was_set():
    try:
        keras.config.set_floatx("float16")
        keras.config.set_image_data_format("channels_first")
        keras.config.set_epsilon(0.5)
        keras.config.set_max_epochs(1)
    finally:
        pin_keras()
    k = keras.config
    found = (k.floatx(), k.dtype_policy().name, k.epsilon(), k.image_data_format(), k.max_epochs())
    assert f"{found}\n" == PINNED


@pytest.mark.slow
def test_the_users_keras_json_does_not_reach_a_model(tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "keras.json").write_text(json.dumps(ODD))
    odd = {"KERAS_HOME": str(home), "KERAS_MAX_EPOCHS": "1"}
    console = (
        "from aecli.console.quiet import import_tensorflow_quietly as quietly; quietly(1); "
        f"import keras; k = keras.config; print(({SHOWN}))"
    )
    done = python(console, tmp_path, **odd)
    assert done.stdout == PINNED, done.stderr
    words = ["network=conv", "network.filters=[4]", "trainer.epochs=2", "trainer.threads=1", *SMALL]
    plain = (
        f"import aecli, keras; k = keras.config; print(({SHOWN})); from aecli.cli import dispatch; "
        f"import sys; sys.exit(dispatch(['train', 'outputs=odd', *{words}]))"
    )
    done = run([sys.executable, "-c", plain], tmp_path, **odd)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(PINNED)
    done = aecli("train", "outputs=even", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (odd_run,), (even_run,) = (runs.list_runs(tmp_path / name) for name in ("odd", "even"))
    assert differing(odd_run.folder, even_run.folder) == []


@pytest.mark.slow
@pytest.mark.skipif(cores.count() < 2, reason="one core cannot be taken away")
def test_a_run_on_fewer_cores_is_resumed_bit_for_bit(tmp_path):
    """The threads that were used are recorded, not the cores that the machine has."""
    train = ["train", "network=conv", "network.filters=[4]", *SMALL]
    restricted = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from aecli.cli import dispatch; "
        f"sys.exit(dispatch([*{train}, 'trainer.epochs=3', 'outputs=whole']) or "
        f"dispatch([*{train}, 'trainer.epochs=1', 'outputs=part']))"
    )
    done = python(restricted, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cpu (1 threads)" in done.stdout
    (whole,), (part,) = (runs.list_runs(tmp_path / name) for name in ("whole", "part"))
    state = states.read(part.folder / "checkpoints")
    assert state.about["environment"]["threads"] == 1
    resumed = aecli("train", f"resume={part.folder}", "trainer.epochs=3", cwd=tmp_path)
    assert resumed.returncode == 0, resumed.stderr
    assert "may differ" not in resumed.stderr
    assert differing(whole.folder, part.folder) == []


def test_cores_are_those_that_the_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 64)
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {3, 5, 8}, raising=False)
    assert cores.count() == 3
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cores.count() == 64
