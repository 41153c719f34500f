"""Diagrams of encoder and decoder, where Graphviz is present."""

import logging
import pathlib
from typing import Annotated

import keras
from pydantic import Field

from aecli.files import made_folder, replacing

log = logging.getLogger("aecli")


class ModelDiagram(keras.callbacks.Callback):
    """figures/model_encoder.png and figures/model_decoder.png, layers with their shapes."""

    def __init__(self, folder: str, dpi: Annotated[int, Field(ge=20, le=600)] = 96):
        super().__init__()
        self._folder, self._dpi = pathlib.Path(folder) / "figures", dpi

    def on_train_begin(self, logs=None):
        made_folder(self._folder)
        for part in (self.model.encoder, self.model.decoder):
            try:
                with replacing(self._folder / f"model_{part.name}.png") as temporary:
                    keras.utils.plot_model(
                        part, str(temporary), show_shapes=True, show_layer_activations=True,
                        dpi=self._dpi,
                    )  # fmt: skip
            except ImportError:
                log.warning(
                    "no model diagram: it needs pip install 'aecli[diagram]' and Graphviz's dot"
                )
                return
