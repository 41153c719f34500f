"""A network that takes a batch in parts, one for each core, side by side."""

import itertools

import keras
import tensorflow as tf

from aecli.serial import register

LEAST = 32  # examples a part: of fewer, the operations' own overhead is what is doubled


def parts() -> int:
    """How many parts a batch is taken in: operations run side by side, each on one thread."""
    threading = tf.config.threading
    if threading.get_intra_op_parallelism_threads() != 1:
        return 1
    return max(1, threading.get_inter_op_parallelism_threads())


@register
class Parted(keras.Model):
    """A functional model of examples that know nothing of each other.

    Two threads that share each convolution are 1.3 times as fast as one; two that have half a
    batch each, nearly twice. The outcome is the same to rounding, as are the gradients of the
    weights, which are sums over the parts.
    """

    def call(self, inputs, training=None, mask=None, **kwargs):
        # Keras puts the functional model among the bases
        given = super().call  # pyright: ignore[reportAttributeAccessIssue]
        count, size = parts(), tf.nest.flatten(inputs)[0].shape[0]
        if count == 1 or size is None or size < LEAST * count or tf.executing_eagerly():
            return given(inputs, training=training, mask=mask, **kwargs)
        cuts = [size * i // count for i in range(count + 1)]
        outcomes = [
            given(tf.nest.map_structure(lambda x, a=a, b=b: x[a:b], inputs), training=training)
            for a, b in itertools.pairwise(cuts)
        ]
        return tf.nest.map_structure(lambda *p: tf.concat(p, 0), *outcomes)
