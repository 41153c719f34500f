"""Every command on a run of every model: it works, or says in one line why not."""

import json

import pytest
from options import fitting, models

pytestmark = pytest.mark.slow

LITTLE = ["dataset.limit=100", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]
COMMANDS = [
    "eval",
    "eval card=full",
    "encode output=codes.npz",
    "decode input=codes.npz output=made.npz",
    "reconstruct output=again.npz",
    "generate n=4",
    "generate n=4 sampler=gmm",
    "generate n=4 sampler=maf sampler.epochs=2",
    "denoise noise=gaussian",
    "detect normal=[0,1,2]",
    "detect normal=[0,1,2] score=elbo",
    "interpolate gif=false",
    "traverse",
    "probe labels_per_class=[2] draws=1",
    "finetune labels_per_class=2 epochs=1 frozen_epochs=1 steps_per_epoch=0",
    "export",
    "plot-codes",
    "plot-latent",
    "plot-loss",
    "plot-manifold",
    "plot-mosaic n=3",
    "plot-reconstructions",
    "plot-samples",
    "report",
    "runs",
    "train resume=latest trainer.epochs=2",
]
NO_BOUND = "this model has none"
WHY_NOT = {  # command: {model: words of the line}
    "detect normal=[0,1,2] score=elbo": {},
}


@pytest.mark.parametrize("name", models())
def test_every_command_on_a_run_of(typed, name):
    small = fitting(name, "mlp") or fitting(name, "conv")
    code, said = typed("train", *small, *LITTLE)
    assert code == 0, said
    told = {}
    for command in COMMANDS:
        code, said = typed(*command.split())
        assert "Traceback" not in said, said
        if code != 0:
            assert code == 2, said
            told[command] = said.strip()
        assert "metric" not in said or "failed:" not in said, said
    print(json.dumps({name: told}, indent=1))
    expected = {command: words[name] for command, words in WHY_NOT.items() if name in words}
    assert told.keys() == expected.keys(), told
    for command, words in expected.items():
        assert words in told[command]
        assert len(told[command].splitlines()) <= 2
