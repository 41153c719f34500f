"""What is proved of every posterior with flows."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from aecli.latents.posteriors.gaussian import Gaussian
from aecli.proofs.base import Finding, at_least, close, same

B, D = 5, 3


def heads_of(posterior: Any) -> dict[str, Any]:
    """Random ones, as an encoder might emit them."""
    rng = np.random.default_rng(0)
    shapes = {name: (B, width) for name, (width, _) in posterior.heads(D).items()}
    return {k: tf.constant(rng.normal(size=s), "float32") for k, s in shapes.items()}


def normals(seed: int = 1) -> Any:
    return tf.constant(np.random.default_rng(seed).normal(size=(B, D)), "float32")


def scattered(layer: Any) -> Any:
    """The layer, its weights random: no bias is 0."""
    rng = np.random.default_rng(2)
    for variable in layer.variables:
        variable.assign(variable + 0.3 * rng.normal(size=variable.shape))
    return layer


def jacobian(function: Any, z: Any) -> np.ndarray:
    """[B, D_out, D_in] by autodiff."""
    with tf.GradientTape() as tape:
        tape.watch(z)
        out = function(z)
    return np.asarray(tape.batch_jacobian(out, z))


def log_det_of(posterior: Any) -> Iterable[Finding]:
    layer, given, z0 = scattered(posterior.layer((D,))), heads_of(posterior), normals()
    found = layer.pushed(z0, given)[1]
    truth = np.linalg.slogdet(jacobian(lambda z: layer.pushed(z, given)[0], z0))
    yield same(truth.sign, 1)
    yield at_least(np.abs(truth.logabsdet).mean(), 0.3)
    yield close(found, truth.logabsdet, atol=3e-5)


def log_q_of(posterior: Any) -> Iterable[Finding]:
    layer, given, e = scattered(posterior.layer((D,))), heads_of(posterior), normals()
    for scale in (1.0, 0.4):
        z, log_q = layer.draw(given, e, scale)
        stddev = scale * np.exp(0.5 * given["log_var"].numpy())
        start = given["mean"] + stddev * e
        of_start = (-0.5 * np.log(2 * np.pi) - np.log(stddev) - 0.5 * np.square(e)).sum(-1)
        pushed, log_det = layer.pushed(start, given)
        yield close(z, pushed, atol=1e-5)
        yield close(log_q, of_start - np.asarray(log_det), atol=3e-5)
    yield close(layer.mode(given), layer.draw(given, 0 * e)[0], atol=1e-5)
    yield same(float(layer.gaussian(given) is None), 1)


def no_flow_of(posterior: Any, changes: dict[str, Any]) -> Iterable[Finding]:
    """With these heads, it is the Gaussian."""
    given, e = heads_of(posterior) | changes, normals()
    z, log_q = Gaussian().layer((D,)).draw(given, e)
    found = posterior.layer((D,)).draw(given, e)
    yield close(found[0], np.asarray(z), atol=1e-5)
    yield close(found[1], np.asarray(log_q), atol=1e-5)
