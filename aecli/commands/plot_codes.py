"""aecli plot-codes: codes drawn as images."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "codes")
