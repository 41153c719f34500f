"""aecli plot-loss: the losses by epoch."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "loss_curve")
