"""Every model with every network that it fits: both feeds, resumed, on two devices."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest
from lab import SHORT, Lab
from options import (
    GREYS,
    fitting,
    models,
    of_series,
    of_text,
    options,
    stands_for_others,
)
from places import SUPPORT
from same_runs import differing
from sklearn.datasets import load_digits

from aecli import build, runs
from aecli.training import state as states

pytestmark = pytest.mark.slow

PLAIN = [  # rounding stays as small as it is: Adam divides by the size of a gradient
    "trainer.batch_size=41",  # an odd rest of a batch
    "trainer.threads=1",
    "optimizer=sgd",
    "optimizer.learning_rate=1e-3",
    "figures=[]",
    "metrics=[]",
]
PAIRS = [(name, network) for network in options("network") for name in models()]
PAIRS = [pair for pair in PAIRS if fitting(*pair) is not None and stands_for_others(*pair)]
NETWORKS = sorted({network for _, network in PAIRS})
CLOSE = 1e-4  # relative: sums of float32 in another order


def words(compose, name: str, network: str, place) -> list[str]:
    chosen = [*fitting(name, network), *PLAIN]
    shape, vocabulary = (8, 8, 1), None
    if of_text(network):
        path = place / "digits.tsv"
        digits = load_digits()
        rows = zip(
            digits.target, np.round(digits.images[:, ::2, ::2].reshape(-1, 16) / 4), strict=True
        )
        lines = ["\t".join([str(label), " ".join(f"w{n:.0f}" for n in row)]) for label, row in rows]
        path.write_text("\n".join(["label\tsentence", *lines]) + "\n")
        chosen += ["dataset=text", f"dataset.path={path}"]
        shape, vocabulary = (1, 17, 1), GREYS
    elif of_series(network):
        shape, path = (1, 8, 8), place / "digits.npz"
        digits = load_digits()
        np.savez(path, x=digits.images / 16, y=digits.target)
        chosen += ["dataset=series", f"dataset.path={path}", "dataset.scale=none"]
    config = compose(*chosen)
    model = build.model(config, shape, 10, vocabulary=vocabulary, train_count=9)
    chosen += [f"optimizer@{player}_optimizer=sgd" for player in model.players[1:]]
    if config.model.get("beta", 0) > 100:  # too steep for plain steps
        chosen += ["model.beta=10"]
    if "warmup_epochs" in config.model:  # a weight that moves
        chosen += ["model.warmup_epochs=3"]
    return chosen


@pytest.fixture(scope="module")
def alone(compose, tmp_path_factory):
    """alone(name, network) -> the words of a pair, where one device trained 2 epochs; each once."""
    made: dict[tuple[str, str], tuple[list[str], pathlib.Path]] = {}

    def train(name: str, network: str) -> tuple[list[str], pathlib.Path]:
        if (name, network) not in made:
            place = tmp_path_factory.mktemp("alone")
            chosen = words(compose, name, network, place)
            made[name, network] = chosen, Lab(compose, place).train(*chosen, "trainer.epochs=2")
        return made[name, network]

    return train


@pytest.mark.parametrize(("name", "network"), PAIRS)
def test_both_feeds_train_alike_and_resuming_changes_no_bit(lab, alone, name, network):
    chosen, whole = alone(name, network)
    part = lab.train(*chosen, "trainer.epochs=1")
    lab.resume(part, "trainer.epochs=2")
    assert differing(whole, part) == []
    if network != next(of for one, of in PAIRS if one == name):
        return  # a feed does not know the network
    streamed = lab.train(*chosen, "trainer.epochs=2", "trainer.feed=streaming")
    assert unlike(whole, streamed) == []


@pytest.mark.parametrize("network", NETWORKS)
def test_two_devices_train_as_one(alone, tmp_path, network):
    """All models in one process of two devices: its start costs more than they do."""
    names = [name for name, of in PAIRS if of == network]
    made = {name: alone(name, network) for name in names}
    shared_by_two = [*SHORT, "trainer.epochs=2", "trainer.strategy=mirrored"]
    asked = {name: [*shared_by_two, *chosen] for name, (chosen, _) in made.items()}
    script = [sys.executable, str(SUPPORT / "two_devices_many.py")]
    done = subprocess.run(
        script, input=json.dumps(asked), cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shared = json.loads(done.stdout.splitlines()[-1])
    found = {name: unlike(made[name][1], tmp_path / shared[name]) for name in names}
    assert found == {name: [] for name in names}


def unlike(one, other) -> list[str]:
    """What of two runs' history and weights is further apart than rounding."""
    found = []
    first, second = (runs.Run(folder).history for folder in (one, other))
    assert first.keys() == second.keys()
    for name in first.keys() - {"seconds"}:
        if not np.allclose(first[name], second[name], rtol=CLOSE, atol=1e-6):
            found.append(f"{name}: {first[name]} {second[name]}")
    first, second = (
        states.read_file(folder / "checkpoints" / states.LAST).tensors["model"]
        for folder in (one, other)
    )
    assert first.keys() == second.keys()
    return found + [
        f"{name}: {np.abs(first[name] - second[name]).max()}"
        for name in first
        if not np.allclose(first[name], second[name], rtol=CLOSE, atol=1e-6)
    ]
