"""What lstm and gru share: the last state is the code's source, the code the decoder's input."""

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import layers
from pydantic import Field

from aecli import limits
from aecli.errors import BadRequest
from aecli.networks.base import Heads, Network
from aecli.networks.points import AtLast, Filled, IsThere


@dataclasses.dataclass(frozen=True, kw_only=True)
class Recurrent(Network):
    """Series > recurrent layers > last state > code > repeated > recurrent layers > each point.

    The sequence autoencoder of Srivastava 2015 (unconditional decoder), of which the decoder is
    given the code at every point. Points that a series lacks lie at its end: the last state is that
    of the last point that is there.
    """

    jit_on_cpu: ClassVar[bool] = False  # 24 points: as fast, 150 points: half as fast
    is_of_series: ClassVar[bool] = True
    gates: ClassVar[int]  # kernels of a layer
    layer: ClassVar[Any]  # Keras's

    activation: Literal["tanh", "sigmoid", "relu", "elu", "selu", "softplus"] = "tanh"
    units: Annotated[int, Field(gt=0, le=2**14, description="numbers of a state")] = 64
    depth: Annotated[int, Field(gt=0, le=16, description="recurrent layers on either side")] = 1

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        points, channels = self.check_series(data_shape)
        check_flat(self, heads, flat)
        inputs = keras.Input(data_shape, name="image")
        h = layers.Reshape((points, channels))(Filled()(inputs))
        for _ in range(self.depth):
            h = self._recurrent(h)
        h = AtLast()(h, IsThere()(inputs))
        return self._ending_in(heads, inputs, h)

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        points, _ = self.check_series(out_shape)
        inputs = keras.Input(code_shape, name="code")
        h = layers.RepeatVector(points)(inputs)
        for _ in range(self.depth):
            h = self._recurrent(h)
        h = self._dense(h, out_shape[-1], name="params", dtype="float32")
        return self._model(inputs, layers.Reshape(out_shape, dtype="float32")(h), "decoder")

    def _recurrent(self, h):
        limits.count(self.gates * self.units * (h.shape[-1] + self.units + 2))
        return self.layer(
            self.units, activation=self.activation, return_sequences=True, **self._initializers()
        )(h)


def check_flat(network: Network, heads: Heads, flat: bool) -> None:
    """Raises BadRequest where the code is not to be flat."""
    if not flat or any(size is None for size, _ in heads.values()):
        raise BadRequest(
            f"network={type(network).__name__.lower()} has a flat code: state model.latent_dim and "
            "model.flat=true, or take network=conv1d for a code along time"
        )
