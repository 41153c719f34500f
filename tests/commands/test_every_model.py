"""Every command on a run of every model: it works, or says in one line why not."""

import re

import pytest
from options import fitting, models

pytestmark = pytest.mark.slow

LITTLE = ["dataset.limit=100", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]
FINETUNE = "finetune labels_per_class=2 epochs=1 frozen_epochs=1 steps_per_epoch=0"
COMMANDS = [
    "eval",
    "eval card=full metrics.bounds.k=3 metrics.samples.steps=5",
    "encode output=codes.npz",
    "decode input=codes.npz output=made.npz",
    "reconstruct output=again.npz",
    "generate n=4",
    "generate n=4 sampler=gmm",
    "generate n=4 sampler=maf sampler.epochs=2",
    "denoise noise=gaussian",
    "detect normal=[0,1,2]",
    "detect normal=[0,1,2] score=elbo",
    "detect normal=[0,1,2] score=mahalanobis",
    "interpolate gif=false",
    "traverse",
    "probe labels_per_class=[2] draws=1",
    FINETUNE,
    "export",
    "plot-codes",
    "plot-density",
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
ASKING = ("eval", "encode", "decode", "generate", "detect", "traverse", "export", "plot-manifold")
"""Commands that ask a prior or a posterior for something; the others know their model alone."""
NO_PRIOR = dict.fromkeys(
    [
        *("ae", "conv", "deep", "deep_svdd", "denoising", "sparse", "sparse_kl", "vq_vae"),
        *("top_k", "batch_top_k", "jump_relu", "gated", "matryoshka"),
    ],
    "needs a model with a prior, as model=vae",
)
NO_DICTIONARY = dict.fromkeys(
    (name for name in models() if fitting(name, "mlp") or fitting(name, "conv")),
    "needs a model with network=dictionary, as model=top_k",
)
NO_DENSITY = {"vq_vae": "needs a density of codes to draw from, and a choice of 256 vectors"}
WHY_NOT = {  # command: {model: words of its line}
    "generate n=4": NO_DENSITY,
    "generate n=4 sampler=gmm": NO_DENSITY,
    "generate n=4 sampler=maf sampler.epochs=2": NO_DENSITY,
    "plot-density": NO_DICTIONARY,
    "plot-samples": NO_DENSITY,
    "plot-manifold": {"conv": "needs a flat code of 2 or more units"},
    "detect normal=[0,1,2] score=elbo": NO_PRIOR,
    "detect normal=[0,1,2] score=mahalanobis": {"vq_vae": "needs codes that are numbers"},
    FINETUNE: {"cvae": "needs a model that is told no labels: they are the answer"},
}


@pytest.mark.parametrize("name", models())
def test_every_command_on_a_run_of(typed, name):
    small = next(w for n in ("mlp", "conv", "dictionary") if (w := fitting(name, n)) is not None)
    code, said = typed("train", *small, *LITTLE)
    assert code == 0, said
    told = {}
    of_part = " " in name  # such as vae model/prior=vamp
    for command in COMMANDS:
        if of_part and not command.startswith((*ASKING, "plot-samples", "train")):
            continue
        code, said = typed(*command.split())
        assert "Traceback" not in said, said
        assert code in (0, 2), said
        assert not re.search(r"^failed: |(metric|figure) \w+ failed", said, re.MULTILINE), said
        if code == 2:
            told[command] = said.partition("error: ")[2].strip().splitlines()
    expected = {command: words[name] for command, words in WHY_NOT.items() if name in words}
    assert told.keys() == expected.keys(), told
    for command, words in expected.items():
        assert words in told[command][0]
        assert len(told[command]) <= 2
