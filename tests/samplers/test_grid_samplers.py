"""New codes of a codebook: whole numbers drawn, kept as numbers, refused where they do not fit."""

import fresh_run
import numpy as np
import pytest

from aecli import runs
from aecli.commands.generate import generate
from aecli.commands.plot import plot
from aecli.errors import BadRequest, NotApplicable
from aecli.metrics.base import Evaluation
from aecli.metrics.samples import Samples
from aecli.runs import sampling
from aecli.samplers.pixelcnn import PixelCNN
from aecli.samplers.transformer import Transformer

QUICK = {"width": 8, "blocks": 1, "epochs": 1}
STATED = ["sampler=pixelcnn", *(f"sampler.{key}={value}" for key, value in QUICK.items())]
CODES = ["network.filters=[4]", "model.codebook_size=5", "model.latent_dim=3"]


@pytest.fixture(scope="module")
def folder(compose, tmp_path_factory):
    return fresh_run.folder(compose, tmp_path_factory.mktemp("runs"), "model=rvq", *CODES)


def test_commands_figures_and_metrics_draw_one_and_the_same(folder, compose, monkeypatch, tmp_path):
    fits = []
    fit = PixelCNN.fit
    monkeypatch.setattr(PixelCNN, "fit", lambda *a: fits.append(len(a[1])) or fit(*a))
    words = [f"run={folder}", "n=9", "seed=5", f"output={tmp_path}/made.npz", *STATED]
    generate(compose(*words, command="generate"))
    plot(compose(f"run={folder}", "n=3", *STATED, command="plot-samples"), "samples")
    sampler, run = PixelCNN(**QUICK), runs.Run(folder)
    assert Samples(n=9, k=2, steps=1, sampler=sampler)(Evaluation(run))
    assert fits == [150]
    codes, origin = sampling.new_codes(run, 9, 5, sampler)
    assert "nats a choice of those held out; even choices: 1.609" in origin
    made = np.load(tmp_path / "made.npz")
    np.testing.assert_array_equal(made["code"], codes)
    np.testing.assert_array_equal(run.model.decode(codes), run.model.decode(codes))
    chosen = sampling.fitted_to(run, sampler).sample(9, 5)
    assert chosen.shape == (9, *run.model.stored_shape) == (9, 4, 4, 2)
    assert 0 <= chosen.min() < chosen.max() < 5
    np.testing.assert_array_equal(run.model.look_up(chosen), codes)


def test_a_file_of_other_numbers_is_damaged(folder):
    run, sampler = runs.Run(folder), Transformer(heads=2, **QUICK)
    first = sampling.fitted_to(run, sampler).sample(5, 0)
    np.testing.assert_array_equal(sampling.fitted_to(run, sampler).sample(5, 0), first)
    path = folder / "samplers" / "transformer" / "all.npz"
    with np.load(path) as stored:
        numbers = dict(stored)
    for name, value in (
        ("vectors", np.zeros((6, 8))),
        ("nats", np.array(-1.0)),
        ("more", np.ones(1)),
    ):
        np.savez(path, **{**numbers, name: value})
        with pytest.raises(BadRequest, match="is damaged: delete it"):
            sampling.fitted_to(run, sampler)


def test_choices_and_numbers_are_not_taken_for_each_other(folder, compose, tmp_path):
    words = [f"run={folder}", f"output={tmp_path}/made.npz"]
    for sampler in ([], ["sampler=gmm"]):
        with pytest.raises(NotApplicable, match="generate draws from choices among 5, "):
            generate(compose(*words, *sampler, command="generate"))
    plain = fresh_run.folder(compose, tmp_path, "model=ae", "model.latent_dim=3")
    with pytest.raises(NotApplicable, match=r"numbers, no choices .* sampler=gmm"):
        sampling.new_codes(runs.Run(plain), 3, 0, PixelCNN(**QUICK))


def test_what_is_too_little_or_too_much_is_refused():
    with pytest.raises(NotApplicable, match="needs 10 training codes; there are 9"):
        PixelCNN().fit(np.zeros((9, 2, 2), int), 3)
    with pytest.raises(NotApplicable, match=r"4,096 at most; a code has 4,225"):
        PixelCNN().fit(np.zeros((10, 65, 65), int), 3)
    with pytest.raises(NotApplicable, match=r"take a smaller sampler\.width"):
        PixelCNN(width=2048, blocks=50).fit(np.zeros((10, 2, 2), int), 2**16)
    with pytest.raises(BadRequest, match=r"sampler\.heads must divide sampler\.width=64; got 7"):
        Transformer(heads=7)
