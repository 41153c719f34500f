"""The jobs of a sweep, composed from one config where they choose the same options."""

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from omegaconf import OmegaConf

from aecli.console import arguments, loader
from aecli.dispatch import _hydra_main, _own
from aecli.jobs import hydra_sweep


@pytest.fixture
def composed(monkeypatch, tmp_path):
    """composed(words) -> [[a job's config, the same as Hydra makes it]]"""
    monkeypatch.chdir(tmp_path)
    pairs, short = [], loader.Loader.load_sweep_config

    def both(self, master_config, sweep_overrides):
        whole = ConfigLoaderImpl.load_sweep_config(self, master_config, list(sweep_overrides))
        made = short(self, master_config, sweep_overrides)
        pairs.append([(OmegaConf.to_yaml(one), one._metadata.flags) for one in (made, whole)])
        return made

    monkeypatch.setattr(loader.Loader, "load_sweep_config", both)
    monkeypatch.setattr(hydra_sweep, "train_all", lambda *given: 0)
    monkeypatch.setattr(hydra_sweep.warm, "get_ready", lambda *given: None)

    def jobs(*words):
        asked = arguments.parse("train", ["-m", *words])
        assert hydra_sweep.run(asked, _own(asked), _hydra_main) == 0
        return pairs

    return jobs


@pytest.mark.parametrize(
    "words",
    [
        ["model=vae,ae", "model.latent_dim=2", "network.widths=[64,32],[16]"],
        ["seed=0,1", "~callbacks.early_stopping"],
    ],
)
def test_a_job_is_what_hydra_composes_of_it(composed, words):
    for short, whole in composed(*words):
        assert short == whole
