"""The autoregressive networks of choices: pure functions of their weights."""

import numpy as np
import tensorflow as tf

EPSILON = 1e-5  # of a layer normalisation


def pixelcnn(weights, x, blocks: int):
    """x [B, H, W] int32 -> logits [B, H, W, K] of each place, of those before it alone.

    weights: as PixelCNN.network names them.
    """
    h = tf.gather(weights["vectors"], x)
    h = tf.nn.relu(_masked(h, weights["first"], sees_itself=False) + weights["places"])
    for k in range(blocks):
        inner = tf.nn.relu(_times(h, weights[f"in_{k}"]) + weights[f"in_bias_{k}"])
        around = _masked(inner, weights[f"around_{k}"], sees_itself=True)
        inner = tf.nn.relu(around + weights[f"around_bias_{k}"])
        h = h + _times(inner, weights[f"out_{k}"]) + weights[f"out_bias_{k}"]
    h = tf.nn.relu(_times(tf.nn.relu(h), weights["last"]) + weights["last_bias"])
    return _times(h, weights["logits"]) + weights["logits_bias"]


def _times(h, kernel):
    """[..., in] times [in, out], as one product of matrices, which is faster."""
    return tf.tensordot(h, kernel, 1)


def _masked(h, kernel, sees_itself: bool):
    """A convolution with the rows above, and of its own row with what is to the left.

    kernel [rows, columns, in, out]: its last row is a place's own, its middle column, too.
    """
    rows, columns = kernel.shape[:2]
    mask = np.ones((rows, columns, 1, 1), "float32")
    mask[-1, columns // 2 + sees_itself :] = 0.0
    aside = columns // 2
    h = tf.pad(h, [[0, 0], [rows - 1, 0], [aside, aside], [0, 0]])
    return tf.nn.conv2d(h, kernel * mask, 1, "VALID")


def transformer(weights, x, blocks: int, heads: int):
    """As pixelcnn, of the weights that Transformer.network names."""
    _, height, width = x.shape
    count = height * width
    before = tf.gather(weights["vectors"], tf.reshape(x, (-1, count))[:, :-1])
    h = tf.pad(before, [[0, 0], [1, 0], [0, 0]]) + weights["places"]
    for k in range(blocks):
        normal = _normalised(h, weights, f"attention_{{}}_{k}")
        said = _attended(_times(normal, weights[f"seen_{k}"]), heads)
        h = h + _times(said, weights[f"said_{k}"])
        normal = _normalised(h, weights, f"wide_{{}}_{k}")
        wide = tf.nn.relu(_times(normal, weights[f"wide_{k}"]) + weights[f"wider_bias_{k}"])
        h = h + _times(wide, weights[f"narrow_{k}"]) + weights[f"narrow_bias_{k}"]
    h = _normalised(h, weights, "last_{}")
    logits = _times(h, weights["logits"]) + weights["logits_bias"]
    return tf.reshape(logits, (-1, height, width, logits.shape[-1]))


def _normalised(h, weights, names: str):
    mean, variance = tf.nn.moments(h, axes=-1, keepdims=True)
    h = (h - mean) * tf.math.rsqrt(variance + EPSILON)
    return h * weights[names.format("scale")] + weights[names.format("bias")]


def _attended(seen, heads: int):
    """Causal self-attention of queries, keys and values side by side, [B, T, 3 width]."""
    count, width = seen.shape[1], seen.shape[2] // 3
    of_heads = tf.reshape(seen, (-1, count, 3, heads, width // heads))
    query, key, value = tf.unstack(tf.transpose(of_heads, (2, 0, 3, 1, 4)))
    scores = tf.matmul(query, key, transpose_b=True) / np.sqrt(width // heads)
    later = np.triu(np.ones((count, count), bool), 1)
    shares = tf.nn.softmax(tf.where(later, -np.inf, scores))
    return tf.reshape(tf.transpose(shares @ value, (0, 2, 1, 3)), (-1, count, width))
