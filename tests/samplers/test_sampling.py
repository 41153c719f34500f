"""New codes of a run: the same wherever they are asked for, and kept in the run as numbers."""

import dataclasses
import json
import pathlib
import pickle
import shutil
import zipfile

import fresh_run
import numpy as np
import pytest

from aecli import runs
from aecli.commands.generate import generate
from aecli.commands.plot import plot
from aecli.errors import BadRequest
from aecli.metrics import evaluating
from aecli.metrics.base import Evaluation
from aecli.metrics.samples import Samples
from aecli.models.ae import AE
from aecli.runs import sampling
from aecli.samplers.base import Sampler
from aecli.samplers.gmm import GMM
from aecli.samplers.maf import MAF

SMALL = {"blocks": 1, "layers": 1, "width": 8, "epochs": 2}
QUICK = MAF(**SMALL)
STATED = ["sampler=maf", *(f"sampler.{key}={value}" for key, value in SMALL.items())]
AE_3 = ("model=ae", "model.latent_dim=3")


@pytest.fixture(scope="module")
def made(compose, tmp_path_factory):
    return fresh_run.folder(compose, tmp_path_factory.mktemp("runs"), *AE_3)


@pytest.fixture
def folder(made, tmp_path):
    """Of a plain autoencoder on digits, with nothing kept yet."""
    return pathlib.Path(shutil.copytree(made, tmp_path / "run"))


@pytest.fixture
def fits(monkeypatch):
    """The number of codes of each fit that is made."""
    counts, fit = [], Sampler.fit

    def counted(sampler, codes):
        counts.append(len(codes))
        return fit(sampler, codes)

    monkeypatch.setattr(Sampler, "fit", counted)
    return counts


@pytest.mark.parametrize(("sampler", "words"), [(None, []), (QUICK, STATED)], ids=["gmm", "maf"])
def test_every_command_shows_the_same_new_codes_of_a_plain_autoencoder(
    sampler, words, folder, compose, fits, monkeypatch
):
    decoded = []
    decode = AE.decode
    monkeypatch.setattr(
        AE, "decode", lambda model, z, label=None: decoded.append(z) or decode(model, z)
    )
    generate(compose(f"run={folder}", "n=9", "seed=5", *words, command="generate"))
    plot(
        compose(f"run={folder}", "n=3", "sample_seed=5", *words, command="plot-samples"), "samples"
    )
    Samples(n=9, seed=5, k=2, steps=1, sampler=sampler)(Evaluation(runs.Run(folder)))
    codes, _ = sampling.new_codes(runs.Run(folder), 9, 5, sampler)
    assert len(decoded) == 3
    for z in decoded:
        np.testing.assert_array_equal(z, codes)
    assert fits == [150]


def test_the_samples_of_the_card_are_of_the_sampler_that_is_asked_for(compose):
    nodes = evaluating.metrics_of(compose("metrics=[samples]", *STATED, command="eval"))
    assert nodes["samples"]["sampler"]["width"] == 8
    with pytest.raises(BadRequest, match="no metric here makes any"):
        evaluating.metrics_of(compose("sampler=gmm", command="eval"))


def test_other_data_that_are_shown_are_not_fitted_to(folder, compose, tmp_path, fits):
    np.savez(tmp_path / "ones.npz", x_train=np.ones((40, 8, 8)), x_test=np.ones((9, 8, 8)))
    data = ["dataset=npz", f"dataset.path={tmp_path}/ones.npz"]
    plot(compose(f"run={folder}", *data, command="plot-samples"), "samples")
    codes, _ = sampling.new_codes(runs.Run(folder), 5, 0)
    assert fits == [150]
    shutil.rmtree(folder / "samplers")
    np.testing.assert_array_equal(sampling.new_codes(runs.Run(folder), 5, 0)[0], codes)


def test_what_is_kept_is_taken_while_weights_and_settings_are_the_same(folder, compose, fits):
    def codes(sampler=None, label=None):
        return sampling.new_codes(runs.Run(folder), 50, 0, sampler, label)[0]

    first = codes()
    np.testing.assert_array_equal(codes(GMM()), first)
    assert fits == [150]
    assert sorted(p.name for p in (folder / "samplers" / "gmm").iterdir()) == ["all.npz"]
    assert not np.array_equal(codes(GMM(components=2)), first)
    np.testing.assert_array_equal(codes(), first)
    assert fits == [150] * 3
    run = runs.Run(folder)
    x, _, labels = run.examples("train")
    of_ones = run.model.encode(x[labels == 1])
    fitted = sampling.fitted_to(run, GMM(components=1), label=1)
    np.testing.assert_allclose(fitted.numbers["means"][0], of_ones.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(codes(GMM(components=1), label=1), fitted.sample(50, 0))
    np.testing.assert_array_equal(codes(), first)
    assert fits[3:] == [len(of_ones)]
    with pytest.raises(BadRequest, match="label=77: no training image has it"):
        codes(label=77)
    other = fresh_run.folder(compose, folder.parent / "other", *AE_3, "seed=1")
    shutil.copytree(other / "checkpoints", folder / "checkpoints", dirs_exist_ok=True)
    assert not np.array_equal(codes(), first)
    assert len(fits) == 5


def test_a_resumed_run_is_fitted_anew(lab, fits):
    folder = lab.train("trainer.epochs=1", "figures=[samples]", "callbacks=[]")
    assert (folder / "figures" / "samples.png").is_file()
    before = sampling.new_codes(runs.Run(folder), 5, 0)[0]
    assert fits == [150]
    lab.resume(folder, "trainer.epochs=2")
    after = sampling.new_codes(runs.Run(folder), 5, 0)[0]
    assert not np.array_equal(before, after)
    assert fits == [150, 150]
    assert json.loads((folder / "status.json").read_text())["warnings"] == []


# ---- files that somebody else wrote --------------------------------------------------------------


class Pickled:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return pathlib.Path.touch, (self.mark,)


def changed(name, change):
    def tamper(path, numbers):
        np.savez(path, **{**numbers, name: change(numbers[name])})

    return tamper


def without_a_number(path, numbers):
    numbers.pop("roots")
    np.savez(path, **numbers)


def with_one_more(path, numbers):
    np.savez(path, **numbers, more=np.zeros(3))


def pickled(path, numbers):
    mark = path.parent / "mark"
    np.savez(path, **{**numbers, "means": np.array([Pickled(mark)], object)})
    pickle.loads(pickle.dumps(Pickled(mark)))  # control
    mark.unlink()


def cut(path, numbers):
    path.write_bytes(path.read_bytes()[:-200])


def one_that_declares_terabytes(path, numbers):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (10, 1000000000000), }".ljust(117)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("more.npy", b"\x93NUMPY\x01\x00\x76\x00" + header + b"\n")


