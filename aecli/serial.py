"""What lets a .keras file be reloaded in a fresh process without its training config."""

import inspect
from typing import Any

import keras
from keras.initializers import Initializer

from aecli.component import Component, check_arguments
from aecli.errors import BadRequest

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
    """A value as Keras stored it -> the object: a component, or an initializer.

    Raises BadRequest for any other class, before anything is built: Keras itself would build
    whatever class is registered, with arguments that the file states.
    """
    if not isinstance(value, dict):
        return value
    name, config = value.get("class_name"), value.get("config")
    found = keras.saving.get_registered_object(str(value.get("registered_name") or name))
    if found is None and value.get("module") == "keras.initializers":
        found = getattr(keras.initializers, str(name), None)
    is_kind = inspect.isclass(found) and issubclass(found, (Component, Initializer))
    if not is_kind or not isinstance(config, dict):
        raise BadRequest(f"a stored model may not hold a {str(name)[:80]!r}")
    if issubclass(found, Initializer) and any(isinstance(v, dict | list) for v in config.values()):
        raise BadRequest(f"a stored {name} may hold numbers alone")
    return found.from_config(config)


def initializer(value: Any) -> Initializer:
    """A Keras initializer from its name; one that is built already is handed back."""
    if isinstance(value, Initializer):
        return value
    found = getattr(keras.initializers, value, None) if isinstance(value, str) else None
    if not (inspect.isclass(found) and issubclass(found, Initializer)):
        raise BadRequest(
            f"{value!r} is no Keras initializer; for example glorot_uniform, he_normal, zeros"
        )
    return found()
