"""CVAE: a constant label is a VAE; the label is told to both parts, and goes the whole way."""

import keras
import numpy as np
import pytest
from same_runs import differing
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from aecli import build, runs
from aecli.commands.generate import generate
from aecli.datasets.splits import Split, Splits
from aecli.errors import BadRequest
from aecli.training.feed import Preparation, epoch_order
from aecli.training.resident import ResidentFeed

NETWORKS = {  # a kernel of 1 sees no border, where a constant channel is padded with zeros
    "mlp": ["network.widths=[32]"],
    "conv": ["network=conv", "network.filters=[8,4]", "network.kernel_size=1"],
    "grid": ["network=conv", "network.filters=[8,4]", "network.kernel_size=1", "model.flat=false"],
}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_constant_label_is_a_vae(compose, images, network):
    """Its weights move into the biases; every term is the same, and so are codes and images."""
    words = ["model.latent_dim=3", "model.beta=2", *NETWORKS[network]]
    cvae = build.model(compose("model=cvae", *words), (8, 8, 1), label_count=1)
    vae = build.model(compose("model=vae", *words), (8, 8, 1))
    rng = np.random.default_rng(0)
    for mine, theirs in ((cvae.encoder, vae.encoder), (cvae.decoder, vae.decoder)):
        noise = [rng.normal(0, 0.1, w.shape).astype("float32") for w in mine.get_weights()]
        mine.set_weights([w + n for w, n in zip(mine.get_weights(), noise, strict=True)])
        theirs.set_weights(without_last_input(mine.get_weights()))
    x = images[:20]
    mine, theirs = cvae.score(x, label=0), vae.score(x)
    assert set(mine) == set(theirs) == {"loss", "reconstruction", "kl"}
    for name in theirs:
        np.testing.assert_allclose(mine[name], theirs[name], rtol=1e-4)
    np.testing.assert_allclose(cvae.encode(x, label=0), vae.encode(x), atol=1e-5)
    np.testing.assert_allclose(cvae.sample(5, 1, 0), vae.sample(5, 1), atol=1e-5)


