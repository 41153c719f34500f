"""Replicas, on two logical devices or in two processes, train as one device does."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import numpy as np
import pytest
from cli_process import COMMAND, aecli, when
from places import SUPPORT

from aecli import runs
from aecli.errors import BadRequest
from aecli.quantity import ABOUT
from aecli.training import state as states
from aecli.training.cluster import cluster
from aecli.training.trainer import Trainer

pytestmark = pytest.mark.slow

TWO_DEVICES = [sys.executable, str(SUPPORT / "two_devices.py")]
SMALL = [
    "dataset.limit=150",
    "figures=[]",
    "trainer.jit_compile=false",
    "trainer.threads=1",
    "optimizer=sgd",  # Adam divides by the size of a gradient: rounding would grow
    "optimizer.learning_rate=1e-3",
]
EVERYTHING = [  # an odd rest of a batch, each source of randomness, a callback that decides
    "trainer.batch_size=41",
    "model=vae",
    "noise=gaussian",
    "augment=[flip,shift,crop,colour]",
    "dataset.binarize=dynamic",
    "model.warmup_epochs=2",
    "callbacks=[checkpoint,csv_log,reduce_on_plateau]",
    "trainer.epochs=3",
]
CASES = {  # beside those of tests/models/test_contract_training.py
    "everything": EVERYTHING,
    "streaming": [*EVERYTHING, "trainer.feed=streaming"],
    "free bits": ["model=vae", "model.free_bits=0.2", "trainer.epochs=2", "trainer.batch_size=41"],
    "labels, streaming": [
        "model=cvae",
        "trainer.epochs=2",
        "trainer.batch_size=41",
        "trainer.feed=streaming",
    ],
    "conv, clipped": [
        "network=conv",
        "network.filters=[4]",
        "optimizer.clipnorm=0.5",
        "trainer.epochs=2",
    ],
}
CLOSE = 1e-4  # relative: sums of float32 in another order


def history(place: pathlib.Path) -> dict[str, np.ndarray]:
    (info,) = runs.list_runs(place / "outputs")
    run = runs.Run(info.folder)
    assert run.status["state"] == "done", run.status
    return {k: np.array(v) for k, v in run.history.items() if k != "seconds"}


def assert_close(one: dict, other: dict) -> None:
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_allclose(one[name], other[name], rtol=CLOSE, atol=1e-6, err_msg=name)


def weights(place: pathlib.Path) -> dict[str, np.ndarray]:
    (info,) = runs.list_runs(place / "outputs")
    return states.read_file(info.folder / "checkpoints" / states.LAST).tensors["model"]


@pytest.fixture(scope="session")
def alone(tmp_path_factory):
    """alone(words) -> where one device trained; each once."""
    made = {}

    def train(words: list[str]) -> pathlib.Path:
        key = tuple(words)
        if key not in made:
            made[key] = tmp_path_factory.mktemp("alone")
            process = aecli("train", *words, cwd=made[key])
            assert process.returncode == 0, process.stderr
        return made[key]

    return train


# ---- two devices of one process ------------------------------------------------------------------


def on_two_devices(*words: str, cwd) -> subprocess.CompletedProcess:
    return subprocess.run([*TWO_DEVICES, *words], cwd=cwd, capture_output=True, text=True)


@pytest.mark.parametrize("case", CASES)
def test_two_devices_train_as_one(tmp_path, alone, case):
    words = [*SMALL, *CASES[case]]
    process = on_two_devices("train", *words, "trainer.strategy=mirrored", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert_close(history(alone(words)), history(tmp_path))
    assert_close(weights(alone(words)), weights(tmp_path))


def test_it_is_evaluated_on_one_device_and_goes_on_on_two(tmp_path, alone):
    words = [*SMALL, *EVERYTHING]
    strategy = "trainer.strategy=mirrored"
    first = on_two_devices("train", *words, strategy, "trainer.epochs=1", cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    (info,) = runs.list_runs(tmp_path / "outputs")
    trained = json.loads((info.folder / "metrics.json").read_text())
    process = aecli("eval", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    (again,) = info.folder.glob("eval/*/metrics.json")
    evaluated = json.loads(again.read_text())
    assert trained.keys() <= evaluated.keys()
    assert evaluated.pop(ABOUT).items() >= trained.pop(ABOUT).items()
    for name, value in trained.items():
        assert evaluated[name] == pytest.approx(value, rel=CLOSE), name
    process = on_two_devices("train", "resume=latest", "trainer.epochs=3", cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert_close(weights(alone(words)), weights(tmp_path))


def test_one_device_is_no_mirror(tmp_path):
    process = aecli("train", *SMALL, "trainer.strategy=mirrored", cwd=tmp_path)
    assert process.returncode == 2
    assert "trainer.strategy=mirrored shares a batch between GPUs; here is one" in process.stderr
    assert list(tmp_path.iterdir()) == []


# ---- two processes -------------------------------------------------------------------------------


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Pair:
    """Two workers; each has a folder of its own, unless `place` is shared."""

    def __init__(self, *words: str, places: list[pathlib.Path]):
        addresses = [f"127.0.0.1:{port}" for port in free_ports(2)]
        self.processes = []
        for number, place in enumerate(places):
            place.mkdir(exist_ok=True)
            task = {"type": "worker", "index": number}
            cluster = json.dumps({"cluster": {"worker": addresses}, "task": task})
            self.processes.append(
                subprocess.Popen(
                    [COMMAND, "train", *words],
                    cwd=place,
                    text=True,
                    env=os.environ | {"TF_CONFIG": cluster},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                )
            )

    def ended(self) -> list[tuple[int, str, str]]:
        """-> exit code, stdout, stderr of each."""
        said = [process.communicate() for process in self.processes]
        return [(p.returncode, *texts) for p, texts in zip(self.processes, said, strict=True)]


TOGETHER = "trainer.strategy=multi_worker"


@pytest.mark.parametrize("case", ["everything", "streaming"])
def test_two_processes_train_as_one(tmp_path, alone, case):
    words = [*SMALL, *CASES[case]]
    places = [tmp_path / "chief", tmp_path / "other"]
    chief, other = Pair(*words, TOGETHER, places=places).ended()
    assert chief[0] == other[0] == 0, (chief, other)
    assert_close(history(alone(words)), history(places[0]))
    assert_close(weights(alone(words)), weights(places[0]))
    assert list(places[1].iterdir()) == []  # the chief alone writes


LONG = [*SMALL, "trainer.epochs=4000", "callbacks=[checkpoint,csv_log]", TOGETHER]


def when_it_trains(pair: Pair, place: pathlib.Path) -> pathlib.Path:
    """-> the run's folder, once a few epochs are done."""
    found = []

    def is_so() -> bool:
        found[:] = place.glob("outputs/*/*/history.csv")
        return bool(found) and found[0].read_text().count("\n") > 3

    when(pair.processes[0], is_so)
    assert found, pair.ended()
    return found[0].parent


