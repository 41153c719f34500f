"""Which settings change what is measured: runs that differ in them have no common val_loss.

Two runs have the same measure if the same networks would get the same val_loss from both. A
setting of the groups below changes it unless its class says otherwise (`keeps_measure`), so that
a model's own settings are known without a line here.
"""

from typing import Any

from aecli import targets
from aecli.comparison.choices import TARGET
from aecli.comparison.values import ABSENT, shown
from aecli.errors import BadRequest

LOSS = ("loss",)  # another likelihood: all that is in nats is another quantity
OBJECTIVE = ("model", *LOSS)  # other terms or weights: val_loss is another quantity
TASK = ("dataset", "noise")  # other images go in or are to come out: so is every figure


def kept(config: dict[str, Any]) -> list[str]:
    """The dotted keys of a resolved config that leave the measure as it is, as its classes say.

    A key stands for all below it. A class that cannot be had, as of another's plug-in, says
    nothing. What a config names is imported: for models that is TensorFlow.
    """
    found = []
    for group in (*OBJECTIVE, *TASK):
        try:
            classes = targets.classes(config.get(group), group)
        except BadRequest:
            continue
        for place, component in classes.items():
            found += [f"{place}.{name}" for name in _own(component)]
    return found


def _own(component: type) -> list[str]:
    """What a class and its bases say."""
    stated = (vars(base).get("keeps_measure", ()) for base in component.__mro__)
    return list(dict.fromkeys(name for names in stated for name in names))


def changing(
    configs: list[dict[str, Any]], kept: list[list[str]], groups: tuple[str, ...]
) -> list[str]:
    """The keys below some groups by which what is measured differs among configs.

    configs: {dotted key: value} each; kept: of each config, what `kept` says of it. "model" stands
    for models of another kind.
    """
    keys = dict.fromkeys(key for leaves in configs for key in leaves)
    seeds = [leaves.get("seed", 0) for leaves in configs]
    found = {}
    for key in (key for key in keys if key.partition(".")[0] in groups):
        values = [leaves.get(key, ABSENT) for leaves in configs]
        if len({shown(value) for value in values}) > 1 and not is_seed(key, values, seeds):
            havers = [names for leaves, names in zip(configs, kept, strict=True) if key in leaves]
            if not all(_covers(names, key) for names in havers):
                found[key.removesuffix(TARGET)] = None
    return list(found)


def is_seed(key: str, values: list[Any], seeds: list[int]) -> bool:
    """Whether a key is the seed of its config, or refers to it, in all of them: dataset.seed."""
    pairs = zip(values, seeds, strict=True)
    return key.rpartition(".")[2] == "seed" and all(v in (seed, ABSENT) for v, seed in pairs)


def _covers(names: list[str], key: str) -> bool:
    return any(key == name or key.startswith(f"{name}.") for name in names)
