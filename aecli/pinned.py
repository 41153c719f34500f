"""Keras and TensorFlow as they were tested with, whatever keras.json and environment say."""

import functools


def pin_keras() -> None:
    """Set what layers and models take for granted: for the whole process, which has one Keras."""
    import keras

    if keras.config.floatx() != "float32":
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")
    keras.config.set_max_epochs(None)
    keras.config.set_max_steps_per_epoch(None)


def pin_sums() -> None:
    """Have TensorFlow add in one order, whichever of its threads is first.

    AddN of three and more begins with the first input that it can overwrite, which depends on what
    other threads still read: gradients differed in their last bits from run to run. So they are
    added by twos, of which no pass over the graph makes an AddN again.
    """
    import tensorflow as tf

    _add_gradients_by_twos()
    # the pass over control edges of TensorFlow 2.21 lets the update of a variable overtake a held
    # (stop_gradient) read of it in some traces of the same graph: 12 of 160
    passes = {"arithmetic_optimization": False, "dependency_optimization": False}
    tf.config.optimizer.set_experimental_options(passes)


@functools.cache
def _add_gradients_by_twos() -> None:
    """Those of a tape, and those of a loop's body, in this process."""
    import tensorflow as tf
    from tensorflow.python import pywrap_tfe  # pyright: ignore[reportMissingImports]
    from tensorflow.python.eager import backprop  # pyright: ignore[reportMissingImports]
    from tensorflow.python.ops import math_ops  # pyright: ignore[reportMissingImports]

    def by_twos(given):
        def added(inputs, *more, **named):
            if all(isinstance(one, tf.Tensor) and one.dtype.is_floating for one in inputs):
                return functools.reduce(tf.add, inputs)
            return given(inputs, *more, **named)

        return added

    space = backprop._default_vspace._replace(aggregate_fn=by_twos(backprop._aggregate_grads))
    pywrap_tfe.TFE_Py_RegisterVSpace(space)
    math_ops.add_n = by_twos(math_ops.add_n)
