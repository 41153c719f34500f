"""The search space of `aecli tune`, in the grammar of Hydra's sweeps."""

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterator
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

from aecli.errors import BadRequest
from aecli.tuning.bounds import float_range, int_range, interval


@dataclasses.dataclass(frozen=True)
class Param:
    """One searched key. kind: float or int with bounds, both included; or choice."""

    key: str
    kind: str
    low: float | int | None = None
    high: float | int | None = None
    step: float | int | None = None
    log: bool = False
    options: tuple = ()  # the values, as a config has them
    texts: tuple[str, ...] = ()  # the same, as the command line has them
    is_group: bool = False

    @classmethod
    def from_json(cls, stored: dict) -> "Param":
        lists: dict[str, Any] = {name: tuple(stored[name]) for name in ("options", "texts")}
        return cls(**stored | lists)

    @property
    def labels(self) -> tuple:
        """The options as Optuna takes them: plain values, or texts where they are lists."""
        plain = all(isinstance(o, bool | int | float | str | None) for o in self.options)
        return self.options if plain and len(set(self.options)) == len(self.options) else self.texts

    @property
    def bounds(self) -> tuple[float, float]:
        """The lowest and the highest value, of what is no choice."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high

    @property
    def size(self) -> float:
        """How many values there are."""
        if self.kind == "choice":
            return len(self.options)
        low, high = self.bounds
        return math.inf if self.step is None else round((high - low) / self.step) + 1

    @property
    def values(self) -> Iterator[Any]:
        """All of them, as Optuna has them; where there is an end to them."""
        if self.kind == "choice":
            return iter(self.labels)
        low, step = self.bounds[0], self.step
        assert step is not None  # else there is no end to them
        return (low + i * step for i in range(int(self.size)))

    @property
    def first(self) -> Any:
        return self.labels[0] if self.kind == "choice" else self.low

    @property
    def last(self) -> Any:
        return self.labels[-1] if self.kind == "choice" else self.high

    def distribution(self):
        """Optuna's."""
        from optuna import distributions

        if self.kind == "choice":
            return distributions.CategoricalDistribution(self.labels)
        low, high = self.bounds
        if self.kind == "int":
            return distributions.IntDistribution(int(low), int(high), self.log, int(self.step or 1))
        return distributions.FloatDistribution(low, high, self.log, self.step)

    def setting(self, value: Any) -> Any:
        """A value of Optuna's -> what the config gets."""
        if self.kind == "choice":
            return self.options[self.labels.index(value)]
        return int(value) if self.kind == "int" else float(value)

    def text(self, value: Any) -> str:
        """A value of Optuna's -> what stands after key= on the command line."""
        if self.kind == "choice":
            return self.texts[self.labels.index(value)]
        return repr(self.setting(value))

    def override(self, value: Any) -> str:
        return f"{self.key}={self.text(value)}"

    def __str__(self) -> str:
        if self.kind == "choice":
            return ", ".join(self.texts)
        stepped = f" in steps of {self.step:g}" if self.step not in (None, 1) else ""
        return f"{self.low:g} to {self.high:g}{stepped}{', log' if self.log else ''}"


def parse(override: Override, groups: Collection[str]) -> Param | None:
    """None for an override of one value. Raises BadRequest for a space that cannot be searched."""
    if not override.is_sweep_override():
        return None
    key = override.get_key_element()
    value: Any = override.value()
    is_group = key.lstrip("+").partition("@")[0] in groups
    tags: set[str] = set(getattr(value, "tags", None) or ())
    if is_group and (override.is_interval_sweep() or override.is_range_sweep()):
        raise BadRequest(f"{key} takes the names of options: {key}=a,b")
    if override.is_interval_sweep():
        return Param(key, **interval(key, value, tags))
    if tags:
        raise BadRequest(f"{key}: tag({', '.join(sorted(tags))}, ...) is for an interval")
    if override.is_range_sweep():
        whole = all(type(n) is int for n in (value.start, value.stop, value.step))
        return Param(key, **(int_range(key, value) if whole else float_range(key, value)))
    texts = list(dict.fromkeys(override.sweep_string_iterator()))
    if not texts:
        raise BadRequest(f"{key}: nothing to choose from")
    parsed = OverridesParser.create().parse_overrides([f"value={text}" for text in texts])
    options = tuple(one.value() for one in parsed)
    return Param(key, "choice", options=options, texts=tuple(texts), is_group=is_group)


def size(params: list[Param]) -> float:
    """How many points there are."""
    return math.prod(param.size for param in params)


def points(params: list[Param]) -> Iterator[dict[str, Any]]:
    """All of them; where there is an end to them."""
    for values in itertools.product(*(param.values for param in params)):
        yield {param.key: value for param, value in zip(params, values, strict=True)}


def line(params: list[Param], point: dict[str, Any]) -> str:
    """model.latent_dim=7 optimizer.learning_rate=0.00123, shortened."""
    return " ".join(f"{param.key}={shown(param, point[param.key])}" for param in params)


def shown(param: Param, value: Any) -> str:
    return f"{value:.4g}" if param.kind == "float" else param.text(value)
