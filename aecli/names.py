"""What `from aecli import VAE, MLP` gives: the models, and what an option of these groups names."""

import functools
import importlib
import inspect
import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aecli.console import catalog

GROUPS = {  # group of options: what is put behind a name that another group has, too
    "model": "Model",
    "network": "Network",
    "loss": "Loss",
    "model/posterior": "Posterior",
    "model/prior": "Prior",
    "model/anneal": "Anneal",
}
TARGET = re.compile(r"^ *_target_: (aecli\.(?:models|networks|losses|latents)\.[\w.]+)$", re.M)
MODEL = re.compile(r"^@register\nclass (\w+)\(", re.M)
SIGNS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
OF_NO_YAML = {  # settings that a config states elsewhere
    "data_shape": "(H, W, C) of an example; None: as the first data have it",
    "network": "the encoder and the decoder, as MLP(widths=[128])",
    "reconstruction_loss": "the likelihood of an example, as MSE()",
    "flat": "true: a code is one row of numbers; false: a grid of them",
    "anneal": "how the KL's weight, or what is aimed at, rises, as Cyclical()",
    "posterior": "q(z|x), as IAF()",
    "prior": "p(z), as Mixture()",
    "columns": "which columns are of which kind; aecli.train finds them itself",
}


@functools.cache
def places() -> dict[str, str]:
    """{name: module.Class}, by the options' YAML alone: nothing is imported."""
    found: dict[str, dict[str, str]] = {}
    for group, file in _files():
        for target in TARGET.findall(file.read_text(encoding="utf-8")):
            found.setdefault(target.rpartition(".")[2], {}).setdefault(target, group)
    models = Path(__file__).parent / "models"
    for file in sorted(models.glob("*.py")):  # some are named by no option, but by runs
        for name in MODEL.findall(file.read_text(encoding="utf-8")):
            target = f"aecli.models.{file.stem}.{name}"
            found.setdefault(name, {}).setdefault(target, "model")
    named = {}
    for name, targets in found.items():
        for target, group in targets.items():
            named[name if len(targets) == 1 else name + GROUPS[group]] = target
    return dict(sorted(named.items()))


def find(name: str) -> type:
    """The class of a name, its settings in its docstring. Raises AttributeError."""
    if (place := places().get(name)) is None:
        several = [one for one in places() if one in {name + word for word in GROUPS.values()}]
        instead = f": there are {' and '.join(several)}" if several else ""
        raise AttributeError(f"aecli has no {name!r}{instead}")
    from aecli import models as models
    from aecli.pinned import pin_keras

    pin_keras()
    module, _, class_name = place.rpartition(".")
    return _introduced(getattr(importlib.import_module(module), class_name))


@functools.cache
def _introduced(cls: type) -> type:
    """The class itself, its signature and its docstring made fit to be read."""
    init: Any = cls.__init__
    signature = inspect.signature(init)
    settings = []
    for parameter in [*signature.parameters.values()][1:]:
        default, hint = parameter.default, _hints(cls).get(parameter.name, parameter.annotation)
        if (field := getattr(cls, "__dataclass_fields__", {}).get(parameter.name)) is not None:
            factory = field.default_factory
            default = factory() if callable(factory) else default
        settings.append(parameter.replace(default=default, annotation=_plain(hint)))
    this = next(iter(signature.parameters.values()))
    init.__signature__ = signature.replace(parameters=[this, *settings])
    lines = [line for one in settings for line in _described(cls, one)]
    cls.__doc__ = "\n".join([inspect.getdoc(cls) or "", "", "Settings:", *lines])
    return cls


def _described(cls: type, setting: inspect.Parameter) -> Iterator[str]:
    """Its type, default and range; its meaning."""
    kind = re.sub(
        r"\b(aecli|typing)\.([a-z_]+\.)*", "", inspect.formatannotation(setting.annotation)
    )
    line = f"    {setting.name}: {kind}"
    if setting.default is not inspect.Parameter.empty:
        line += f" = {setting.default!r}"
    hint = _hints(cls).get(setting.name)
    range_ = " and ".join(_ranges(hint))
    yield line + (f", {range_}" if range_ else "")
    if meaning := _meaning(cls, setting.name, hint):
        yield f"        {meaning}"


def _meaning(cls: type, name: str, hint: Any) -> str:
    """As the YAML of the class, or of one that it stands on, says; else as its annotation does."""
    for base in cls.__mro__:
        comment = _comments().get(f"{base.__module__}.{base.__qualname__}", {}).get(name)
        if comment:
            return comment
    told = (getattr(one, "description", None) for one in _metadata(hint))
    return next(filter(None, told), OF_NO_YAML.get(name, ""))


@functools.cache
def _comments() -> dict[str, dict[str, str]]:
    """{module.Class: {setting: what its YAML says of it}}; of several, that of its own name."""
    found: dict[str, dict[str, str]] = {}
    for _, file in _files():
        for target in TARGET.findall(file.read_text(encoding="utf-8"))[:1]:
            said = {
                key.rpartition(".")[2]: text for key, text in catalog.key_comments(file).items()
            }
            known = found.setdefault(target, {})
            is_own = target.split(".")[-2] == file.stem
            found[target] = known | said if is_own else said | known
    return found


def _files() -> Iterator[tuple[str, Path]]:
    for group in GROUPS:
        for file in sorted((catalog.package_configs() / group).glob("*.yaml")):
            yield group, file


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    of: Any = cls if hasattr(cls, "__dataclass_fields__") else cls.__init__
    return typing.get_type_hints(of, include_extras=True)


def _metadata(hint: Any) -> Iterator[Any]:
    """What is annotated at any depth of `Annotated[int, Field(...)] | None`."""
    yield from getattr(hint, "__metadata__", ())
    if typing.get_origin(hint) in (typing.Union, types.UnionType, typing.Annotated):
        for part in typing.get_args(hint)[: 1 if hasattr(hint, "__metadata__") else None]:
            yield from _metadata(part)


def _ranges(hint: Any) -> Iterator[str]:
    for field in _metadata(hint):
        for bound in getattr(field, "metadata", ()):
            for name, sign in SIGNS.items():
                if hasattr(bound, name):
                    yield f"{sign} {getattr(bound, name):,}"


def _plain(hint: Any) -> Any:
    """A type without what is annotated to it: Annotated[int, Field(...)] | None is int | None."""
    origin: Any = typing.get_origin(hint)
    args = typing.get_args(hint)
    if origin is typing.Annotated:
        return _plain(args[0])
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(lambda one, other: one | other, map(_plain, args))
    if origin not in (list, dict, tuple):
        return hint
    return types.GenericAlias(origin, tuple(map(_plain, args)))