def without_last_input(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Of the first layer, whose kernel is [..., I + 1, O] and bias [O]."""
    kernel, bias, *rest = weights
    last = kernel[..., -1, :].reshape(-1)
    return [kernel[..., :-1, :], bias + last, *rest]


@pytest.mark.parametrize("network", ["mlp", "conv", "grid"])
def test_the_one_hot_label_is_beside_what_both_parts_are_given(compose, images, network):
    words = [word for word in NETWORKS[network] if "kernel" not in word]
    model = build.model(compose("model=cvae", "model.latent_dim=3", *words), (8, 8, 1), 4)
    x, label = images[:6], np.array([3, 0, 1, 2, 3, 1])
    told = np.eye(4, dtype="float32")[label]
    given = np.concatenate([x.reshape(6, 1, 1, -1), told[:, None, None]], axis=-1)
    if network != "mlp":
        channels = np.broadcast_to(told[:, None, None], (6, 8, 8, 4))
        given = np.concatenate([x, channels], axis=-1)
    z = model.encode(x, label=label)
    np.testing.assert_allclose(z, np.asarray(model.encoder(given)["mean"]), atol=1e-6)
    if z.ndim == 4:
        told = np.broadcast_to(told[:, None, None], (*z.shape[:-1], 4))
    params = np.asarray(model.decoder(np.concatenate([z, told], axis=-1)))
    expected = 1 / (1 + np.exp(-params))
    np.testing.assert_allclose(model.decode(z, label=label), expected, atol=1e-6)
    np.testing.assert_allclose(model.reconstruct(x, label=label), expected, atol=1e-6)


def test_a_classifier_reads_generated_digits_as_their_label(lab, compose):
    """Logistic regression, fitted to real digits: chance is 10 %."""
    folder = lab.train("model=cvae", "dataset.limit=null", "trainer.epochs=40", "figures=[]",
                       "trainer.jit_compile=true", "optimizer.learning_rate=3e-3")  # fmt: skip
    digits = load_digits()
    reader = LogisticRegression(max_iter=1000).fit(digits.data / 16, digits.target)
    with np.load(generate(compose(f"run={folder}", "n=200", command="generate"))) as made:
        x, label = made["x"].reshape(200, -1), made["label"]
    np.testing.assert_array_equal(label, np.arange(200) % 10)
    read = reader.predict(x)
    assert (read == label).mean() > 0.9
    assert (read == (label + 1) % 10).mean() < 0.1


def test_labels_go_along_with_their_images_in_both_feeds(compose, images):
    """In an epoch's order, its last batch smaller: each step is that of Keras's own fit."""
    config = compose("model=cvae", "model.epsilon_std=0", "trainer.epochs=1",
                     "trainer.batch_size=32", "trainer.jit_compile=false")  # fmt: skip
    labels = np.arange(110) * 7 % 10
    splits = splits_of(images[:110], labels)
    stock = build.model(config, (8, 8, 1), splits.label_count)
    stock.compile(build.optimizer(config, 4, 4), jit_compile=False)
    order, x = epoch_order(config.seed, 0, 110), images[:110]
    inputs = {"image": x[order], "label": labels[order]}
    theirs = stock.fit(inputs, batch_size=32, shuffle=False, verbose=0,
                       validation_data=({"image": x, "label": labels}, None))  # fmt: skip
    for kind in ("resident", "streaming"):
        trainer = build.component({**build.plain(config.trainer), "feed": kind}, "trainer")
        model = build.model(config, (8, 8, 1), splits.label_count)
        noise = build.component(config.noise, "noise")
        feed = trainer.make_feed(splits, Preparation(noise=noise), splits.labels_for(model))
        assert feed.kind == kind
        ours = trainer.fit(model, {"model": build.optimizer(config, 4, 4)}, feed, 110)
        for name in ("loss", "kl", "reconstruction", "val_loss"):
            np.testing.assert_allclose(ours.history[name], theirs.history[name], rtol=1e-5)
        for mine, other in zip(model.get_weights(), stock.get_weights(), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    true, other = (stock.score(x, label=label)["loss"] for label in (labels, labels[::-1]))
    assert np.abs(other - true).max() > 0.1


@pytest.mark.slow
def test_it_resumes_bit_for_bit_and_is_a_model_of_plain_keras(lab, monkeypatch):
    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)
    few = ["model=cvae", "trainer.epochs=2", "trainer.batch_size=40", "network.widths=[16]"]
    whole, part = lab.train(*few), lab.interrupted(*few, after=6)
    lab.resume(part)
    assert differing(whole, part) == []

    run = runs.Run(whole)
    model = keras.models.load_model(whole / "checkpoints" / "best.keras")
    x, target, labels = run.examples("val")
    inputs = {"image": x, "label": labels}
    made = run.model.reconstruct(x, label=labels)
    np.testing.assert_allclose(model.predict(inputs, verbose=0), made, atol=1e-5)
    model.compile("adam")
    drawn = inputs | model.frozen_draws(len(x))
    loss = model.evaluate(drawn, target, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(run.history["val_loss"][-1], rel=1e-4)
    np.testing.assert_allclose(model.raw.reconstruct(x, labels), made, atol=1e-5)
    with pytest.raises(BadRequest, match="needs the label of each image, and these have none"):
        model.encode(x)
    for wrong in (10, -1, 3.0, labels[:5]):
        with pytest.raises(BadRequest, match="label"):
            model.encode(x, label=wrong)


def data(place, labels) -> str:
    """An .npz of digits with these labels, None for none."""
    x = load_digits().images[:200].astype("uint8")
    np.savez(place, x=x, **({} if labels is None else {"y": labels}))
    return f"dataset.path={place}"


@pytest.mark.parametrize(
    "labels",
    [None, np.arange(200) % 2 * 2 - 1, np.arange(200) + 10**6],
    ids=["none", "-1", "large"],
)
def test_data_without_such_labels_are_refused_before_a_training(typed, tmp_path, labels):
    code, said = typed("train", "model=cvae", "dataset=npz", data(tmp_path / "x.npz", labels))
    assert code == 2
    assert "error: this model needs the label of each image, counted from 0, and the" in said
    assert not (tmp_path / "outputs").exists()


def splits_of(x, labels) -> Splits:
    part = Split(x, labels)
    return Splits(part, part, part, "digits")


def test_labels_are_counted_where_a_model_can_be_told_them(images):
    """A run of any other model keeps the count, or none: whole numbers of any size are labels."""
    for labels, count in [([0, 2], 3), ([-1, 1], None), ([-5, -3], None), ([0, 10**7], None)]:
        assert splits_of(images[:2], np.array(labels)).label_count == count
    assert splits_of(images[:2], None).label_count is None


@pytest.mark.slow
def test_a_label_that_is_not_trained_is_said_before_the_training(typed, images, tmp_path):
    labels = np.r_[np.zeros(30, int), np.ones(30, int)]
    x, y = (images[:60] * 16).astype("uint8"), labels
    np.savez(tmp_path / "x.npz", x_train=x, y_train=y, x_test=x, y_test=y + (y == 1) * 2)
    words = ["dataset=npz", "dataset.path=x.npz", "trainer.epochs=1", "figures=[]", "metrics=[]"]
    for model, is_said in (("cvae", True), ("vae", False)):
        code, said = typed("train", f"model={model}", "trainer.batch_size=20", *words)
        assert code == 0, said
        assert ("no training image has label 3: what the model makes of it" in said) == is_said
