"""loss=mixed: each column's likelihood as SciPy has it, their sum, their means, their samples."""

import csv

import keras
import numpy as np
import pytest
from scipy import special, stats

from aecli import runs
from aecli.commands.train import train
from aecli.datasets.coding import Coding
from aecli.datasets.layout import layout
from aecli.datasets.learnt import Learnt
from aecli.datasets.quantiles import Quantiles
from aecli.datasets.scaling import Scaling
from aecli.errors import BadRequest
from aecli.losses.mixed import Mixed

# a number, a category of 3, a count, a number with a flag, a category of 2
COLUMNS = {"numbers": [0, 5], "flags": [6], "counts": [4], "offsets": [3.0], "divisors": [2.0],
           "starts": [1, 7], "sizes": [3, 2]}  # fmt: skip
N, WIDTH = 6, 9
FLOOR = 2 * np.log(0.01)


def drawn(seed=0):
    """Rows [N, 1, 9, 1] and parameters [N, 1, 9, 2]."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, WIDTH))
    x[:, 1:4], x[:, 7:] = np.eye(3)[rng.integers(0, 3, N)], np.eye(2)[rng.integers(0, 2, N)]
    x[:, 4] = (rng.integers(0, 20, N) - 3) / 2
    x[:, 6] = rng.integers(0, 2, N)
    params = rng.normal(size=(N, 1, WIDTH, 2))
    return x[:, None, :, None].astype("float32"), params.astype("float32")


def parts(loss):
    x, params = drawn()
    found = {name: np.asarray(value) for name, value in loss.parts(x, params).items()}
    np.testing.assert_allclose(loss.log_prob(x, params), -sum(found.values()), rtol=1e-5)
    np.testing.assert_allclose(loss(x, params), sum(found.values()), rtol=1e-5)
    assert sorted(found) == sorted(loss.part_names)
    x, params = x.astype("float64"), params.astype("float64")
    return found, x[:, 0, :, 0], params[:, 0, :, 0], params[:, 0, :, 1]


def scale_of(second):
    return np.exp(0.5 * (FLOOR + np.logaddexp(0, second - FLOOR)))


def test_gaussian_numbers_categories_and_flags_are_scipys():
    found, x, a, b = parts(Mixed(columns=COLUMNS))
    at = [0, 5]
    expected = -stats.norm.logpdf(x[:, at], a[:, at], scale_of(b[:, at])).sum(axis=1)
    np.testing.assert_allclose(found["gaussian"], expected, rtol=1e-5)
    logs = [special.log_softmax(a[:, i:j], axis=1)[x[:, i:j] == 1] for i, j in ((1, 4), (7, 9))]
    np.testing.assert_allclose(found["categorical"], -sum(logs), rtol=1e-5)
    expected = -stats.bernoulli.logpmf(x[:, 6], special.expit(a[:, 6]))
    np.testing.assert_allclose(found["bernoulli"], expected, rtol=1e-5)


def test_student_t_is_scipys():
    found, x, a, b = parts(Mixed(columns=COLUMNS, numbers="student_t", degrees_of_freedom=3.5))
    at = [0, 5]
    expected = -stats.t.logpdf(x[:, at], 3.5, a[:, at], scale_of(b[:, at])).sum(axis=1)
    np.testing.assert_allclose(found["student_t"], expected, rtol=1e-5)


def test_counts_are_scipys_in_the_file_s_unit():
    found, x, a, b = parts(Mixed(columns=COLUMNS))
    k, mu = np.round(x[:, 4] * 2 + 3), 5 * np.exp(a[:, 4])
    np.testing.assert_allclose(found["poisson"], -stats.poisson.logpmf(k, mu), rtol=1e-5)
    found, *_ = parts(Mixed(columns=COLUMNS, counts="negative_binomial"))
    r = np.exp(b[:, 4])
    expected = -stats.nbinom.logpmf(k, r, r / (r + mu))
    np.testing.assert_allclose(found["negative_binomial"], expected, rtol=1e-5)


def test_means():
    _, params = drawn()
    made = np.asarray(Mixed(columns=COLUMNS).mean(params))[:, 0, :, 0]
    a = params[:, 0, :, 0].astype("float64")
    expected = a.copy()
    expected[:, 1:4] = special.softmax(a[:, 1:4], axis=1)
    expected[:, 4] = (5 * np.exp(a[:, 4]) - 3) / 2
    expected[:, 6] = special.expit(a[:, 6])
    expected[:, 7:] = special.softmax(a[:, 7:], axis=1)
    np.testing.assert_allclose(made, expected, rtol=1e-5)


@pytest.mark.parametrize("counts", ["poisson", "negative_binomial"])
@pytest.mark.parametrize("numbers", ["gaussian", "student_t"])
def test_samples_have_these_means_and_spreads(counts, numbers):
    loss = Mixed(columns=COLUMNS, counts=counts, numbers=numbers, degrees_of_freedom=10.0)
    params = np.repeat(drawn()[1][:1], 40_000, axis=0)
    x = np.asarray(loss.sample(params, seed=1))[:, 0, :, 0]
    mean = np.asarray(loss.mean(params[:1])).ravel()
    assert (abs(x.mean(axis=0) - mean) < 4 * x.std(axis=0) / 200).all()
    assert (x[:, 1:4].sum(axis=1) == 1).all()
    k, (_, b) = x[:, 4] * 2 + 3, params[0, 0].T
    np.testing.assert_allclose(k, np.round(k), atol=1e-4)
    mu = 5 * np.exp(params[0, 0, 4, 0])
    more = mu**2 / np.exp(b[4]) if counts == "negative_binomial" else 0
    assert k.var() == pytest.approx(mu + more, rel=0.05)
    spread = scale_of(b[[0, 5]]) ** 2 * (10 / 8 if numbers == "student_t" else 1)
    np.testing.assert_allclose(x[:, [0, 5]].var(axis=0), spread, rtol=0.05)


def test_extreme_parameters_stay_finite():
    x, _ = drawn()
    for counts in ("poisson", "negative_binomial"):
        loss = Mixed(columns=COLUMNS, counts=counts)
        for value in (-1e4, 1e4):
            params = np.full((N, 1, WIDTH, 2), value, "float32")
            assert np.isfinite(loss.mean(params)).all()
            assert not np.isnan(loss(x, params)).any()


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
