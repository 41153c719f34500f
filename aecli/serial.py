"""What lets a .keras file be reloaded in a fresh process without its training config."""

import difflib
import inspect
from typing import Any, ClassVar, TypeVar, dataclass_transform, get_origin

import keras
from keras.initializers import Initializer

from aecli.component import Component, check_arguments
from aecli.errors import BadRequest

Class = TypeVar("Class", bound=type)


def register(cls: Class, name: str | None = None) -> Class:
    """Let a .keras file name the class: as aecli>Name, of which there may be one alone."""
    key = f"aecli>{name or cls.__name__}"
    taken = keras.saving.get_custom_objects().get(key)
    if taken is not None and taken.__module__ != cls.__module__:
        raise TypeError(f"{key} is {taken.__module__} already: register {cls.__module__} by a name")
    keras.saving.register_keras_serializable("aecli", name)(cls)
    return cls


@dataclass_transform(kw_only_default=True)
class _Fields:
    """Tells type checkers that the annotated fields of a class are its constructor's arguments."""


class Configurable(_Fields):
    """Mix-in for models: the annotated fields of the class are its settings.

    They become the constructor's keyword arguments, in order, those of the base classes first; a
    field without a value must be given. The constructor checks them against their annotations
    (BadRequest), keeps each as an attribute, and calls assemble(), which makes the layers. Of
    what is annotated, a ClassVar is no setting.
    """

    settings: ClassVar[dict[str, inspect.Parameter]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Raises BadRequest for a class that its settings could not be told from."""
        super().__init_subclass__(**kwargs)
        if "__init__" in vars(cls):  # later fields would be dropped without a word
            raise BadRequest(
                f"class {cls.__name__} has an __init__ of its own: state its settings as annotated "
                "fields of the class, and make its layers in assemble(self)"
            )
        cls.settings = {**cls.settings, **_own_settings(cls)}
        cls.__init__ = _constructor(cls.settings)

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if unknown := [name for name in kwargs if name not in cls.settings]:
            near = difflib.get_close_matches(unknown[0], cls.settings, 1)
            meant = (
                f": did you mean {near[0]!r}?" if near else f"; it has {', '.join(cls.settings)}"
            )
            raise TypeError(f"{cls.__name__} has no setting {unknown[0]!r}{meant}")
        values = inspect.signature(cls).bind(*args, **kwargs).arguments
        check_arguments(cls, values, "model")
        return super().__new__(cls, *args, **kwargs)

    @property
    def is_complete(self) -> bool:
        """Whether the settings say all that the layers depend on."""
        return True

    def assemble(self) -> None:
        """Make the layers, once the settings are there."""

    def get_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.settings}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        return cls(**{k: revive(v) for k, v in config.items()})


def _own_settings(cls: type) -> dict[str, inspect.Parameter]:
    """{name: parameter} of the fields that a class itself annotates."""
    found = {}
    for name, hint in inspect.get_annotations(cls, eval_str=True).items():
        if hint is ClassVar or get_origin(hint) is ClassVar:
            continue
        if hasattr(keras.Model, name) and name not in cls.settings:
            raise BadRequest(
                f"class {cls.__name__}: no setting may be called {name!r}, which every Keras model "
                "has"
            )
        found[name] = inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=hint,
            default=vars(cls).get(name, inspect.Parameter.empty),
        )  # fmt: skip
    return found


def _constructor(settings: dict[str, inspect.Parameter]) -> Any:
    def __init__(self, **values: Any) -> None:
        keras.Model.__init__(self)
        for name, parameter in settings.items():
            setattr(self, name, values.get(name, parameter.default))
        if self.is_complete:
            self.assemble()

    this = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    __init__.__signature__ = inspect.Signature([this, *settings.values()])
    __init__.__annotations__ = {name: p.annotation for name, p in settings.items()}
    return __init__


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
    is_dict = isinstance(config, dict)
    if not is_dict or not (inspect.isclass(found) and issubclass(found, (Component, Initializer))):
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
