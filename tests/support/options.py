"""The options of each config group, by glob: a new YAML is tested without a line here."""

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
    if (name, network) == ("conv", "mlp"):  # its preset states keys of a convolution
        return None
    words = [*f"model={name}".split(), f"network={network}"]
    words += ["network.filters=[8,4]"] if network == "conv" else []
    return words + (["model.flat=true"] if (name, network) == ("vq_vae", "mlp") else [])


def contents(group: str, option: str) -> dict:
    return yaml.safe_load((CONFIGS / group / f"{option}.yaml").read_text())
