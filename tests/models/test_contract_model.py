"""Every model with every network: finite, trained whole, falling, reloadable."""

import inspect
import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf
from options import (
    KINDS,
    examples,
    fitting,
    is_first,
    losses,
    models,
    of_series,
    of_text,
    options,
    stands_for_others,
    vocabulary_of,
)

from aecli import build
from aecli.errors import BadRequest
from aecli.models.base import Autoencoder
from aecli.models.batch import Batch
from aecli.training.step import train_step

PAIRS = [
    pytest.param(*pair, marks=() if is_first(*pair) else pytest.mark.slow)
    for pair in itertools.product(models(), options("network"))
    if stands_for_others(*pair) or fitting(*pair) is None  # a refusal takes no time
]

WHY_NOT = r"which has no key|takes series|learns inputs|stands on network="
LABELS = 3


def labels(model, n: int):
    return None if model.label_count is None else np.arange(n, dtype="int32") % LABELS


def whole_batch(model, x) -> Batch:
    return Batch(x, x, model.frozen_draws(len(x)), 0.5, labels(model, len(x)))


@pytest.mark.parametrize(("name", "network"), PAIRS)
def test_model_contract(compose, images, tmp_path, name, network):
    words = fitting(name, network)
    if words is None:
        refused = [*f"model={name}".split(), f"network={network}"]
        refused += ["loss=categorical"] if of_text(network) else []
        shape = examples(network, images[:1]).shape[1:]
        with pytest.raises(
            BadRequest, match=r"which has no key|takes series|learns inputs|stands on"
        ):
            build.model(compose(*refused), shape, LABELS, vocabulary=vocabulary_of(network))
        return
    config = compose(*words)
    x = examples(network, images[:64])
    model = build.model(config, x.shape[1:], LABELS, vocabulary=vocabulary_of(network))
    batch = whole_batch(model, x)
    out = model.forward(batch, training=True)
    assert out["z"].shape[1:] == model.code_shape
    loss, terms, _ = model.objective(batch, out, training=True)
    assert loss.shape == (64,)
    assert list(terms) == model.term_names()
    assert all(term.shape == (64,) and np.isfinite(term).all() for term in terms.values())
    assert model.weights_of_penalties().keys() == {*terms} - {"reconstruction"}
    assert_players_train_their_own(model, batch)

    kwargs = {} if model.label_count is None else {"label": labels(model, 64)}
    before = model.score(x, **kwargs)["reconstruction"].mean()
    fit(model, batch, steps=20)
    score = model.score(x, **kwargs)
    assert score["reconstruction"].mean() < 0.8 * before

    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    rebuilt = again.reconstruct(x, **kwargs)
    np.testing.assert_array_equal(rebuilt, model.reconstruct(x, **kwargs))
    np.testing.assert_array_equal(again.score(x, **kwargs)["loss"], score["loss"])
    assert again.get_config()["latent_dim"] == model.latent_dim


def assert_players_train_their_own(model, batch):
    """Each player's loss reaches all of its own variables; together they have all, each once."""
    owned = [id(v) for player in model.players for v in model.variables_of(player)]
    assert sorted(owned) == sorted(id(v) for v in model.trainable_variables)
    for player in model.players:
        variables = model.variables_of(player)
        with tf.GradientTape() as tape:
            out = model.forward(batch, training=True)
            loss = tf.reduce_mean(model.objective(batch, out, player, training=True)[0])
        gradients = tape.gradient(loss, variables)
        dead = [
            v.path for v, g in zip(variables, gradients, strict=True) if g is None or not np.any(g)
        ]
        assert not dead


def fit(model, batch, steps: int) -> None:
    optimizers = {player: keras.optimizers.Adam(1e-2) for player in model.players}
    for player, optimizer in optimizers.items():
        optimizer.build(model.variables_of(player))
    model.compile(optimizers["model"])
    step = tf.function(lambda: train_step(model, optimizers, batch), autograph=False)
    for _ in range(steps):
        step()


LOSSES = [  # what a model does with a loss, it does with any
    *itertools.product(KINDS, losses()),
    *((name, "gaussian") for name in options("model") if name not in KINDS),  # two parameters
]


@pytest.mark.parametrize(("name", "loss"), LOSSES)
def test_any_loss_with_any_model(compose, images, name, loss):
    filters = ["network.filters=[8,4]"] if name == "conv" else []
    model = build.model(compose(f"model={name}", f"loss={loss}", *filters), (8, 8, 1), LABELS)
    label = labels(model, 7)
    scores = model.score(images[:7], label=label)
    assert all(np.isfinite(values).all() for values in scores.values())
    assert model.reconstruct(images[:7], label=label).shape == (7, 8, 8, 1)


SAMPLINGS = list(
    itertools.product(["max_pool", "average_pool", "stride"], ["nearest", "transpose"])
)
ARCHITECTURES = [
    *([f"network={name}"] for name in options("network") if not of_text(name)),
    ["network=resnet", "network.normalization=none", "network.blocks=2"],
    ["network=resnet", "network.attention=true", "network.attention_heads=2"],
    *(
        ["network=conv", f"network.downsampling={down}", f"network.upsampling={up}"]
        for down, up in SAMPLINGS
    ),
    ["network=conv", "network.kernel_size=4"],
]


