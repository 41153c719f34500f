"""aecli plot-manifold: the latent plane, decoded."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "manifold")
