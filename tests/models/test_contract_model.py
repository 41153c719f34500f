"""Every model with every network: finite, trained whole, falling, reloadable."""

import inspect
import itertools

import keras
import numpy as np
import pytest
from options import (
    KINDS,
    SMALL_IMAGES,
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
from aecli.proofs import generic

PAIRS = [
    pytest.param(*pair, marks=() if is_first(*pair) else pytest.mark.slow)
    for pair in itertools.product(models(), options("network"))
    if stands_for_others(*pair) or fitting(*pair) is None  # a refusal takes no time
    if pair[0] in KINDS or not is_first(*pair)  # each with its own network: tests/proofs
]

LABELS = 3
KNOWN = {"label_count": LABELS, "train_count": 1000}  # what a model may ask of its data
REFUSED = r"no key|stands on network=|takes series|learns inputs|flat code|of images|gradient thr"


def labels(model, n: int):
    return None if model.label_count is None else np.arange(n, dtype="int32") % LABELS


@pytest.mark.parametrize(("name", "network"), PAIRS)
def test_model_contract(compose, images, tmp_path, name, network):
    words = fitting(name, network)
    if words is None:
        refused = [*f"model={name}".split(), f"network={network}"]
        refused += ["loss=categorical"] if of_text(network) else []
        shape = examples(network, images[:1]).shape[1:]
        with pytest.raises(BadRequest, match=REFUSED):
            build.model(compose(*refused), shape, **KNOWN, vocabulary=vocabulary_of(network))
        return
    config = compose(*words)
    x = examples(network, images[:64])
    model = build.model(config, x.shape[1:], **KNOWN, vocabulary=vocabulary_of(network))
    case = generic.Case(model, x)
    assert model.forward(case.batch(), training=True)["z"].shape[1:] == model.code_shape
    for proof in generic.proofs(name, case):
        if proof.what not in generic.SLOPE:  # in float32 a deep network's is too rough
            assert (found := proof.find()).holds, (proof.what, found)
    assert model.weights_of_penalties().keys() == {*model.term_names()} - {"reconstruction"}
    kwargs = {} if model.label_count is None else {"label": labels(model, 64)}
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.reconstruct(x, **kwargs), model.reconstruct(x, **kwargs))
    assert again.get_config()["latent_dim"] == model.latent_dim


LOSSES = [  # what a model does with a loss, it does with any
    *itertools.product(KINDS, losses()),
    *((name, "gaussian") for name in options("model") if name not in KINDS),  # two parameters
]


@pytest.mark.parametrize(("name", "loss"), LOSSES)
def test_any_loss_with_any_model(compose, images, name, loss):
    words = ["network.filters=[8,4]"] if name == "conv" else []
    words += SMALL_IMAGES.get(loss, [])
    model = build.model(compose(f"model={name}", f"loss={loss}", *words), (8, 8, 1), **KNOWN)
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


@pytest.mark.parametrize("name", KINDS)
def test_keras_evaluates_alike_in_any_batches(compose, images, name):
    """n = 7 in batches of 3 equals one batch of 7, draws included; each model: tests/proofs."""
    model, x = build.model(compose(f"model={name}"), (8, 8, 1)), images[:7]
    model.compile(keras.optimizers.SGD(0.0))
    inputs = {"image": x, **model.frozen_draws(7)}
    whole, parts = (
        model.evaluate(inputs, x, batch_size=size, verbose=0, return_dict=True) for size in (7, 3)
    )
    assert whole == pytest.approx(parts, rel=1e-5, abs=1e-6)
    for key, value in model.score(x).items():
        assert whole[key] == pytest.approx(value.mean(), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("name", options("model"))
def test_a_variant_takes_what_the_base_takes(compose, name):
    """Commands and metrics call any model alike, with label= where the data have labels."""
    filters = ["network.filters=[8,4]"] if name == "conv" else []
    kind = type(build.model(compose(f"model={name}", *filters), (8, 8, 1), **KNOWN))
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
