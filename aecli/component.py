"""Component: a frozen dataclass whose fields are its YAML keys, checked when it is built."""

import dataclasses
import functools
import inspect
import typing
from typing import Any, ClassVar

from pydantic import ConfigDict, InstanceOf, TypeAdapter, ValidationError

from aecli.errors import BadRequest

STRICT = ConfigDict(  # "3" is not 3, and infinity is no setting
    strict=True, arbitrary_types_allowed=True, allow_inf_nan=False
)

WORDS = {  # how pydantic begins -> so that it goes on from "must be"
    "Input should be ": "",
    "String should have ": "a text of ",
    "String should match pattern ": "a text like ",
    "List should have ": "a list of ",
    "Dictionary should have ": "a mapping of ",
}


@functools.cache
def _adapters(callable_: Any) -> dict[str, tuple[TypeAdapter, str]]:
    """{argument: (validator, description)} for the annotated arguments of a class or function."""
    function = callable_.__init__ if inspect.isclass(callable_) else callable_
    hints = typing.get_type_hints(function, include_extras=True)
    if dataclasses.is_dataclass(callable_):
        hints = typing.get_type_hints(callable_, include_extras=True)
    kept = {
        name: hint
        for name, hint in hints.items()
        if typing.get_origin(hint) is not ClassVar and name != "return"
    }
    return {name: adapter(hint) for name, hint in kept.items()}


def adapter(hint: Any) -> tuple[TypeAdapter, str]:
    """The validator of an annotation, and the description in it, "" for none."""
    meta = getattr(hint, "__metadata__", ())
    description = next((m.description for m in meta if getattr(m, "description", None)), "")
    if inspect.isclass(hint) and dataclasses.is_dataclass(hint):  # built already, and checked
        built: Any = InstanceOf[hint]  # pyright: ignore[reportInvalidTypeForm]  # a type at run time
        return TypeAdapter(built), description
    return TypeAdapter(hint, config=STRICT), description


def check_arguments(
    callable_: Any, values: dict[str, Any], prefix: str = "", file: Any = None
) -> dict[str, Any]:
    """The values, each as the annotation of a constructor's argument has it: 1 is 1.0 for a float.

    prefix: what they are keys of, "" at the root; file: where they were read. Raises BadRequest
    that names both, the key, the value given and what is allowed.
    """
    return check_with(_adapters(callable_), values, prefix, file)


def check_with(
    adapters: dict[str, tuple[TypeAdapter, str]],
    values: dict[str, Any],
    prefix: str = "",
    file: Any = None,
) -> dict[str, Any]:
    """As check_arguments, by the validators of the arguments."""
    checked = dict(values)
    for name, (adapter, description) in adapters.items():
        if name not in values:
            continue
        try:
            checked[name] = adapter.validate_python(values[name])
        except ValidationError as error:
            key = f"{prefix}.{name}".lstrip(".")
            problem = _explain(values[name], error, description)
            if file is not None:
                raise BadRequest(f"{file}: {key} {problem}") from None
            raise BadRequest(problem, key) from None
    return checked


def from_plain(kind: type, plain: Any, place: str) -> Any:
    """The dataclass that a mapping of a YAML states, checked. Raises BadRequest."""
    if not isinstance(plain, dict):
        raise BadRequest(f"must have keys: values; got {plain!r}", place)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if unknown := [key for key in plain if key not in fields]:
        keys = ", ".join(fields)
        raise BadRequest(f"{place} has no '{unknown[0]}'; it has: {keys}")
    needed = [
        name
        for name, field in fields.items()
        if field.default is field.default_factory is dataclasses.MISSING and name not in plain
    ]
    if needed:
        raise BadRequest(f"needs {', '.join(needed)}", place)
    return kind(**check_arguments(kind, plain, place))


def _explain(value: Any, error: ValidationError, description: str) -> str:
    """What goes on from the key: must be ...; got ..."""
    expected = []
    for item in error.errors():
        text = item["msg"]
        for start, instead in WORDS.items():
            text = text.replace(start, instead) if text.startswith(start) else text
        if text not in expected:
            expected.append(text)
    reason = f" ({description})" if description else ""
    given = repr(value)
    given = given if len(given) < 200 else f"{given[:200]}..."
    return f"must be {' or '.join(expected)}; got {given}{reason}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Component:
    """Base of noises, augmentations, losses, datasets, networks, metrics and figures.

    A subclass is a frozen, keyword-only dataclass; `group` is the name of its config group and
    is used in messages. Annotate a field with `Annotated[float, Field(ge=0, description=...)]`
    to state its range and unit. Raises BadRequest for a wrong type or range; what a subclass
    refuses of its own has a key that begins with the group, as build moves it to its place.

    keeps_measure: the fields that leave what val_loss measures as it is, where the group has a say
    in it (aecli.comparison.measure); a subclass names its own alone.
    """

    group: ClassVar[str] = "component"
    keeps_measure: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in check_arguments(type(self), values, self.group).items():
            object.__setattr__(self, name, value)

    def get_config(self) -> dict[str, Any]:
        """The fields, for Keras to store beside a model."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Component":
        return cls(**config)
