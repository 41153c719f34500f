"""Runs a folder of TensorFlow's."""

import tensorflow as tf


def opened(path):
    model = tf.saved_model.load(str(path))
    return lambda *x: model.serve(list(x) if x[1:] else x[0]).numpy()
