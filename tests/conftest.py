"""What the tests share: configs composed as the command line composes them, small data."""

import copy
import gc
import os
import sys

import numpy as np
import pytest

from aecli.console.quiet import import_tensorflow_quietly

import_tensorflow_quietly(threads=1)  # as many processes as cores run the tests
os.environ.setdefault("OMP_NUM_THREADS", "1")  # of scikit-learn's trees, which wait by spinning
gc.set_threshold(20_000, 20, 20)  # models are large: a tenth of the time was looking for garbage

LONGEST = (  # the longest first
    "pages", "readme", "contract_training", "every_model", "reload", "contract_model", "launchers",
    "distributed", "tune", "sweep_processes", "faults", "resume",
)  # fmt: skip


def pytest_collection_modifyitems(items):
    """Files of long tests first: at the end one process would wait for the other."""
    places = {f"test_{name}": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.path.stem, len(LONGEST)))


def pytest_make_parametrize_id(val):
    """Of bytes, how many they are: gzip writes the time among them, other in each process."""
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


@pytest.fixture(scope="session", autouse=True)
def _a_cache_of_their_own(tmp_path_factory):
    """What is kept here, classifiers and programs, is these tests' own."""
    from aecli import cache

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cache, "cache_folder", lambda: tmp_path_factory.getbasetemp())
        yield


@pytest.fixture(scope="session")
def compose():
    """compose("model=vae", ...) -> the train config."""
    from aecli.console.catalog import user_configs
    from aecli.console.compose import composed

    made = {}

    def config(*overrides: str, command: str = "train"):
        key = (command, *overrides)
        if user_configs() is not None:  # which may change
            return composed(command, list(overrides)).config
        if key not in made:
            made[key] = composed(command, list(overrides)).config
        return copy.deepcopy(made[key])

    return config


@pytest.fixture(scope="session")
def console() -> str:
    """The installed console script."""
    return sys.executable.rsplit("/", 1)[0] + "/aecli"


@pytest.fixture(scope="session")
def images() -> np.ndarray:
    """[200, 8, 8, 1] float32: scikit-learn's digits, the first ones."""
    from sklearn.datasets import load_digits

    return (load_digits().images[:200, ..., None] / 16).astype("float32")


@pytest.fixture(scope="session")
def mnist_like(tmp_path_factory) -> str:
    """An .npz of 28x28 uint8 images with labels: digits, enlarged; MNIST's layout."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    large = np.kron(digits.images[:300] * 15, np.ones((3, 3)))
    x = np.pad(large, ((0, 0), (2, 2), (2, 2))).astype("uint8")
    y = digits.target[:300].astype("uint8")
    path = tmp_path_factory.mktemp("data") / "small.npz"
    np.savez(path, x_train=x[:240], y_train=y[:240], x_test=x[240:], y_test=y[240:])
    return str(path)


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """typed("train", ...) -> exit code, what was printed; in a user's folder."""
    from aecli import cli

    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        code = cli.dispatch(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


@pytest.fixture
def lab(compose, tmp_path):
    """lab.train("model=vae", ...) -> the folder of a finished run; lab.resume(folder, ...)."""
    from lab import Lab

    return Lab(compose, tmp_path)
