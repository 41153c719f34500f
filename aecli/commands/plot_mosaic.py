"""aecli plot-mosaic: square mosaics of originals and reconstructions."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "mosaic")
