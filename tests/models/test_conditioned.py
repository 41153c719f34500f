"""model.condition=label for every VAE: it trains, evaluates, reloads, or says why not."""

import keras
import numpy as np
import pytest
from options import fitting, options, own_network, vocabulary_of

from aecli import build
from aecli.errors import BadRequest
from aecli.models.batch import Batch
from aecli.models.vae import VAE
from aecli.proofs.generic import Case

LABELS = 3


def told(compose, name: str, network: str = "mlp", shape=(8, 8, 1), *words: str):
    chosen = [*fitting(name, network), "model.condition=label", "model.latent_dim=3", *words]
    known = {"train_count": 64, "vocabulary": vocabulary_of(network)}
    return build.model(compose(*chosen), shape, LABELS, **known)


def reaches_both(model, x) -> None:
    """Another label: other codes of the same images, and other images of the same codes."""
    z = model.encode(x, label=0)
    assert np.abs(model.encode(x, label=1) - z).max(axis=tuple(range(1, z.ndim))).min() > 0
    made = [Batch(x, x, label=np.full(len(x), label, "int32")) for label in (0, 1)]
    params = [model.params(z, batch.label, given=model.told(batch)) for batch in made]
    assert np.abs(params[0] - params[1]).max() > 1e-4


@pytest.mark.parametrize("name", options("model"))
def test_every_vae_takes_it(compose, images, tmp_path, name):
    words = fitting(name, own_network(name))
    plain = build.model(compose(*words), (8, 8, 1), 10, train_count=64)
    if not isinstance(plain, VAE) or plain.label_count is not None:
        return
    model, label = told(compose, name, own_network(name)), np.arange(64) % LABELS
    assert model.label_count == LABELS
    x = images[:64]
    reaches_both(model, x)
    before = model.score(x, label=label)["reconstruction"].mean()
    Case(model, x).train(20)
    score = model.score(x, label=label)
    assert not model.reconstructs or score["reconstruction"].mean() < 0.9 * before
    units = model.kl_of_units(x, label=label)
    assert units is None or np.isfinite(units).all()
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.score(x, label=label)["loss"], score["loss"])
    np.testing.assert_array_equal(again.decode(again.encode(x, label=0), 1),
                                  model.decode(model.encode(x, label=0), 1))  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vae", ["model/prior=vamp", "model.prior.components=4"]),
        ("vae", ["model/posterior=iaf", "model/prior=mixture"]),
    ],
)
def test_with_other_parts(compose, images, name, words):
    model = told(compose, name, "mlp", (8, 8, 1), *words)
    reaches_both(model, images[:9])
    assert np.isfinite(model.score(images[:9], label=np.arange(9) % LABELS)["loss"]).all()
    assert model.sample(4, label=2).shape == (4, 8, 8, 1)


def test_a_grid_code_has_the_label_at_each_of_its_places(compose, images):
    model = told(compose, "vae", "conv", (8, 8, 1), "model.flat=false")
    assert model.decoder.input.shape[1:] == (2, 2, 3 + LABELS)
    reaches_both(model, images[:9])


@pytest.mark.parametrize("network", ["seq2seq", "transformer", "conv1d", "lstm"])
def test_of_texts_and_series(compose, tmp_path, network):
    shape, rng = ((1, 16, 1) if network == "seq2seq" else (1, 16, 2)), np.random.default_rng(0)
    words = ["loss=mse"] if network != "seq2seq" else []
    model = told(compose, "vae", network, shape, *words)
    x = rng.integers(3, size=(9, *shape)).astype("float32")
    reaches_both(model, x)
    if network == "seq2seq":  # what it writes by itself goes by the label, too
        weights = [3 * rng.normal(size=w.shape) for w in model.decoder.get_weights()]
        model.decoder.set_weights(weights)
        z = model.encode(x, label=0)
        written = [np.nan_to_num(model.decode(z, label)) for label in range(LABELS)]
        assert any(np.any(written[0] != other) for other in written[1:])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    for label in (0, 2):
        np.testing.assert_array_equal(again.encode(x, label=label), model.encode(x, label=label))


def test_data_without_labels_are_refused_with_a_way_on(compose):
    for words in (["model=cvae"], ["model=iwae", "model.condition=label"]):
        with pytest.raises(BadRequest, match=r"take model\.condition=none, or data with labels"):
            build.model(compose(*words), (8, 8, 1), None)
    with pytest.raises(BadRequest, match="no key 'label_count'"):  # the data alone say it
        build.model(compose("model=vae", "+model.label_count=3"), (8, 8, 1), 3)
    network, loss = (build.component(compose()[key], key) for key in ("network", "loss"))
    with pytest.raises(BadRequest, match="this model needs the label of each image"):
        VAE(data_shape=(8, 8, 1), network=network, reconstruction_loss=loss, condition="label")


def test_a_vae_that_is_told_none_asks_for_none(compose, images):
    for count in (None, 3):
        model = build.model(compose("model=vae"), (8, 8, 1), count)
        assert model.label_count is None
        assert model.encoder.input.shape[1:] == (8, 8, 1)
        assert model.encode(images[:2], label=7).shape == (2, 2)


def test_the_class_of_runs_of_before_is_built_and_loaded(compose, images, tmp_path):
    config = compose("model=cvae")
    node = {k: v for k, v in build.plain(config.model).items() if k != "condition"}
    old = {**build.plain(config), "model": node | {"_target_": "aecli.models.cvae.CVAE"}}
    model, new = build.model(old, (8, 8, 1), LABELS), build.model(config, (8, 8, 1), LABELS)
    assert type(new) is VAE
    x, label = images[:5], np.arange(5) % LABELS
    expected = new.score(x, label=label)["loss"]
    np.testing.assert_array_equal(model.score(x, label=label)["loss"], expected)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.score(x, label=label)["loss"], expected)
    stored = {k: v for k, v in model.get_config().items() if k != "condition"}  # as it was
    assert type(model).from_config(stored).condition == "label"
    with pytest.raises(BadRequest, match="take another model, or data with labels"):
        build.model(old, (8, 8, 1), None)
