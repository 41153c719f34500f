"""VQ-VAE: nearest codes, gradients by side, an EMA codebook with revival, integers outside."""

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
from aecli.latents.codebook import Codebook
from aecli.models.batch import Batch
from aecli.page.of_run import page
from aecli.training.step import train_step

LITTLE = ["model=vq_vae", "network.filters=[4]", "model.latent_dim=3", "model.codebook_size=16"]
SHORT = [*LITTLE, "trainer.epochs=2", "trainer.batch_size=40"]
K, D = 7, 3
rng = np.random.default_rng(0)


def normals(*shape) -> np.ndarray:
    return rng.standard_normal(shape).astype("float32")


def a_codebook(vectors=None) -> Codebook:
    codebook = Codebook(K, D)
    codebook.vectors.assign(normals(K, D) if vectors is None else vectors)
    return codebook


def follow(codebook: Codebook, z, decay=0.99, epsilon=1e-5, revival=0.0, draws=None):
    indices = codebook.nearest(z)
    draws = normals(*z.shape[:-1]) if draws is None else draws
    codebook.follow(*codebook.taken(z, indices), z, draws, decay, epsilon, revival)
    return np.asarray(indices)


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


# ---- the choice, and what passes through it --------------------------------------------------


def test_the_nearest_code_is_that_of_brute_force():
    codebook, z = a_codebook(), normals(20, 2, 5, D)
    e, indices = codebook(z)
    vectors = codebook.vectors.numpy()
    distances = np.square(z[..., None, :] - vectors).sum(-1)
    np.testing.assert_array_equal(indices, distances.argmin(-1))
    np.testing.assert_array_equal(e, vectors[distances.argmin(-1)])


def test_gradients_by_side(little, images):
    """van den Oord 2017, eq. 3, without its middle term."""
    batch, model = whole(little, images[:20]), little
    vectors = model.codebook.vectors.value
    encoder, decoder = (
        [v.value for v in part.trainable_variables] for part in (model.encoder, model.decoder)
    )
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(vectors)
        out = model.forward(batch, training=True)
        e = model.look_up(out["indices"]).numpy()
        loss, terms, _ = model.objective(batch, out, training=True)
        likelihood, commitment = (tf.reduce_sum(t) for t in terms.values())
    np.testing.assert_array_equal(out["z"], e)  # to the last bit
    z_e = out["z_e"].numpy()
    squares = np.square(z_e - e).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(terms["commitment"], squares, rtol=1e-5)
    np.testing.assert_allclose(loss, terms["reconstruction"] + 0.25 * squares, rtol=1e-5)
    # the commitment: the encoder alone, towards its code
    np.testing.assert_allclose(tape.gradient(commitment, out["z_e"]), 2 * (z_e - e), rtol=1e-4)
    assert all(np.any(g) for g in tape.gradient(commitment, encoder))
    assert tape.gradient(commitment, decoder) == [None] * len(decoder)
    # straight through: what reaches z reaches z_e
    with tf.GradientTape() as inner:
        inner.watch(out["z"])
        value = tf.reduce_sum(model.reconstruction_loss(batch.target, model.params(out["z"])))
    at_z = inner.gradient(value, out["z"])
    assert np.any(at_z)
    np.testing.assert_allclose(tape.gradient(likelihood, out["z_e"]), at_z, rtol=1e-5, atol=1e-6)
    # the codebook: nothing
    assert tape.gradient(likelihood, vectors) is tape.gradient(commitment, vectors) is None
    names = {v.path.rsplit("/", 1)[-1] for v in model.non_trainable_variables}
    assert {"vectors", "counts", "sums"} <= names


# ---- the codebook follows what chose it ------------------------------------------------------


def test_without_a_past_it_is_a_step_of_k_means():
    vectors = normals(K, D)
    vectors[-1] = 1e3  # which nothing chooses: it stays
    codebook, z = a_codebook(vectors), normals(30, 4, D)
    indices = follow(codebook, z, decay=0.0)
    for i in range(K):
        mine = z[indices == i]
        mean = mine.mean(axis=0) if len(mine) else vectors[i]
        np.testing.assert_allclose(codebook.vectors[i], mean, rtol=1e-4, atol=1e-5)