def not_finite(values):
    return np.where(values > values.min(), values, np.nan)


ATTACKS = {
    "missing": without_a_number,
    "more": with_one_more,
    "pickle": pickled,
    "cut": cut,
    "bomb": one_that_declares_terabytes,
    "text": lambda path, _: path.write_text("<html>"),
    "no key": changed("of", lambda values: values[:5]),
    "shape": changed("means", lambda values: values[:, :2]),
    "type": changed("means", lambda values: values.astype("float32")),
    "not finite": changed("means", not_finite),
    "weights": changed("weights", lambda values: 2 * values),
    "negative weights": changed("weights", lambda values: values - 2 * values[::-1] + 0.1),
    "roots": changed("roots", np.negative),
    "rows": changed("rows", np.negative),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_kept_file_is_numbers_of_the_shapes_that_the_sampler_has(name, folder, fits):
    run = runs.Run(folder)
    sampling.new_codes(run, 5, 0)
    path = folder / "samplers" / "gmm" / "all.npz"
    with np.load(path) as stored:
        numbers = dict(stored)
    ATTACKS[name](path, numbers)
    with pytest.raises(BadRequest, match=r"all\.npz") as refusal:
        sampling.new_codes(run, 5, 0)
    assert len(str(refusal.value).splitlines()) == 1
    assert not (path.parent / "mark").exists()
    assert fits == [150]
    path.unlink()
    sampling.new_codes(run, 5, 0)


@pytest.mark.parametrize(("name", "change"), [("scale", np.negative), ("kernel_0_1", np.ravel)])
def test_the_numbers_of_a_flow_are_looked_at_too(name, change, folder):
    run = runs.Run(folder)
    codes = sampling.new_codes(run, 5, 0, QUICK)[0]
    np.testing.assert_array_equal(sampling.new_codes(run, 5, 0, QUICK)[0], codes)
    path = folder / "samplers" / "maf" / "all.npz"
    with np.load(path) as stored:
        changed(name, change)(path, dict(stored))
    with pytest.raises(BadRequest, match="is damaged: delete it"):
        sampling.new_codes(run, 5, 0, QUICK)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawn(Sampler):
    """The codes that it was fitted to, again."""

    about = "training codes"

    def learn(self, x):
        return {"codes": x}

    def shapes(self, size, rows):
        return {"codes": (rows, size)}

    def draw(self, numbers, n, rng):
        return rng.choice(numbers["codes"], n)


def test_what_a_sampler_keeps_may_be_as_many_as_the_codes(folder, fits):
    run = runs.Run(folder)
    codes = sampling.new_codes(run, 5, 0, Drawn())[0]
    np.testing.assert_array_equal(sampling.new_codes(run, 5, 0, Drawn())[0], codes)
    assert fits == [150]
    path = folder / "samplers" / "drawn" / "all.npz"
    with np.load(path) as stored:
        numbers = dict(stored)
    for rows in (149.0, 151.0, 0.0, 1e300, np.nan, [150.0]):
        np.savez(path, **{**numbers, "rows": np.array(rows)})
        with pytest.raises(BadRequest, match="is damaged: delete it"):
            sampling.new_codes(run, 5, 0, Drawn())


def test_samplers_of_one_name_are_not_taken_for_each_other(folder, fits):
    other = dataclasses.make_dataclass("GMM", [], bases=(GMM,), frozen=True, kw_only=True)
    other.__module__ = "mine"
    for sampler in (GMM(), other(), other()):
        sampling.new_codes(runs.Run(folder), 5, 0, sampler)
    assert fits == [150, 150]


def test_of_principal_components_the_file_may_say_how_many(folder, monkeypatch):
    monkeypatch.setattr("aecli.samplers.base.MAX_UNITS", 2)
    run = runs.Run(folder)
    codes = sampling.new_codes(run, 5, 0)[0]
    np.testing.assert_array_equal(sampling.new_codes(run, 5, 0)[0], codes)
    path = folder / "samplers" / "gmm" / "all.npz"
    with np.load(path) as stored:
        numbers = dict(stored)
    for axes in (numbers["axes"][:1], np.eye(3), np.zeros((0, 3)), np.zeros(())):
        np.savez(path, **{**numbers, "axes": axes})
        with pytest.raises(BadRequest, match="is damaged: delete it"):
            sampling.new_codes(run, 5, 0)
