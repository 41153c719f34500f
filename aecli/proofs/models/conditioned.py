"""Proofs of model.condition=label: what a VAE is told, it is told on both sides."""

from typing import Any

import numpy as np
from scipy import stats

from aecli.losses.gaussian import Gaussian
from aecli.models.cvae import CVAE
from aecli.models.iwae import IWAE
from aecli.models.ladder_vae import LadderVAE
from aecli.models.vae import VAE
from aecli.networks.conv import Conv
from aecli.networks.mlp import MLP
from aecli.proofs import cases
from aecli.proofs.base import at_least, close, proof
from aecli.proofs.oracle import SHAPE, STDDEV, linear_gaussian

ALIKE: dict[
    Any, dict[str, Any]
] = {  # of the kinds of codes, a model whose first layers see no border of the image
    VAE: {"beta": 2.0},
    IWAE: {"k": 3},
    LadderVAE: {"upper_dims": [2], "level_widths": [5]},
}
GRID: dict[str, Any] = {
    "network": Conv(filters=[4, 2], kernel_size=1),
    "flat": False,
    "latent_dim": 2,
}


@proof("with one label alone: loss and codes = those of the VAE that the label's weights are in")
def a_constant_label_is_a_vae():
    for kind, settings in [*ALIKE.items(), (VAE, GRID)]:
        told = cases.made(kind, 0.2, condition="label", label_count=1, **settings)
        plain = cases.made(kind, 0.2, **settings)
        plain.set_weights(_without_last_input(told.get_weights(), plain.get_weights()))
        x = cases.images(5)
        yield close(told.encode(x, label=0), plain.encode(x), atol=1e-5)
        yield close(told.score(x, label=0)["loss"], plain.score(x)["loss"], rtol=1e-5)
        yield close(told.sample(3, label=0), plain.sample(3), atol=1e-5)


def _without_last_input(weights: list[np.ndarray], wanted: list[np.ndarray]) -> list[np.ndarray]:
    """Where a kernel [..., I + 1, O] has one input too many, its weight goes into the bias."""
    found, bias = [], 0.0
    for weight, like in zip(weights, wanted, strict=True):
        is_first = weight.shape != like.shape
        found.append(weight[..., :-1, :] if is_first else weight + bias)
        bias = weight[..., -1, :].reshape(-1) if is_first else 0.0
    return found


@proof("what encoder and decoder are given = the image and the code beside the one-hot label")
def the_label_is_beside_image_and_code():
    label, x = np.array([2, 0, 1, 1, 2]), cases.images(5)
    told = np.eye(3)[label]
    model = cases.made(VAE, 0.2, condition="label", label_count=3)
    given = np.concatenate([x.reshape(5, 1, 1, -1), told[:, None, None]], axis=-1)
    z = model.encode(x, label=label)
    yield close(z, model.encoder(given)["mean"], atol=1e-6)
    made = model.decoder(np.concatenate([z, told], axis=-1))
    yield close(model.decode(z, label), 1 / (1 + np.exp(-np.asarray(made))), atol=1e-6)
    model = cases.made(VAE, 0.2, condition="label", label_count=3, **GRID)
    channels = np.broadcast_to(told[:, None, None], (5, 4, 4, 3))
    z = model.encode(x, label=label)
    yield close(z, model.encoder(np.concatenate([x, channels], axis=-1))["mean"], atol=1e-6)
    made = model.decoder(np.concatenate([z, channels[:, :1, :1]], axis=-1))
    yield close(model.decode(z, label), 1 / (1 + np.exp(-np.asarray(made))), atol=1e-6)


@proof("bound of each draw = log p(x|y) of the linear Gaussians of three classes")
def the_bound_is_of_the_class():
    rng, labels = np.random.default_rng(0), 3
    W, _ = linear_gaussian(n=1).decoder
    of_class = 2 * rng.normal(size=(labels, 6))  # the mean of each
    label = np.arange(60) % labels
    covariance: Any = W.T @ W + STDDEV**2 * np.eye(6)
    centred = stats.multivariate_normal(np.zeros(6), covariance)
    x = centred.rvs(60, random_state=rng) + of_class[label]
    precision = np.eye(2) + W @ W.T / STDDEV**2
    gain = np.linalg.solve(precision, W) / STDDEV**2
    told: dict[str, Any] = {"condition": "label", "label_count": labels}
    network = MLP(widths=[], activation="linear")
    kinds: list[tuple[Any, dict[str, Any]]]
    kinds = [(IWAE, {"k": 1}), (IWAE, {"k": 4}), (LadderVAE, {"upper_dims": []})]
    for kind, settings in kinds:
        model = cases.made(
            kind, data_shape=SHAPE, network=network, latent_dim=2,
            reconstruction_loss=Gaussian(stddev=STDDEV), **told, **settings,
        )  # fmt: skip
        model.decoder.set_weights([np.concatenate([W, of_class]), np.zeros(6)])
        mean = [np.concatenate([gain.T, -of_class @ gain.T]), np.zeros(2)]
        log_var = [np.zeros((6 + labels, 2)), -np.log(np.diag(precision))]
        for name, weights in (("mean", mean), ("log_var", log_var)):
            model.encoder.get_layer(name).set_weights(weights)
        images = x.astype("float32").reshape(-1, *SHAPE)
        known = centred.logpdf(x - of_class[label])
        if kind is IWAE:
            yield close(-model.score(images, label=label)["loss"], known, atol=5e-4)
        out = model.infer(cases.batch_of(model, images, label=label)._replace(draws={}))
        z, log_q = model.draw(out, rng.normal(size=(60, 2)).astype("float32"))
        joint = model.log_likelihood(images, model.params(z, label)) + model.log_prior(z)
        yield close(joint - log_q, known, atol=5e-4)
        wrong = model.score(images, label=(label + 1) % labels)["loss"]
        yield at_least((wrong + known).min(), 1.0)


@proof("the class that runs of before name = a VAE with model.condition=label")
def the_class_of_before():
    x, label = cases.images(4), np.array([0, 2, 1, 0])
    told: dict[str, Any] = {"label_count": 3}
    old, new = cases.made(CVAE, 0.2, **told), cases.made(VAE, 0.2, condition="label", **told)
    return close(old.score(x, label=label)["loss"], new.score(x, label=label)["loss"])