@pytest.mark.parametrize("killed", [0, 1])
def test_a_worker_that_dies_ends_the_others(tmp_path, killed):
    pair = Pair(*LONG, places=[tmp_path, tmp_path])
    folder = when_it_trains(pair, tmp_path)
    pair.processes[killed].kill()
    code, _, said = pair.ended()[1 - killed]
    assert code == 1, said
    error = re.split("^(?=error: )", said, flags=re.MULTILINE)[1].splitlines()
    assert re.fullmatch(rf"error: worker {killed} of 2 \(127.0.0.1:\d+\) is gone: .*", error[0])
    assert error[1].startswith("hint:  start all workers again, each with: aecli train")
    if killed == 0:
        return
    done = states.read_file(folder / "checkpoints" / states.LAST).epoch
    more = [f"resume={folder}", f"trainer.epochs={done + 2}"]
    for code, _, said in Pair(*more, places=[tmp_path, tmp_path]).ended():
        assert code == 0, said
    assert runs.Run(folder).status["epochs_done"] == done + 2


def test_a_signal_to_one_worker_stops_all_and_saves(tmp_path):
    pair = Pair(*LONG, places=[tmp_path, tmp_path])
    folder = when_it_trains(pair, tmp_path)
    pair.processes[1].send_signal(signal.SIGTERM)
    chief, other = pair.ended()
    assert chief[0] == other[0] == 143, (chief, other)
    assert runs.Run(folder).status["state"] == "interrupted"
    state = states.read_file(folder / "checkpoints" / states.LAST)
    assert state.epoch >= 3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "trainer.strategy=multi_worker needs TF_CONFIG in the environment"),
        ("{", "TF_CONFIG names no worker of a cluster; got "),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "no worker"),
        ('{"cluster": {"worker": [1]}, "task": {"type": "worker", "index": 0}}', "no worker"),
        ('{"cluster": {"ps": ["a:1"]}, "task": {"type": "ps", "index": 0}}', "no worker"),
    ],
)
def test_a_tf_config_that_names_no_worker_is_refused(monkeypatch, text, said):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(BadRequest, match=said):
        cluster("multi_worker")


@pytest.mark.parametrize(
    "words",
    [{"jit_compile": True}, {"precision": "mixed_float16"}],
    ids=lambda words: next(iter(words)),
)
def test_what_replicas_cannot_do_is_refused(words):
    with pytest.raises(BadRequest, match=r"trainer.strategy=mirrored does not go with trainer\."):
        Trainer(strategy="mirrored", **words)
