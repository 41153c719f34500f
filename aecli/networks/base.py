"""Network: builds the encoder and the decoder as functional Keras models."""

import dataclasses
from typing import Annotated, Any, ClassVar, Literal

import keras
from keras import layers
from pydantic import Field

from aecli import limits
from aecli.component import Component
from aecli.dataspec import by
from aecli.errors import BadRequest
from aecli.networks.parted import Parted
from aecli.serial import initializer, revive

Activation = Literal[
    "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "softplus", "tanh", "sigmoid"
]
Slope = Annotated[float, Field(ge=0, lt=1, description="slope of leaky_relu below 0")]
Width = Annotated[int, Field(gt=0, le=2**20)]
Widths = Annotated[list[Width], Field(max_length=64)]
Heads = dict[str, tuple[int | None, Activation]]
"""name -> (size, activation); size None: the last feature map itself, no layer of its own."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network(Component):
    """Fields shared by all architectures."""

    group: ClassVar[str] = "network"
    jit_on_cpu: ClassVar[bool] = True  # whether XLA pays on a CPU
    is_of_series: ClassVar[bool] = (
        False  # whether it takes series [1, T, C] alone, NaN at their end
    )

    is_of_text: ClassVar[bool] = False  # whether it takes sentences alone, the numbers of tokens

    activation: Activation = "relu"
    negative_slope: Slope = 0.3
    kernel_initializer: Any = "glorot_uniform"
    bias_initializer: Any = "zeros"

    def __post_init__(self) -> None:
        super().__post_init__()
        for key in ("kernel_initializer", "bias_initializer"):
            try:
                initializer(getattr(self, key))
            except (BadRequest, TypeError) as error:
                raise BadRequest(f"network.{key}: {error}") from None

    def encoder(self, data_shape: tuple, heads: Heads, flat: bool) -> keras.Model:
        """x [B, H, W, C] -> {head: [B, size]} when flat, else {head: [B, h, w, size]}.

        Raises BadRequest when the architecture cannot take the shape.
        """
        raise NotImplementedError

    def decoder(self, code_shape: tuple, out_shape: tuple) -> keras.Model:
        """z [B, *code_shape] -> params [B, *out_shape], linear and float32."""
        raise NotImplementedError

    def noise_shapes(self, data_shape: tuple) -> dict[str, tuple[int, ...]]:
        """{name: shape} of the standard normals that `told` takes for an example in training."""
        return {}

    def told(self, target, draws=None) -> Any:
        """What its decoder may see of a target [B, *data_shape] beside the code, or None.

        draws: as noise_shapes names them, in training; None else.
        """
        return None

    def decoded(self, decoder: keras.Model, z, given=None, training=False):
        """The params [B, *out_shape] of codes z; given: what `told` gave, None without a target."""
        return decoder(z, training=training)

    def patch_sides(self, data_shape: tuple) -> tuple[int, int] | None:
        """(height, width) of the patches of an image that are missing for it where they are NaN.

        None where it sees no gaps in images.
        """
        return None

    def shape_beside(self, data_shape: tuple, size: int) -> tuple[int, int, int]:
        """The shape of an image with `size` further numbers at each place that it is seen by.

        As channels; a network without places says [1, 1, all the numbers of an image and size].
        """
        return (*data_shape[:2], data_shape[2] + size)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Network":
        return cls(**{key: revive(value) for key, value in config.items()})

    def check_series(self, data_shape: tuple) -> tuple[int, int]:
        """(T, C) of series [1, T, C]. Raises BadRequest for images."""
        height, points, channels = data_shape
        if height != 1:
            name = type(self).__name__.lower()
            raise BadRequest(
                f"network={name} takes series, and these are images of {by(data_shape)}\n"
                "take network=conv or network=mlp"
            )
        return points, channels

    def _act(self, x, name: str | None = None):
        """The activation as a layer of its own, since leaky_relu has a slope."""
        name = name or self.activation
        if name == "linear":
            return x
        if name == "leaky_relu":
            return layers.LeakyReLU(negative_slope=self.negative_slope)(x)
        return layers.Activation(name)(x)

    def _dense(self, x, units: int, **kwargs):
        limits.count(x.shape[-1] * units)
        return layers.Dense(units, **self._initializers(), **kwargs)(x)

    def _ending_in(self, heads: Heads, inputs, h, flat: bool = True, widths: Widths | tuple = ()):
        """The encoder from inputs to these heads of h; flat: after dense layers of `widths`."""
        if flat and len(h.shape) > 2:
            h = layers.Flatten()(h)
        for width in widths if flat else ():
            h = self._act(self._dense(h, width))
        outputs = {name: self._head(h, name, *head, flat) for name, head in heads.items()}
        return self._model(inputs, outputs, "encoder")

    def _model(self, inputs, outputs, name: str) -> keras.Model:
        """The functional model; it takes a batch in parts where XLA would not pay."""
        kind = keras.Model if self.jit_on_cpu else Parted
        return kind(inputs, outputs, name=name)

    def _head(self, h, name: str, size: int | None, act: str, flat: bool):
        """What the encoder emits under a name, float32; not flat: the same layer at each place."""
        if size is None:
            return layers.Identity(name=name, dtype="float32")(h)
        if flat:
            return self._act(self._dense(h, size, name=name, dtype="float32"), act)
        limits.count(h.shape[-1] * size)
        pointwise = layers.Conv2D(size, 1, name=name, dtype="float32", **self._initializers())
        return self._act(pointwise(h), act)

    def _initializers(self) -> dict[str, Any]:
        """Fresh ones for each layer: one shared instance would give equal weights."""
        return {
            "kernel_initializer": _fresh(self.kernel_initializer),
            "bias_initializer": _fresh(self.bias_initializer),
        }


def _fresh(value: Any) -> Any:
    return value if isinstance(value, str) else value.clone()


def emitted(encoder: keras.Model) -> dict[str, Any]:
    """What an encoder emits: {head: symbolic [B, ...]}."""
    return encoder.output  # pyright: ignore[reportReturnType]  # by Keras's code a list
