"""aecli plot-reconstructions: images beside their reconstructions."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "reconstructions")
