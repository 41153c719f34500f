"""The options of each config group, by glob: a new YAML is tested without a line here."""

import importlib

import yaml
from places import CONFIGS


def options(group: str) -> list[str]:
    names = sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))
    assert names, f"no YAML under configs/{group}"
    return names


def models() -> list[str]:
    """Every model, and the VAE with each other posterior, prior and annealing than its own.

    Such as "vae model/prior=vamp".
    """
    own = {
        v for one in contents("model", "vae")["defaults"] if one != "_self_" for v in one.values()
    }
    inner = sorted(p for p in (CONFIGS / "model").glob("*/*.yaml") if p.stem not in own)
    parts = [f"vae model/{path.parent.name}={path.stem}" for path in inner]
    assert parts
    return options("model") + parts


def fitting(name: str, network: str) -> list[str] | None:
    """The overrides of a small model of that name and network; None where they do not fit."""
    if name == "conv" and network != "conv":  # its preset states keys of a convolution
        return None
    if name in ("deep", "denoising") and network in ("gru", "lstm", "transformer"):
        return None  # their presets state the widths of dense layers
    words = [*f"model={name}".split(), f"network={network}"]
    words += ["network.filters=[8,4]"] if network == "conv" else []
    words += SMALL.get(network, [])
    return words + (["model.flat=true"] if name == "vq_vae" and network not in GRIDS else [])


GRIDS = {"conv", "resnet", "conv1d"}  # networks that have codes along an image or a series
SMALL = {
    "resnet": ["network.filters=[8]"],
    "conv1d": ["network.filters=[8,4]"],
    "lstm": ["network.units=16"],
    "gru": ["network.units=16"],
    "transformer": ["network.width=16", "network.blocks=1"],
}


def of_series(network: str) -> bool:
    """Whether a network takes series alone: 8x8 digits are 8 points of 8 channels for it."""
    module, name = contents("network", network)["_target_"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name).is_of_series


KINDS = ("ae", "vae", "factor_vae", "vq_vae")  # plain, with draws, with players, with a state


def stands_for_others(name: str, network: str) -> bool:
    """Whether a pair is tried wherever all of them would take long.

    Two networks are tried with every model; of the others they have the layers alone.
    """
    return name in KINDS or network in ("mlp", "conv")


def is_first(name: str, network: str) -> bool:
    """Whether a pair is tried where time is shortest: each kind with all, each model with one."""
    return name in KINDS or network == ("conv" if name == "conv" else "mlp")


def examples(network: str, images):
    """Digits [N, 8, 8, 1] as a network takes them: [N, 1, 8, 8] where it takes series."""
    return images.reshape(-1, 1, 8, 8) if of_series(network) else images


def contents(group: str, option: str) -> dict:
    return yaml.safe_load((CONFIGS / group / f"{option}.yaml").read_text())
