"""A .keras file as Keras writes it, and weights in memory: Keras itself goes through a folder."""

import io
import json
import pathlib
import time
import zipfile

import keras

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


class Memory(io.BytesIO):
    """An .h5 file of weights, for Model.save_weights and Model.load_weights."""

    def __str__(self) -> str:
        return WEIGHTS  # Keras tells the kind of a file by the end of its name


def weights_of(model: keras.Model) -> Memory:
    """The weights, as they are now."""
    memory = Memory()
    model.save_weights(memory)
    return memory


def save(model: keras.Model, path: pathlib.Path) -> None:
    """As model.save(path), which makes a folder where the system has its temporary files."""
    now = time.strftime("%Y-%m-%d@%H:%M:%S")
    metadata = {"keras_version": keras.__version__, "date_saved": now}
    config = keras.saving.serialize_keras_object(model)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(METADATA, json.dumps(metadata))
        archive.writestr(CONFIG, json.dumps(config))
        archive.writestr(WEIGHTS, weights_of(model).getbuffer())
