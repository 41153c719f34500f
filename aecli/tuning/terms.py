"""What a study searches, and how: fixed when it begins, whatever is edited or typed later."""

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from omegaconf import DictConfig, OmegaConf

from aecli.errors import BadRequest
from aecli.quantity import HIGHER, Quantity, unstated
from aecli.tuning.space import Param

NAME = re.compile(r"\w[\w .+-]*(/\w[\w .+-]*)*")  # of a group or an option; it leads nowhere


@dataclasses.dataclass(frozen=True)
class Base:
    """The composed config, unresolved, of one choice of options."""

    chosen: dict[str, str]  # {searched group: text of its option}
    choices: dict[str, Any]  # {group: option or options}, all of them
    config: dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Terms:
    """overrides: those of every trial; bases: a config for each choice of searched options."""

    overrides: list[str]
    params: list[Param]
    metric: str
    sampler: str
    pruner: str
    sampler_seed: int
    bases: list[Base]
    quantity: Quantity | None = None  # what the metric measures; None: as its name tells

    @classmethod
    def from_json(cls, stored: dict) -> "Terms":
        params = [Param.from_json(one) for one in stored["params"]]
        bases = [Base(**one) for one in stored["bases"]]
        quantity = stored.get("quantity") and Quantity.from_plain(stored["quantity"])
        made = cls(**stored | {"params": params, "bases": bases, "quantity": quantity})
        made._check()
        return made

    def _check(self) -> None:
        """Raises ValueError where a name is none, or a text has more than its line.

        They go into commands, and into the YAML of an experiment.
        """
        names = [self.metric, self.sampler, self.pruner]
        for base in self.bases:
            for group, option in base.choices.items():
                names += [group, *(option if isinstance(option, list) else [option])]
        texts = [*self.overrides, *(t for p in self.params for t in (p.key, p.kind, *p.texts))]
        if not all(name is None or NAME.fullmatch(name) for name in names):
            raise ValueError("a name")
        if not all(text.isprintable() for text in texts):
            raise ValueError("a text")

    @property
    def direction(self) -> str:
        return "maximize" if self.measured.better == HIGHER else "minimize"

    @property
    def measured(self) -> Quantity:
        """What the metric measures."""
        return self.quantity or unstated(self.metric)

    @property
    def watched(self) -> str:
        """The column of history.csv that a trial reports each epoch."""
        return self.metric if self.metric.startswith("val_") else "val_loss"

    def base(self, point: dict[str, Any]) -> Base:
        chosen = {p.key: p.text(point[p.key]) for p in self.params if p.is_group}
        return next(base for base in self.bases if base.chosen == chosen)

    def config(self, point: dict[str, Any]) -> DictConfig:
        """The training config of a point, unresolved."""
        config = OmegaConf.create(self.base(point).config)
        OmegaConf.set_struct(config, True)
        for param in self.params:
            if not param.is_group:
                OmegaConf.update(config, param.key, param.setting(point[param.key]), merge=True)
        return config

    def first_of(self, base: Base) -> dict[str, Any]:
        """A point with the options of a base, and the first value of all else."""
        return {
            p.key: p.labels[p.texts.index(base.chosen[p.key])] if p.is_group else p.first
            for p in self.params
        }

    def varied(self) -> Iterator[DictConfig]:
        """Training configs, unresolved, among which every searched setting varies."""
        first = self.first_of(self.bases[0])
        yield from (self.config(self.first_of(base)) for base in self.bases)
        for param in self.params:
            if not param.is_group:
                yield self.config(first | {param.key: param.last})

    def overrides_of(self, point: dict[str, Any]) -> list[str]:
        """What would make this config, on the command line."""
        return [*self.overrides, *(param.override(point[param.key]) for param in self.params)]

    def check_same(
        self, overrides: list[str], params: list[Param], settings: dict[str, Any]
    ) -> None:
        """Raises BadRequest where what is asked is another search.

        What is not stated is as it was: neither overrides nor params, or a setting left out.
        """
        before = {key: getattr(self, key) for key in settings}
        different = _differences(before, settings)
        if overrides or params:
            different += _differences(
                _texts(self.overrides, self.params), _texts(overrides, params)
            )
        if different:
            raise BadRequest(
                f"the study searches something else; different: {'; '.join(different[:3])}\n"
                "leave that out to go on with it; for another search leave out study="
            )


def _texts(overrides: list[str], params: list[Param]) -> dict[str, str]:
    fixed = {key: value for key, _, value in (override.partition("=") for override in overrides)}
    return fixed | {param.key: str(param) for param in params}


def _differences(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    keys = [*before, *(key for key in now if key not in before)]
    return [
        f"{key}: {before.get(key, 'not stated')}, asked {now.get(key, 'without it')}"
        for key in keys
        if before.get(key) != now.get(key)
    ]
