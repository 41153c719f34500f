"""Every command on a run of every kind of model: it works, or says in one line why not.

A command knows a model by what it can be asked, not by who trained it: of models that answer alike,
the first is given all commands, each other one those that ask for most.
"""

import pathlib
import re

import pytest
from options import fitting, models, own_network

from aecli import runs

pytestmark = pytest.mark.slow

LITTLE = ["dataset.limit=100", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]
FINETUNE = "finetune labels_per_class=2 epochs=1 frozen_epochs=1 steps_per_epoch=0"
CHOICES = ("vq_vae", "fsq", "lfq", "rvq")  # models of discrete codes that have no prior
OF_CHOICES = "take sampler=pixelcnn or sampler=transformer"
NO_DENSITY = dict.fromkeys(CHOICES, OF_CHOICES)
OF_GRIDS = "generate n=4 sampler=pixelcnn sampler.epochs=1 sampler.width=8 sampler.blocks=1"
COMMANDS = [
    "eval",
    "eval card=full metrics.bounds.k=3 metrics.samples.steps=5",
    "encode output=codes.npz",
    "decode input=codes.npz output=made.npz",
    "reconstruct output=again.npz",
    "generate n=4",
    "generate n=4 sampler=gmm",
    "generate n=4 sampler=maf sampler.epochs=2",
    OF_GRIDS,
    "denoise noise=gaussian",
    "detect normal=[0,1,2]",
    "detect normal=[0,1,2] score=elbo",
    "detect normal=[0,1,2] score=mahalanobis",
    "interpolate gif=false",
    "traverse",
    "probe labels_per_class=[2] draws=1",
    FINETUNE,
    "export",
    "pack output=given",
    "encode run=given output=given.npz",
    "plot-codes",
    "plot-density",
    "plot-factors",
    "plot-latent",
    "plot-loss",
    "plot-manifold",
    "plot-mosaic n=3",
    "plot-reconstructions",
    "plot-samples",
    "explore static=codes.html",
    "report",
    "runs",
    "train resume=latest trainer.epochs=2",
]
ASKING = {
    "eval card=full metrics.bounds.k=3 metrics.samples.steps=5", "encode output=codes.npz",
    "decode input=codes.npz output=made.npz", "reconstruct output=again.npz", "generate n=4",
    "generate n=4 sampler=gmm", "detect normal=[0,1,2] score=elbo", "traverse", "export",
    "plot-manifold", "plot-samples", FINETUNE, "train resume=latest trainer.epochs=2",
}  # fmt: skip
DEAR = {FINETUNE}  # for which a refusal alone is looked for
SEEN: set[tuple] = set()  # kinds of models; one process has this file
NO_BOUND = dict.fromkeys(
    [
        *("aae", "acai", "ae", "contractive", "conv", "deep", "deep_svdd", "denoising", "fsq"),
        *("gan", "k_sparse", "lfq", "masked", "rae", "rvq", "sparse", "sparse_kl", "vae_gan"),
        *("batch_top_k", "gated", "jump_relu", "matryoshka", "top_k", "vq_vae", "wae"),
    ],
    "needs a model with a bound of log p(x), as model=vae",
)
NO_DICTIONARY = dict.fromkeys(
    (name for name in models() if own_network(name) != "dictionary"),
    "needs a model with network=dictionary, as model=top_k",
)
NO_FACTORS = dict.fromkeys(models(), "needs data with known factors: dataset=dsprites")
WHY_NOT = {  # command: {model: words of its line}
    "generate n=4": NO_DENSITY,
    "generate n=4 sampler=gmm": {**NO_DENSITY, "gumbel_vae": OF_CHOICES},
    "generate n=4 sampler=maf sampler.epochs=2": {**NO_DENSITY, "gumbel_vae": OF_CHOICES},
    "plot-density": NO_DICTIONARY,
    "plot-factors": NO_FACTORS,
    "plot-samples": NO_DENSITY,
    "plot-manifold": {"conv": "needs a flat code of 2 or more units"},
    "detect normal=[0,1,2] score=elbo": NO_BOUND,
    "detect normal=[0,1,2] score=mahalanobis": dict.fromkeys(
        [*CHOICES, "gumbel_vae"], "needs codes that are numbers"
    ),
    FINETUNE: {"cvae": "needs a model that is told no labels: they are the answer"},
}


def kind_of(model) -> tuple:
    """What commands can ask a model for."""
    can = ("has_prior", "has_bound", "has_quantiles", "has_random_codes", "codes_reconstruct")
    discrete, told = model.codebook_size is not None, model.label_count is not None
    places = len(model.code_shape)
    return (*(getattr(model, name) for name in can), discrete, told, places)


@pytest.mark.parametrize("name", models())
def test_every_command_on_a_run_of(typed, name):
    small = next(w for n in ("mlp", "conv", "dictionary") if (w := fitting(name, n)) is not None)
    code, said = typed("train", *small, *LITTLE)
    assert code == 0, said
    told, kind = {}, kind_of(runs.Run(next(pathlib.Path("outputs").glob("*/*_*"))).model)
    is_seen, _ = kind in SEEN, SEEN.add(kind)
    expected = {command: words[name] for command, words in WHY_NOT.items() if name in words}
    if name not in (*CHOICES, "gumbel_vae"):
        expected[OF_GRIDS] = "draws from codes that are numbers, no choices from a codebook"
    for command in COMMANDS:
        if is_seen and (command not in ASKING or command in DEAR) and command not in expected:
            continue
        code, said = typed(*command.split())
        assert "Traceback" not in said, said
        assert code in (0, 2), said
        assert not re.search(r"^failed: |(metric|figure) \w+ failed", said, re.MULTILINE), said
        if code == 2:
            told[command] = said.partition("error: ")[2].strip().splitlines()
    assert told.keys() == expected.keys(), told
    for command, words in expected.items():
        assert words in told[command][0]
        assert len(told[command]) <= 2
