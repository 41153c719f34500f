"""What the mix-ins of a model ask of the model that they are mixed into."""

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from aecli.datasets.learnt import Learnt
from aecli.dataspec import DataSpec
from aecli.losses.base import Loss
from aecli.models.batch import Batch


class Asked:
    """Tells type checkers what Autoencoder and keras.Model have; it gives a model nothing."""

    players: ClassVar[tuple[str, ...]]
    label_count: int | None
    codebook_size: int | None
    decoded_an_example: int
    data_shape: Any
    code_shape: tuple[int, ...]
    reconstruction_loss: Loss
    learnt: Learnt | None
    term_trackers: list
    watched: list
    opponent_losses: list
    seed_generator: Any
    _loss_tracker: Any  # Keras's mean of the loss

    if TYPE_CHECKING:

        @property
        def spec(self) -> DataSpec: ...
        @property
        def stored_shape(self) -> tuple[int, ...]: ...
        def term_names(self) -> list[str]: ...
        def noise_shapes(self) -> dict[str, tuple[int, ...]]: ...
        def infer(self, batch: Batch, training=False) -> dict[str, Any]: ...
        def params(self, z, label=None, training=False) -> Any: ...
        def penalties(self, batch: Batch, out, training=False) -> dict[str, tuple[Any, Any]]: ...
        def forward(self, batch: Batch, training=False) -> dict[str, Any]: ...
        def objective(
            self, batch: Batch, out, player: str = "model", training=False
        ) -> tuple[Any, dict[str, Any], dict[str, Any]]: ...
        def sample_prior(self, n: int, seed: int) -> np.ndarray: ...
        def nearest(self, z) -> Any: ...
        def look_up(self, indices) -> Any: ...
        def add_weight(self, *args: Any, **kwargs: Any) -> Any: ...
        def get_config(self) -> dict[str, Any]: ...
        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any: ...
