"""VQ-VAE: what a run says of its codebook, integers outside; the formulas: aecli/proofs."""

import csv
import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from same_runs import differing
from scipy.stats import entropy

from aecli import build, runs
from aecli.commands.decode import decode
from aecli.commands.encode import encode
from aecli.commands.generate import generate
from aecli.commands.reconstruct import reconstruct
from aecli.comparison import records
from aecli.errors import BadRequest, NotApplicable
from aecli.figures.loss_curve import LossCurve
from aecli.models.batch import Batch
from aecli.page.of_run import page
from aecli.training.step import train_step

LITTLE = ["model=vq_vae", "network.filters=[4]", "model.latent_dim=3", "model.codebook_size=16"]
SHORT = [*LITTLE, "trainer.epochs=2", "trainer.batch_size=40"]
rng = np.random.default_rng(0)


def normals(*shape) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


@pytest.fixture
def little(compose):
    return build.model(compose(*LITTLE), (8, 8, 1))


@pytest.fixture(scope="module")
def trained(compose, tmp_path_factory):
    """A run of two epochs."""
    from lab import Lab

    return runs.Run(Lab(compose, tmp_path_factory.mktemp("vq")).train(*SHORT))


def whole(model, x) -> Batch:
    return Batch(x, x, model.frozen_draws(len(x)))


def test_a_dead_vector_is_used_in_the_next_step_of_a_training(little, images):
    model, optimizer = little, keras.optimizers.SGD(0.0)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    model.codebook.vectors.assign(np.full((16, 3), 1e3, "float32"))
    batch = whole(model, images[:40])
    train_step(model, {"model": optimizer}, batch)
    z_e = model.encoder(images[:40])["z_e"].numpy().reshape(-1, 3)
    near = np.abs(model.codebook.vectors.numpy()[:, None] - z_e).max(-1).min(-1)
    assert np.sum(near < 1e-4) >= 15  # but for the one that had all of the choices
    assert len(np.unique(model.encode_indices(images[:40]))) >= 10


# ---- what is watched ---------------------------------------------------------------------------


def test_usage_is_of_the_split_whatever_the_batches(little, images):
    model, x = little, images[:50]
    follow_all(model, x)
    vectors = model.codebook.vectors
    vectors.assign(np.where(np.arange(16)[:, None] < 13, vectors, 1e3))
    model.compile(keras.optimizers.SGD(0.0))
    counts = np.bincount(model.encode_indices(x).ravel(), minlength=16)
    found = {}
    for size in (50, 3):
        found[size] = model.evaluate(x, x, batch_size=size, verbose=0, return_dict=True)
        assert found[size]["perplexity"] == pytest.approx(np.exp(entropy(counts)), rel=1e-4)
        assert found[size]["codes_used"] == (counts > 0).sum()
    assert 2 < (counts > 0).sum() < 16
    parts = [
        np.exp(entropy(np.bincount(model.encode_indices(x[i : i + 3]).ravel())))
        for i in range(0, 50, 3)
    ]
    assert abs(np.mean(parts) - found[3]["perplexity"]) > 0.5  # the mean of batches is another


def follow_all(model, x) -> None:
    """One step of the codebook, so that several vectors are in use."""
    batch = whole(model, x)
    model.objective(batch, model.forward(batch, training=True), training=True)


def test_evaluation_leaves_the_codebook_alone(little, images):
    model, x = little, images[:30]
    follow_all(model, x)
    model.compile(keras.optimizers.SGD(0.0))
    before = [v.numpy() for v in model.codebook.variables]
    model.evaluate(x, x, batch_size=7, verbose=0)
    model.score(x)
    model.encode(x)
    model.decode_indices(model.encode_indices(x))
    model.reconstruct(x)
    for value, variable in zip(before, model.codebook.variables, strict=True):
        np.testing.assert_array_equal(variable, value)
    batch = whole(model, x)
    model.objective(batch, model.forward(batch, training=True), training=True)
    assert not np.array_equal(before[0], model.codebook.variables[0])


def test_a_run_says_how_many_codes_are_in_use(trained):
    with open(trained.folder / "history.csv", newline="") as file:
        row = list(csv.DictReader(file))[trained.status["best_epoch"] - 1]
    x, _, _ = trained.examples("val")
    counts = np.bincount(trained.model.encode_indices(x).ravel())
    assert float(row["val_perplexity"]) == pytest.approx(np.exp(entropy(counts)), rel=1e-4)
    assert float(row["val_codes_used"]) == (counts > 0).sum()
    assert trained.status["columns"]["perplexity"]["unit"] == "codes"
    metrics = json.loads((trained.folder / "metrics.json").read_text())
    counts = np.bincount(trained.model.encode_indices(trained.examples("test")[0]).ravel())
    assert metrics["perplexity"] == pytest.approx(np.exp(entropy(counts)))
    assert 1 < metrics["perplexity"] <= metrics["codes_used"] == (counts > 0).sum() <= 16


