"""aecli plot-latent: where the test examples lie in the latent space."""

from omegaconf import DictConfig

from aecli.commands.plot import plot


def main(cfg: DictConfig) -> None:
    plot(cfg, "latent")
