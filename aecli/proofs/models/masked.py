"""Proofs of the masked autoencoder, and of how its network sees patches."""

import math

import keras
import numpy as np
import tensorflow as tf

from aecli.losses.mse import MSE
from aecli.models.batch import Batch
from aecli.models.masked import Masked, of_patches
from aecli.networks.base import Heads, Network
from aecli.networks.mlp import MLP
from aecli.networks.patches import image_of, patches_of, side_for
from aecli.networks.vit import ViT
from aecli.proofs.base import at_least, close, mean_of, proof, same

VIT = ViT(width=8, heads=2, blocks=1, activation="gelu")
DEEPER = ViT(width=8, heads=2, blocks=2, patch_size=2, activation="gelu")
HEADS: Heads = {"z": (3, "linear")}


def _model(network: Network = VIT, **settings) -> tuple[Masked, Batch]:
    """A small model of 4 x 4 patches of 2 x 2 pixels and two channels, and a batch of 10."""
    keras.utils.set_random_seed(0)
    settings = {"latent_dim": 3, "flat": isinstance(network, MLP), "patch_size": 2} | settings
    model = Masked(data_shape=(8, 8, 2), network=network, reconstruction_loss=MSE(), **settings)
    x = np.random.default_rng(0).normal(size=(10, 8, 8, 2)).astype("float32")
    return model, Batch(x, x, model.frozen_draws(10))


def _networks():
    yield VIT
    yield MLP(widths=[6], activation="tanh")


@proof("patches removed of each image = 12 of 16 at 0.75, 15 at 0.9; each as often as another")
def share():
    for ratio, count in ((0.75, 12), (0.9, 15), (0.5, 8), (0.05, 1)):
        model, batch = _model(mask_ratio=ratio)
        yield same(np.sum(model.infer(batch)["removed"], axis=1), np.full(10, count))
    model, _ = _model()
    draws = model.frozen_draws(4000)
    removed = np.asarray(model.removed(draws["mask"]))
    yield mean_of(removed, np.full(16, 0.75))


@proof("those that are left have the smallest draws, and pixels go by their patch")
def which():
    model, batch = _model()
    removed = np.asarray(model.removed(batch.draws["mask"]))
    largest = np.sort(batch.draws["mask"], axis=1)[:, 4:5]
    yield same(removed, batch.draws["mask"] >= largest)
    pixels = np.asarray(model.pixels_of(removed))
    yield same(pixels[:, ::2, ::2, 0], removed.reshape(10, 4, 4))
    yield same(pixels[:, 1::2, 1::2, 0], removed.reshape(10, 4, 4))


@proof("cutting an image into patches = its slices, and putting them together undoes it")
def cutting():
    x = np.random.default_rng(0).normal(size=(3, 4, 9, 2)).astype("float32")
    patches = np.asarray(patches_of(tf.constant(x), (2, 3)))
    yield same(patches[:, 1, 2], x[:, 2:4, 6:9].reshape(3, 12))
    yield same(patches[:, 0, 1], x[:, 0:2, 3:6].reshape(3, 12))
    yield same(image_of(tf.constant(patches), (2, 3)), x)
    sides = [side_for(*size) or 0 for size in ((28, 28), (32, 32), (8, 8), (64, 48), (7, 13))]
    yield same(sides, [4, 4, 2, 4, 0])


@proof("the loss = the squared error of the removed pixels, with no gradient elsewhere")
def loss_of_removed():
    for network in _networks():
        model, batch = _model(network)
        out = model.forward(batch, training=True)
        with tf.GradientTape() as tape:
            params = tf.Variable(out["params"])
            loss, terms, _ = model.objective(batch, out | {"params": params}, training=True)
            total = tf.reduce_sum(loss)
        is_removed = np.broadcast_to(model.pixels_of(out["removed"]), batch.x.shape)
        errors = (np.asarray(params) - batch.x) * is_removed
        yield close(loss, np.square(errors).sum((1, 2, 3)), rtol=1e-5)
        yield same(terms["reconstruction"], loss)
        yield close(tape.gradient(total, params), 2 * errors, rtol=1e-5, atol=1e-6)


@proof("what the removed pixels of the input hold changes neither code nor loss, to the bit")
def removed_are_unseen():
    for network in _networks():
        model, batch = _model(network)
        is_removed = np.asarray(model.pixels_of(model.removed(batch.draws["mask"]))) > 0
        other = batch._replace(x=np.where(is_removed, -9.0 * batch.x + 5.0, batch.x))
        one, another = (model.forward(b, training=True) for b in (batch, other))
        yield same(one["z"], another["z"])
        yield same(*(model.objective(batch, out, training=True)[0] for out in (one, another)))
        visible = batch._replace(x=np.where(is_removed, batch.x, 2.0 * batch.x))
        moved = np.abs(np.asarray(model.forward(visible, training=True)["z"]) - one["z"])
        yield at_least(moved.max(), 1e-3)


@proof(
    "to a network that sees gaps the removed patches are missing: their codes are the bias alone"
)
def removed_are_missing():
    model, batch = _model()
    head = model.encoder.get_layer("z")
    head.bias.assign([0.3, -0.1, 0.7])
    out = model.infer(batch)
    codes = np.asarray(out["z"]).reshape(160, 3)[np.ravel(out["removed"]) > 0]
    yield same(len(codes), 120)
    yield same(codes, np.broadcast_to(np.asarray(head.bias), codes.shape))