def test_readers_of_a_run_know_the_unit(trained):
    tiles = {name: unit for name, _, unit, _ in page(trained).tiles}
    assert tiles["perplexity"] == tiles["codes_used"] == "codes"
    assert tiles["commitment"] == "nats an image"
    titles = [ax.get_title() for ax in LossCurve()(trained).axes]
    *terms, perplexity, used = titles[1:]
    assert (used, perplexity) == ("codes used (codes)", "perplexity (codes)")
    assert terms == ["reconstruction (nats an image)", "commitment (nats an image)"]
    record = records.read(records.Entry(trained.folder, "one"))
    assert record.quantities["perplexity"].unit == "codes"
    assert record.quantities["commitment"].unit == "nats an image"


# ---- integers outside ------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".npz", ".csv"])
def test_codes_in_a_file_are_integers_that_decode_to_the_same_bits(
    compose, trained, tmp_path, suffix
):
    words = [f"run={trained.folder}"]
    file = encode(compose(*words, f"output={tmp_path}/codes{suffix}", command="encode"))
    made = reconstruct(compose(*words, f"output={tmp_path}/whole.npz", command="reconstruct"))
    again = decode(compose(
        *words, f"input={file}", f"output={tmp_path}/parts.npz", command="decode"
    ))  # fmt: skip
    np.testing.assert_array_equal(np.load(again)["x"], np.load(made)["x"])
    if suffix == ".npz":
        codes = np.load(file)["code"]
        assert codes.dtype == np.int32
        assert codes.shape[1:] == trained.model.stored_shape == (4, 4)
        assert 0 <= codes.min() <= codes.max() < 16


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        (np.full((2, 4, 4), 16), "codes are from 16 to 16; this model's from 0 to 15"),
        (np.full((2, 4, 4), -1), "codes are from -1 to -1; this model's from 0 to 15"),
        (np.full((2, 4, 4), 0.5), "codes that are not whole; this run's are the numbers of"),
        (np.zeros((2, 4, 4, 3)), "has codes of 48 numbers; this run's have 16"),
    ],
)
def test_other_codes_are_refused(compose, trained, tmp_path, codes, said):
    np.savez(tmp_path / "codes.npz", code=codes)
    words = [f"run={trained.folder}", f"input={tmp_path}/codes.npz"]
    with pytest.raises(BadRequest, match=said):
        decode(compose(*words, command="decode"))


def test_what_needs_a_density_says_why_not(compose, trained, tmp_path):
    words = [f"run={trained.folder}", f"output={tmp_path}/made.npz"]
    for sampler in ([], ["sampler=gmm"]):
        with pytest.raises(NotApplicable, match="generate draws from choices among 16, "):
            generate(compose(*words, *sampler, command="generate"))
    with pytest.raises(NotApplicable, match="codes are not random"):
        encode(compose(*words, "sample=true", command="encode"))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotApplicable, match="as model=vq_vae"):
        build.model(compose("model=ae"), (8, 8, 1)).encode_indices(np.zeros((1, 8, 8, 1)))


def test_any_code_decodes_as_the_nearest_of_the_codebook(little):
    codes, model = normals(5, *little.code_shape), little
    near = model.look_up(model.codebook.nearest(codes))
    np.testing.assert_array_equal(model.decode(codes), model.decode(near))
    assert not np.array_equal(codes, near)


# ---- trainings -------------------------------------------------------------------------------


def test_a_training_that_was_stopped_goes_on_bit_for_bit(lab, monkeypatch):
    from aecli.training.resident import ResidentFeed

    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    overrides = [*SHORT, "trainer.epochs=3", "model.decay=0.5"]
    whole_run = lab.train(*overrides)
    part = lab.interrupted(*overrides, after=4)
    lab.resume(part)
    assert differing(whole_run, part) == []


def test_a_flat_code_is_one_vector(compose, images):
    """Under XLA and in bfloat16, where the codebook stays float32."""
    words = ["model=vq_vae", "network=mlp", "model.flat=true", "model.codebook_size=16"]
    model = build.model(compose(*words, "trainer.precision=mixed_bfloat16"), (8, 8, 1))
    optimizer, batch = keras.optimizers.Adam(1e-2), whole(model, images)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer)
    step = tf.function(
        lambda: train_step(model, {"model": optimizer}, batch), jit_compile=True, autograph=False
    )
    before = model.score(images)["loss"].mean()
    for _ in range(10):
        step()
    assert model.score(images)["loss"].mean() < before
    assert {v.dtype for v in model.codebook.variables} == {"float32"}
    assert len(np.unique(model.encode_indices(images))) > 2
    indices = model.encode_indices(images)
    assert indices.shape == (200, 1)
    np.testing.assert_array_equal(model.decode_indices(indices), model.reconstruct(images))
    with pytest.raises(BadRequest, match=r"network=mlp has a flat code: .*model.flat=true"):
        build.model(compose("model=vq_vae", "network=mlp"), (8, 8, 1))


def test_keras_itself_trains_it(little, images):
    little.compile("adam")
    before = little.codebook.vectors.numpy()
    little.fit(images, images, verbose=0)
    assert not np.array_equal(before, little.codebook.vectors)
    assert little.codebook.counts.numpy().sum() > 0


def test_more_distances_than_fit_are_refused(compose):
    config = compose("model=vq_vae", "model.codebook_size=65536")
    with pytest.raises(BadRequest, match=r"take a smaller model\.codebook_size"):
        build.model(config, (512, 512, 1))
