"""What lets a .keras file be reloaded in a fresh process without its training config."""

import inspect
from typing import Any

import keras

from aecli.component import check_arguments

register = keras.saving.register_keras_serializable(package="aecli")


class Configurable:
    """Mix-in for models: the constructor's signature is the config.

    Each constructor argument must be kept as an attribute of the same name. Arguments are
    checked against their annotations before the constructor runs (BadRequest).
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        values = inspect.signature(cls).bind(*args, **kwargs).arguments
        check_arguments(cls, values, "model")
        return super().__new__(cls, *args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        names = inspect.signature(type(self).__init__).parameters
        return {name: getattr(self, name) for name in names if name not in ("self", "kwargs")}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{k: revive(v) for k, v in config.items()})


def revive(value: Any) -> Any:
    """A value as Keras stored it -> the object."""
    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value)
    return value