def test_the_averages_are_those_of_the_appendix():
    """Appendix A.1 in numpy; a large epsilon shows where it goes, and that it is not kept."""
    codebook, decay, epsilon = a_codebook(), 0.9, 0.5
    n, m = np.zeros(K), np.zeros((K, D))
    for _ in range(3):
        z = normals(30, D)
        indices = follow(codebook, z, decay, epsilon)
        one_hot = np.eye(K)[indices]
        n = decay * n + (1 - decay) * one_hot.sum(0)
        m = decay * m + (1 - decay) * one_hot.T @ z
        smoothed = (n + epsilon) / (n.sum() + K * epsilon) * n.sum()
        used = n > 0
        assert used.sum() > 2
        np.testing.assert_allclose(codebook.counts, n, rtol=1e-5)
        np.testing.assert_allclose(codebook.sums, m, rtol=1e-4, atol=1e-6)
        expected = (m / smoothed[:, None])[used]
        np.testing.assert_allclose(codebook.vectors.numpy()[used], expected, rtol=1e-4, atol=1e-6)


def test_dead_vectors_become_other_outputs_which_the_draws_choose():
    vectors = np.concatenate([normals(K - 2, D), np.full((2, D), 1e3, "float32")])
    codebook, z, draws = a_codebook(vectors), normals(50, 2, D), normals(50, 2)
    codebook.counts.assign(np.full(K, 100.0 / K))
    codebook.sums.assign(codebook.counts.numpy()[:, None] * vectors)
    codebook.counts.assign(np.where(np.arange(K) < K - 2, codebook.counts, 0.0))
    indices = follow(codebook, z, revival=0.1, draws=draws)
    assert indices.max() < K - 2
    chosen = z.reshape(-1, D)[np.argsort(draws.ravel())[:2]]
    np.testing.assert_allclose(codebook.vectors[-2:], chosen, rtol=1e-4)
    least = 0.1 * 100 / K  # a fraction of the fair share of 100 outputs
    np.testing.assert_allclose(codebook.counts[-2:], least, rtol=1e-6)
    assert (codebook.counts[:-2].numpy() > least).all()
    assert {K - 1, K - 2} <= set(follow(codebook, z).ravel())  # each is used in the next step


def test_a_threshold_is_of_the_fair_share_however_few_choose():
    """3 outputs for 7 vectors: an absolute threshold of 1 would kill them all."""
    codebook, z = a_codebook(), normals(3, D)
    for _ in range(30):
        indices = follow(codebook, z, decay=0.9, revival=0.1)
    assert len(set(indices)) == 3
    np.testing.assert_allclose(codebook.vectors.numpy()[indices], z, rtol=1e-4)


def test_a_step_of_a_training_hands_the_codebook_the_batch_and_the_settings(compose, images):
    """The averages, epsilon and the threshold, each as set: brute force from what was chosen."""
    settings = ["model.decay=0.8", "model.epsilon=0.5", "model.revival=0.3"]
    model, x = build.model(compose(*LITTLE, *settings), (8, 8, 1)), images[:20]
    batch = whole(model, x)
    out = model.forward(batch, training=True)
    z, chosen = out["z_e"].numpy().reshape(-1, 3), out["indices"].numpy().ravel()
    one_hot = np.eye(16)[chosen]
    n, m = 0.2 * one_hot.sum(0), 0.2 * one_hot.T @ z
    least = 0.3 * len(z) / 16
    dead = n < least
    assert 0 < dead.sum() < 16
    n[dead] = least
    m[dead] = least * z[np.argsort(batch.draws["revival"].ravel())[: dead.sum()]]
    expected = m * (n.sum() + 16 * 0.5) / ((n + 0.5) * n.sum())[:, None]
    model.objective(batch, out, training=True)
    np.testing.assert_allclose(model.codebook.counts, n, rtol=1e-5)
    np.testing.assert_allclose(model.codebook.vectors, expected, rtol=1e-3, atol=1e-5)


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
