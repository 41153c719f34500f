"""What a search is made of, composed and checked before anything is written."""

import dataclasses
import itertools
import math
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from aecli import build, targets, typed
from aecli.console import mistakes, quiet
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.jobs import hydra_sweep
from aecli.quantity import Quantity, unstated
from aecli.tuning.request import COMMAND, NOT_HERE, SETTINGS, Request
from aecli.tuning.space import Param
from aecli.tuning.terms import Base, Terms

GRAMMAR = (
    "model=ae,vae  model.latent_dim=range(2,33)  'optimizer.learning_rate=interval(1e-4,1e-2)'"
)
MOST_BASES = 64  # combinations of searched options, each of which is composed


def compose(request: Request) -> Terms:
    """Compose and check what is searched. Raises BadRequest, or what Hydra raises."""
    settings, params = request.settings, request.params
    if not params:
        raise BadRequest(f"nothing to search: give a key several values\nas {GRAMMAR}")
    groups = [param for param in params if param.is_group]
    if (count := math.prod(param.size for param in groups)) > MOST_BASES:
        raise BadRequest(
            f"{' and '.join(p.key for p in groups)} make {count} combinations of options; "
            f"at most {MOST_BASES} can be searched at once"
        )
    bases = [
        _base(request, groups, texts) for texts in itertools.product(*(p.texts for p in groups))
    ]
    for base in bases:  # the bits of a result depend on it
        trainer = base.config["trainer"]
        trainer["threads"] = trainer["threads"] or hydra_sweep.threads(settings.n_jobs)
    how = {key: settings[key] for key in SETTINGS}
    made = Terms(overrides=request.fixed, params=params, bases=bases, **how)
    _check_data(made)
    return dataclasses.replace(made, quantity=_quantity(made))


def _base(request: Request, groups: list[Param], texts: tuple[str, ...]) -> Base:
    chosen = {param.key: text for param, text in zip(groups, texts, strict=True)}
    overrides = [*request.fixed, *(f"{key}={text}" for key, text in chosen.items())]
    made = composed("tune", overrides, request.config_dir)
    dropped = {*COMMAND, *NOT_HERE} - {"outputs"}
    whole: Any = OmegaConf.to_container(made.config)
    config = {k: v for k, v in whole.items() if k not in dropped}
    for param in request.params:
        if not param.is_group:
            _check_key(param, config, overrides)
    return Base(chosen, made.choices, config)


def _check_key(param: Param, config: dict[str, Any], overrides: list[str]) -> None:
    """Raises BadRequest for a key that the config has not, or has for something else."""
    probe = OmegaConf.create(config)
    OmegaConf.set_struct(probe, True)
    try:
        before = OmegaConf.select(probe, param.key, throw_on_missing=False)
        for value in [param.first] if param.kind != "choice" else param.labels:
            OmegaConf.update(probe, param.key, param.setting(value), merge=True)
    except OmegaConfBaseException:
        raise mistakes.unknown_key(param.key, "tune", overrides) from None
    if isinstance(before, DictConfig) and param.kind != "choice":
        raise BadRequest(f"{param.key} is no number: it has keys of its own")
    if type(before) is int and param.kind == "float":
        low, high = param.bounds
        raise BadRequest(
            f"{param.key} is a whole number; it cannot be searched from {low:g} to {high:g}\n"
            f"take {typed.word(f'{param.key}=int(interval({math.ceil(low)},{math.floor(high)}))')}"
        )


def _quantity(made: Terms) -> Quantity:
    """What the metric measures, as the class that gives it says."""
    if made.metric == "val_loss":
        return unstated(made.metric)
    quiet.import_tensorflow_quietly(wake=False)  # models and some metrics are made of it
    config = build.plain(made.config(made.first_of(made.bases[0])))
    if made.metric.startswith("val_"):
        model = targets.checked(config["model"], "model")
        from aecli.models.measured import TERM

        return model.about.get(made.metric.removeprefix("val_"), TERM)
    for name, node in (config["metrics"] or {}).items():
        about = targets.checked(node, f"metrics.{name}").about if node else {}
        if made.metric in about:
            return about[made.metric]
    return unstated(made.metric)


def _check_data(made: Terms) -> None:
    """Data that cannot be read are told now, once, and not by every trial."""
    seen = []
    for base in made.bases:
        point = made.first_of(base)
        config = made.config(point)
        OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
        for param in made.params:
            for value in param.labels if param.kind == "choice" and not param.is_group else ():
                build.refuse_unstorable(made.config(point | {param.key: value}))
        build.refuse_unstorable(config)
        node = build.plain(config.dataset)
        if node not in seen:
            seen.append(node)
            build.component(node, "dataset").load()