@proof("evaluation removes the same patches each time, other draws others, encode none")
def when():
    for network in _networks():
        model, batch = _model(network)
        yield same(model.score(batch.x)["loss"], model.score(batch.x)["loss"])
        ours = model.objective(batch, model.forward(batch))[0]
        yield close(model.score(batch.x)["loss"], ours, rtol=1e-5)
        other = batch._replace(draws=model.frozen_draws(10, seed=1))
        one, another = (np.asarray(model.removed(b.draws["mask"])) for b in (batch, other))
        yield at_least(np.abs(one - another).sum(), 10)
        whole = batch.x
        if isinstance(network, MLP):
            whole = np.concatenate([whole, np.zeros_like(whole[..., :1])], axis=-1)
        for code in (model.encode(batch.x), model.image_encoder()(batch.x)["z"]):
            yield close(code, model.encoder(whole)["z"], rtol=1e-4, atol=1e-5)


@proof("a patch whose neighbours are missing = that patch as an image of its own")
def attention_to_what_is_there():
    large, small = (DEEPER.encoder(shape, HEADS, False) for shape in ((6, 4, 1), (2, 2, 1)))
    small.set_weights(large.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 6, 4, 1)).astype("float32")
    alone = np.full_like(x, np.nan)
    alone[:, :2, :2] = x[:, :2, :2]
    code, known = np.asarray(large(alone)["z"]), np.asarray(small(x[:, :2, :2])["z"])
    yield close(code[:, 0, 0], known[:, 0, 0], rtol=1e-4, atol=1e-5)
    absent = code[:, 1:].reshape(5, -1, 3)
    yield same(absent, np.broadcast_to(absent[:1, :1], absent.shape))
    yield at_least(np.abs(np.asarray(large(x)["z"])[:, 0, 0] - code[:, 0, 0]).max(), 1e-2)


@proof("a flat code = that of the mean of the patches that are there; places count")
def flat_code():
    large, small = (DEEPER.encoder(shape, HEADS, True) for shape in ((4, 4, 1), (2, 2, 1)))
    small.set_weights(large.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 4, 4, 1)).astype("float32")
    alone = np.full_like(x, np.nan)
    alone[:, :2, :2] = x[:, :2, :2]
    code = np.asarray(large(alone)["z"])
    yield close(code, small(x[:, :2, :2])["z"], rtol=1e-4, atol=1e-5)
    elsewhere = np.full_like(x, np.nan)
    elsewhere[:, 2:, 2:] = x[:, :2, :2]
    yield at_least(np.abs(np.asarray(large(elsewhere)["z"]) - code).max(), 1e-3)
    across = np.full_like(x, np.nan)
    across[:, :2, 2:] = x[:, :2, :2]
    down = np.full_like(x, np.nan)
    down[:, 2:, :2] = x[:, :2, :2]
    yield at_least(np.abs(np.asarray(large(across)["z"]) - large(down)["z"]).max(), 1e-3)


@proof("normalised targets have mean 0 and variance 1 in each patch, and are put back into units")
def normalised():
    model, batch = _model(normalised=True)
    out = model.forward(batch)
    loss, _, _ = model.objective(batch, out)
    cut = np.asarray(patches_of(tf.constant(batch.x), (2, 2)), "float64")
    mean, stddev = cut.mean(-1, keepdims=True), cut.std(-1, ddof=1, keepdims=True)
    errors = np.square(np.asarray(patches_of(out["params"], (2, 2))) - (cut - mean) / stddev)
    known = (errors.sum(-1).reshape(10, 16) * np.asarray(out["removed"])).sum(-1)
    yield close(loss, known, rtol=1e-3)
    target = image_of(tf.constant(((cut - mean) / stddev).astype("float32")), (2, 2))
    yield close(model.in_units_of(tf.constant(batch.x), target), batch.x, atol=1e-4)
    plain, _ = _model()
    yield same(plain.in_units_of(batch.x, batch.x + 1), batch.x + 1)


@proof("pictures: what is left is the image, what is filled in the reconstruction")
def pictured():
    model, batch = _model()
    rows = model.pictured(batch.x)
    is_removed = (
        np.broadcast_to(model.pixels_of(model.removed(batch.draws["mask"])), batch.x.shape) > 0
    )
    made = np.asarray(model.forward(batch)["params"])
    grey = 0.5 * (batch.x.min() + batch.x.max())
    yield close(rows["what is left"], np.where(is_removed, grey, batch.x), rtol=1e-5, atol=1e-6)
    yield close(rows["filled in"], np.where(is_removed, made, batch.x), rtol=1e-4, atol=1e-5)
    yield same(math.prod(model.code_shape), 48)


@proof(
    "a patch of one colour: its standard deviation is 0.001, and targets and gradient are finite"
)
def flat_patches():
    patches = tf.constant(np.full((2, 1, 1, 4), 0.7, "float32"))
    with tf.GradientTape() as tape:
        tape.watch(patches)
        mean, stddev = of_patches(patches)
    yield close(stddev, 1e-3, rtol=1e-3)
    yield close(mean, 0.7, rtol=1e-6)
    yield same(np.isfinite(np.asarray(tape.gradient(stddev, patches))).all(), True)
