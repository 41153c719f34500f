"""The options of each config group, by glob: a new YAML is tested without a line here."""

import importlib

import numpy as np
import yaml
from places import CONFIGS

from aecli.datasets.vocabulary import Vocabulary
from aecli.latents.posteriors.base import Posterior
from aecli.networks.base import Network

ANYWHERE = Posterior.space


def options(group: str) -> list[str]:
    names = sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))
    assert names, f"no YAML under configs/{group}"
    return names


def models() -> list[str]:
    """Every model, and the VAE with each other posterior, prior and annealing than its own.

    Such as "vae model/prior=vamp". A posterior and a prior that go together alone are in a preset.
    """
    own = {
        v for one in contents("model", "vae")["defaults"] if one != "_self_" for v in one.values()
    }
    inner = sorted(p for p in (CONFIGS / "model").glob("*/*.yaml") if p.stem not in own)
    kinds = {path: (f"model/{path.parent.name}", path.stem) for path in inner}
    inner = [path for path in inner if getattr(_class(*kinds[path]), "space", ANYWHERE) == ANYWHERE]
    parts = [f"vae {'='.join(kinds[path])}" for path in inner]
    assert parts
    return options("model") + parts


def fitting(name: str, network: str) -> list[str] | None:
    """The overrides of a small model of that name and network; None where they do not fit."""
    if name == "conv" and network not in FILTERED:  # its preset states keys of a convolution
        return None
    if not issubclass(_class("network", network), _kind(name)):
        return None
    if name in ("deep", "denoising") and network in ATTENTIVE | {"gru", "lstm", "seq2seq"}:
        return None  # their presets state the widths of dense layers
    if name == "nvae_small" and network not in GRIDS:
        return None  # its groups are along an image
    if name == "masked" and (of_series(network) or of_text(network)):
        return None  # of images alone
    if name in ("acai", "gan", "vae_gan") and of_text(network):
        return None  # no gradient goes through tokens
    if name == "vae model/prior=vamp" and of_text(network):
        return None  # there are no inputs to learn between two tokens
    words = [*f"model={name}".split(), f"network={network}"]
    words += ["loss=categorical"] if of_text(network) else []
    words += ["network.filters=[8,4]"] if network == "conv" else []
    words += SMALL.get(network, []) + SMALL_MODELS.get(name, [])
    return words + (["model.flat=true"] if is_of_grids(name) and network not in GRIDS else [])


def is_of_grids(name: str) -> bool:
    """Whether a model's preset has a code a cell, and can do with one an image."""
    return " " not in name and contents("model", name).get("model", {}).get("flat") is False


def own_network(name: str) -> str:
    """The network that a model's preset chooses, else the one that is the default."""
    defaults = contents("model", name.partition(" ")[0]).get("defaults", [])
    for one in defaults:
        if isinstance(one, dict) and "override /network" in one:
            return one["override /network"]
        if isinstance(one, str) and one[0] not in "/_":  # it stands on another preset
            return own_network(one)
    return "mlp"


FILTERED = {"conv", "resnet", "conv1d"}
ATTENTIVE = {"transformer", "vit"}
GRIDS = FILTERED | {"vit"}  # networks that have codes along an image or a series
SMALL = {
    "vit": ["network.width=16", "network.blocks=1"],
    "resnet": ["network.filters=[8]"],
    "conv1d": ["network.filters=[8,4]"],
    "lstm": ["network.units=16"],
    "gru": ["network.units=16"],
    "transformer": ["network.width=16", "network.blocks=1"],
    "seq2seq": ["network.units=16", "network.embedding=8", "network.word_dropout=0.2"],
}
SMALL_MODELS = {  # presets that would take long: as few layers as do what they do
    "nvae_small": ["model.groups=[1,1]", "model.width=8"],
    "masked": ["model.latent_dim=16"],
    "hvae": ["model.steps=2"],
}
GREYS = Vocabulary(("white", "light", "dark"))  # of digits, as a text of 16 words


def of_series(network: str) -> bool:
    """Whether a network takes series alone: 8x8 digits are 8 points of 8 channels for it."""
    return _class("network", network).is_of_series


def of_text(network: str) -> bool:
    """Whether a network takes sentences alone: digits are 16 tokens for it."""
    return _class("network", network).is_of_text


def vocabulary_of(network: str) -> Vocabulary | None:
    return GREYS if of_text(network) else None


SMALL_IMAGES = {"ms_ssim": ["loss.window=7"]}  # what a loss needs to take digits of 8x8


def losses() -> list[str]:
    """Those of numbers: one of tokens goes with a network of text alone."""
    return [name for name in options("loss") if name != "categorical"]


def _class(group: str, name: str):
    node = contents(group, name)
    module, name = (node.get(group) or node)["_target_"].rsplit(".", 1)
    return getattr(importlib.import_module(module), name)


def _kind(name: str) -> type:
    """The networks that a model stands on; a preset, which names no class, on those of any."""
    node = contents("model", name.split()[0])
    has_class = "_target_" in (node.get("model") or node)
    return _class("model", name.split()[0]).network_kind if has_class else Network


KINDS = ("ae", "vae")  # plain, and with draws beside those that a network may ask for


def stands_for_others(name: str, network: str) -> bool:
    """Whether a pair is tried wherever all of them would take long.

    Each kind of model with every network, and each model with one: what it does with its layers
    does not depend on which they are.
    """
    return name in KINDS or is_first(name, network)


def is_first(name: str, network: str) -> bool:
    """Whether a pair is tried where time is shortest: the plain one with all, each with one."""
    return name == "ae" or network == own_network(name)


def examples(network: str, images):
    """Digits [N, 8, 8, 1] as a network takes them: [N, 1, 8, 8] where it takes series."""
    if of_text(network):
        return np.round(4 * images[:, ::2, ::2]).reshape(-1, 1, 16, 1)
    return images.reshape(-1, 1, 8, 8) if of_series(network) else images


def contents(group: str, option: str) -> dict:
    return yaml.safe_load((CONFIGS / group / f"{option}.yaml").read_text())
