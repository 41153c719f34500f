"""A pytest plugin: a small config tree of its own, for tests of the command line."""

import sys
import types

import pytest

from aecli.console import catalog
from aecli.errors import BadRequest, NotApplicable, RunFailed
from aecli.jobs.sweep import job_folder

TREE = {
    "train.yaml": """\
# Train something
#
#   aecli train model=vae
defaults:
  - _self_
  - noise: none
  - trainer: default
  - callbacks: [checkpoint]
  - model: ae
  - experiment: null
seed: 0
path: null
raises: null
""",
    "eval.yaml": "# Evaluate\nrun: null\njson: false\n",
    "model/ae.yaml": "# plain\nlatent_dim: 2\n",
    "model/vae.yaml": "# variational\nlatent_dim: 2\nbeta: 1.0\n",
    "noise/none.yaml": "# no noise\nstddev: 0\n",
    "noise/gaussian.yaml": "# normal noise\nstddev: 0.5\n",
    "trainer/default.yaml": "# default\nepochs: 20\nbatch_size: 128\n",
    "callbacks/checkpoint.yaml": "# @package callbacks.checkpoint\n# saves\nevery: 1\n",
    "callbacks/tensorboard.yaml": "# @package callbacks.tensorboard\n# draws\nport: 1\n",
    "experiment/big.yaml": "# @package _global_\n# big\ndefaults:\n  - override /model: vae\n"
    "trainer:\n  epochs: 99\n",
    "experiment/stale.yaml": "# @package _global_\n# stale\ndefaults:\n  - override /model: gone\n",
    "optimizer/adam.yaml": "# not a group of this train.yaml\nlearning_rate: 0.001\n",
}
ERRORS = {
    "bad": BadRequest("model.latent_dim must be > 0; got -1\ntype model.latent_dim=2"),
    "failed": RunFailed("loss is NaN"),
    "inapplicable": NotApplicable("manifold needs a prior"),
    "bug": KeyError("x"),
    "stopped": SystemExit(143),
    "interrupted": KeyboardInterrupt(),
}


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A config tree, an empty working directory and a command that notes the configs it gets."""
    root = tmp_path / "tree"
    for name, text in TREE.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setattr(catalog, "package_configs", lambda: root)
    monkeypatch.delenv("AECLI_TRACEBACK", raising=False)
    monkeypatch.delenv("HYDRA_FULL_ERROR", raising=False)
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    seen = []

    def main(config):
        if config.raises:
            raise ERRORS[config.raises]
        folder = job_folder()
        seen.append((config, folder))
        if folder:
            (folder / "result").touch()

    monkeypatch.setitem(
        sys.modules, "aecli.commands.train", types.SimpleNamespace(main=main, __name__="train")
    )
    return types.SimpleNamespace(root=root, work=work, seen=seen)
