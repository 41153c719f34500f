"""aecli train: assemble, train, evaluate, draw; or go on with a run that was stopped."""

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from aecli.fit.start import NAMES, resume, train
from aecli.jobs.sweep import drop_empty_job_folder, job_folder


def main(cfg: DictConfig) -> None:
    """The command, under Hydra."""
    hydra = HydraConfig.get()
    overrides = list(hydra.overrides.task)
    if cfg.resume is not None:
        resume(cfg.resume, cfg, overrides)
        return
    choices = hydra.runtime.choices
    names = {key: choices[key] for key in NAMES}
    train(cfg, names, overrides, folder=job_folder())
    drop_empty_job_folder()  # of a dry run
