"""aecli plot-samples: images decoded from random codes."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "samples")
