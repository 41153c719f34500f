"""Proofs of the autoregressive networks of choices."""

import numpy as np
import tensorflow as tf
from scipy import special

from aecli.proofs.base import at_least, close, proof, same
from aecli.proofs.samplers.grid import random_weights
from aecli.samplers.pixelcnn import PixelCNN
from aecli.samplers.transformer import Transformer

H, W, K = 3, 4, 5
PIXELCNN = PixelCNN(width=8, blocks=2, kernel=5)
TRANSFORMER = Transformer(width=8, blocks=2, heads=2)


def _asked(sampler) -> tuple[dict, np.ndarray, np.ndarray]:
    """-> weights, grids, and their logits."""
    weights = random_weights(sampler, (H, W), K)
    x = np.random.default_rng(1).integers(K, size=(4, H, W)).astype("int32")
    return weights, x, _logits(sampler, weights, x)


def _logits(sampler, weights, x) -> np.ndarray:
    own = {name: tf.constant(of, tf.float32) for name, of in weights.items()}
    return np.asarray(sampler.logits(own, tf.constant(x)))


@proof("logits of a place do not change with its choice or a later one, but with those before")
def blind_to_later():
    for sampler in (PIXELCNN, TRANSFORMER):
        weights, x, logits = _asked(sampler)
        flat = logits.reshape(4, H * W, K)
        for place in range(H * W):
            other = x.reshape(4, -1).copy()
            other[:, place] = (other[:, place] + 1) % K
            moved = _logits(sampler, weights, other.reshape(x.shape)).reshape(flat.shape)
            yield same(moved[:, : place + 1], flat[:, : place + 1])
            row, column = divmod(place, W)
            if column + 1 < W:  # its right neighbour
                yield at_least(np.abs(moved - flat)[:, place + 1].max(), 1e-3)
            if row + 1 < H:  # the one below
                yield at_least(np.abs(moved - flat)[:, place + W].max(), 1e-3)


def _relu(a):
    return np.maximum(a, 0)


def _convolved(h, kernel, own: int):
    """One place after the other: the rows above, and of its own `own` more than what is left."""
    rows, columns = kernel.shape[:2]
    aside = columns // 2
    found = np.zeros((*h.shape[:3], kernel.shape[-1]))
    for i, j, a, b in np.ndindex(H, W, rows, columns):
        row, column = i + a - (rows - 1), j + b - aside
        if row < 0 or not 0 <= column < W or (a == rows - 1 and b - aside >= own):
            continue
        found[:, i, j] += h[:, row, column] @ kernel[a, b]
    return found


@proof("PixelCNN = its sums in NumPy, place by place")
def pixelcnn():
    w, x, logits = _asked(PIXELCNN)
    yield same(w["first"].shape[:2], [3, 5])  # of 5x5, the rows that are seen
    h = _relu(_convolved(w["vectors"][x], w["first"], 0) + w["places"])
    for k in range(2):
        inner = _relu(h @ w[f"in_{k}"] + w[f"in_bias_{k}"])
        inner = _relu(_convolved(inner, w[f"around_{k}"], 1) + w[f"around_bias_{k}"])
        h = h + inner @ w[f"out_{k}"] + w[f"out_bias_{k}"]
    h = _relu(_relu(h) @ w["last"] + w["last_bias"])
    yield close(logits, h @ w["logits"] + w["logits_bias"], rtol=1e-3, atol=1e-3)


def _normal(h, scale, bias):
    h = h - h.mean(-1, keepdims=True)
    return h / np.sqrt(h.var(-1, keepdims=True) + 1e-5) * scale + bias


@proof("transformer = its sums in NumPy, head by head")
def transformer():
    w, x, logits = _asked(TRANSFORMER)
    h = np.concatenate([np.zeros((4, 1, 8)), w["vectors"][x.reshape(4, -1)][:, :-1]], axis=1)
    h = h + w["places"]
    for k in range(2):
        seen = _normal(h, w[f"attention_scale_{k}"], w[f"attention_bias_{k}"]) @ w[f"seen_{k}"]
        said = np.zeros_like(h)
        for head in (slice(0, 4), slice(4, 8)):
            query, key, value = (seen[..., 8 * i : 8 * i + 8][..., head] for i in range(3))
            scores = query @ key.transpose(0, 2, 1) / 2.0
            scores = np.where(np.tri(H * W, dtype=bool), scores, -np.inf)
            said[..., head] = special.softmax(scores, axis=-1) @ value
        h = h + said @ w[f"said_{k}"]
        wide = _normal(h, w[f"wide_scale_{k}"], w[f"wide_bias_{k}"]) @ w[f"wide_{k}"]
        h = h + _relu(wide + w[f"wider_bias_{k}"]) @ w[f"narrow_{k}"] + w[f"narrow_bias_{k}"]
    found = _normal(h, w["last_scale"], w["last_bias"]) @ w["logits"] + w["logits_bias"]
    return close(logits, found.reshape(4, H, W, K), rtol=1e-3, atol=1e-3)
