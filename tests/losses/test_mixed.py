"""loss=mixed: the places of a table's columns, its parts in a run, what is refused."""

import csv

import keras
import numpy as np
import pytest

from aecli import runs
from aecli.datasets.coding import Coding
from aecli.datasets.layout import layout
from aecli.datasets.learnt import Learnt
from aecli.datasets.quantiles import Quantiles
from aecli.datasets.scaling import Scaling
from aecli.errors import BadRequest
from aecli.fit.start import train

# a number, a category of 3, a count, a number with a flag, a category of 2
COLUMNS = {"numbers": [0, 5], "flags": [6], "counts": [4], "offsets": [3.0], "divisors": [2.0],
           "starts": [1, 7], "sizes": [3, 2]}  # fmt: skip
WIDTH = 9


def test_the_places_are_those_of_the_coding():
    coding = Coding((0, 3, 0, 0, 2), (0.0, 0.0, 1.0, 2.0, 0.0), (False, False, False, True, False))
    types = {"a": "number", "b": "category", "k": "count", "c": "number", "d": "category"}
    whole = np.arange(WIDTH, dtype="float32")[None, :, None]
    learnt = Learnt(shape=(1, 9, 1), unit="other", range=(0, 1), coding=coding, columns=types)
    assert layout(learnt) == COLUMNS | {"offsets": [0.0], "divisors": [1.0]}
    scaled = Learnt(**vars(learnt) | {"scaling": Scaling(whole, whole + 1)})
    assert layout(scaled) == COLUMNS | {"offsets": [4.0], "divisors": [5.0]}
    quantiles = Quantiles(np.zeros((2, 9), "float32"), np.arange(9))
    with pytest.raises(BadRequest, match=r"dataset\.scale=standard"):
        layout(Learnt(**vars(learnt) | {"scaling": quantiles}))
    assert layout(Learnt(shape=(8, 8, 1), unit="bytes", range=(0, 1))) is None


NAMES = {"model": "ae", "dataset": "table", "noise": "none", "experiment": None}


@pytest.fixture(scope="module")
def run(compose, tmp_path_factory):
    folder = tmp_path_factory.mktemp("mixed")
    rng = np.random.default_rng(0)
    with (folder / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["size", "kind", "visits"])
        for _ in range(300):
            kind = rng.integers(3)
            size = f"{10 * kind + rng.normal():.3f}" if rng.random() < 0.9 else ""
            writer.writerow([size, "abc"[kind], rng.poisson(2 + 5 * kind)])
    words = [
        "dataset=table", f"dataset.path={folder}/a.csv", "dataset.counts=[visits]",
        "dataset.missing=indicator", "loss=mixed", "model=vae", "model.latent_dim=2",
        "model.beta=0.1", "network.widths=[16]", "trainer.epochs=20", "trainer.batch_size=32",
        "trainer.jit_compile=true", "optimizer.learning_rate=0.01", f"outputs={folder}",
        "figures=[]",
    ]  # fmt: skip
    return runs.Run(train(compose(*words), NAMES, words).folder)


def test_each_part_is_logged_and_they_sum_to_the_reconstruction(run):
    names = ["gaussian", "categorical", "bernoulli", "poisson"]
    history = {name: np.array(values) for name, values in run.history.items()}
    total = sum(history[f"val_{name}"] for name in names)
    np.testing.assert_allclose(total, history["val_reconstruction"], rtol=1e-4)
    assert (history["val_loss"][-1] < history["val_loss"][0]).all()
    told = run.model.reconstruction_loss.described
    assert told == " of 1 gaussian, 1 categorical, 1 bernoulli, 1 poisson"


def test_columns_have_no_psnr(run):
    import json

    values = json.loads((run.folder / "metrics.json").read_text())
    assert "psnr" not in values
    assert values["mse"] > 0


def test_a_run_and_plain_keras_read_it_back(run):
    x = run.splits.test.pixels()
    plain = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    np.testing.assert_allclose(plain.reconstruct(x), run.model.reconstruct(x), rtol=1e-5, atol=1e-6)
    made = run.learnt.unscaled(run.model.reconstruct(x))[:, 0, :, 0]
    given = run.learnt.unscaled(x)[:, 0, :, 0]
    assert (made[:, 1] == given[:, 1]).mean() > 0.9
    assert np.corrcoef(made[:, 2], given[:, 2])[0, 1] > 0.6


def test_what_is_no_count_is_named(tmp_path):
    from refusals import refusal, write

    from aecli.datasets.table import Table

    text = refusal(Table, path=write(tmp_path, "a.csv", "a,k\n1,2\n2,2.5\n"), counts=["k"])
    assert "2.5 in row 2 of the data, column 'k'" in text
    text = refusal(Table, path=write(tmp_path, "a.csv", "a,k\n1,2\n2,2.5\n"), counts=["kk"])
    assert "did you mean 'k'?" in text
