"""Keras as it was tested with, whatever the user's keras.json and environment say."""


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