@pytest.mark.parametrize("shape", [(28, 28, 1), (7, 13, 3), (5, 4, 1), (1, 30, 1), (1, 13, 2)])
@pytest.mark.parametrize("overrides", ARCHITECTURES, ids=" ".join)
def test_any_image_size(compose, shape, overrides):
    is_of_stages = overrides[0] in ("network=conv", "network=resnet")
    filters = ["network.filters=[4,4]"] if is_of_stages else []
    if shape[0] > 1 and of_series(overrides[0].removeprefix("network=")):
        with pytest.raises(BadRequest, match="takes series, and these are images of") as refusal:
            build.model(compose(*overrides), shape)
        assert len(str(refusal.value).splitlines()) == 2
        return
    model = build.model(compose(*overrides, *filters), shape)
    x = np.random.default_rng(0).random((3, *shape), dtype="float32")
    assert model.reconstruct(x).shape == x.shape


def test_odd_sizes_pass_through_7_and_4(compose):
    model = build.model(compose("model=conv"), (28, 28, 1))
    assert model.code_shape == (4, 4, 8)
    sides = [layer.output.shape[1] for layer in model.decoder.layers]
    assert [side for side in (4, 8, 7, 14, 28) if side in sides] == [4, 8, 7, 14, 28]


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["network=conv", "network.filters=[8,8,8,8]"], "at most 3"),
        (["network=resnet", "network.filters=[8,8,8,8]"], "at most 3"),
        (["network=resnet", "network.filters=[6]", "network.attention=true"], "attention_heads"),
        (["model=conv", "network.decoder_padding=[same,same,valid]"], "decoder_padding=null"),
        (["model=conv", "network.decoder_filters=[8]"], "one entry a stage"),
        (["model=vae", "model.beta=-1"], "model.beta"),
        (["model=vae", "model.latent_dim=0"], "model.latent_dim"),
        (["model=vae", "model.latent_dim=two"], "model.latent_dim"),
        (["model=sparse", "model.penalty=kl"], "code_activation=sigmoid"),
        (["network.activation=rleu"], "network.activation"),
        (["network.widths=[64,-1]"], "network.widths"),
        (["network.kernel_initializer=glorot"], "network"),
    ],
)
def test_bad_architecture_is_refused(compose, overrides, words):
    with pytest.raises(BadRequest, match=words.replace("[", r"\[")) as refusal:
        build.model(compose(*overrides), (8, 8, 1))
    assert len(str(refusal.value).splitlines()) <= 2


def test_initialisers_differ_between_layers_of_one_shape(compose):
    node = "{_target_: keras.initializers.RandomNormal, mean: 0.0, stddev: 1.0}"
    config = compose("network.widths=[8,8,8]", f"network.kernel_initializer={node}")
    kernels = [
        v.numpy() for v in build.model(config, (8, 8, 1)).encoder.weights if v.shape == (8, 8)
    ]
    assert len(kernels) >= 2
    assert not np.array_equal(kernels[0], kernels[1])
    assert 0.7 < np.std(kernels[0]) < 1.3


def test_same_seed_same_weights(compose):
    first, second, other = (
        build.model(compose(f"seed={seed}"), (8, 8, 1)).get_weights() for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert not all(np.array_equal(a, b) for a, b in zip(first, other, strict=True))


def test_evaluation_does_not_depend_on_the_batches(compose, images):
    """n = 7 in batches of 3 equals one batch of 7, draws included."""
    for name in models():
        filters = ["network.filters=[8,4]"] if name == "conv" else []
        model = build.model(compose(*f"model={name}".split(), *filters), (8, 8, 1), LABELS)
        model.compile(keras.optimizers.SGD(0.0))
        x = images[:7]
        inputs = {"image": x, **model.frozen_draws(7)}
        if (label := labels(model, 7)) is not None:
            inputs["label"] = label
        whole, parts = (
            model.evaluate(inputs, x, batch_size=size, verbose=0, return_dict=True)
            for size in (7, 3)
        )
        score = {key: float(value.mean()) for key, value in model.score(x, label=label).items()}
        for key in whole:  # the terms, and what is watched
            assert whole[key] == pytest.approx(parts[key], rel=1e-5, abs=1e-6)
        for key in score:
            assert whole[key] == pytest.approx(score[key], rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", options("model"))
def test_a_variant_takes_what_the_base_takes(compose, name):
    """Commands and metrics call any model alike, with label= where the data have labels."""
    filters = ["network.filters=[8,4]"] if name == "conv" else []
    kind = type(build.model(compose(f"model={name}", *filters), (8, 8, 1), LABELS))
    for method, of_base in inspect.getmembers(Autoencoder, inspect.isfunction):
        if not method.startswith("_"):
            taken, asked = (
                inspect.signature(f).parameters for f in (getattr(kind, method), of_base)
            )
            assert [*taken][: len(asked)] == [*asked], method


def test_frozen_draws_are_the_same_row_by_row_and_others_for_each_name():
    from aecli.models.draws import frozen_draws, normal_draws

    for start in (0, 300):
        drawn = frozen_draws({"z": (3,), "more": (3,), "most": (3,)}, 400, start)
        assert {name: draws.shape for name, draws in drawn.items()} == dict.fromkeys(
            ("z", "more", "most"), (400, 3)
        )
        flat = np.corrcoef([draws.ravel() for draws in drawn.values()])
        assert np.abs(flat - np.eye(3)).max() < 0.15

    whole = normal_draws(700, (3,))
    parts = [normal_draws(n, (3,), start=start) for start, n in ((0, 255), (255, 2), (257, 443))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert abs(whole.mean()) < 0.1
    assert not np.array_equal(whole[:256], whole[256:512])
