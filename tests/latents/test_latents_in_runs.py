"""Runs with other posteriors and priors: trained, resumed, of before there were any, and looked at
by every command."""

import json
import re
import zipfile

import numpy as np
import pytest
from same_runs import differing

from aecli import dispatch, runs
from aecli.errors import BadRequest
from aecli.fit.start import resume
from aecli.training.resident import ResidentFeed

LITTLE = ["model=vae", "network.widths=[16]", "trainer.batch_size=40"]
KINDS = {
    "vamp": ["model/prior=vamp", "model.prior.components=7"],
    "iaf": ["model/posterior=iaf", "model/prior=mixture", "model.posterior.widths=[8]"],
}
COMMANDS = {
    "eval": (["card=full", "metrics.bounds.k=3", "metrics.samples.steps=5"], ""),
    "generate": (["n=4"], ""),
    "traverse": (["steps=3"], ""),
    "plot-manifold": (["n=3"], ""),
    "plot-samples": (["n=2"], ""),
    "plot-latent": ([], ""),
    "detect": (["score=elbo"], ""),
    "encode": (["sample=true"], ""),
    "interpolate": (["steps=3", "gif=false"], ""),
    "report": ([], ""),
    "export": (["parts=[encoder]"], ""),
}


@pytest.fixture
def one_step_a_chunk(monkeypatch):
    monkeypatch.setattr(ResidentFeed, "_steps_a_chunk", lambda self: self._time(0) and 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_resumes_bit_for_bit_and_every_command_takes_it(lab, capsys, one_step_a_chunk, kind):
    words = [*LITTLE, *KINDS[kind], "trainer.epochs=3"]
    whole = lab.train(*words)
    part = lab.interrupted(*words, after=6)
    lab.resume(part)
    assert differing(whole, part) == []
    said = capsys.readouterr().out
    assert {"vamp": "   prior: vamp   ", "iaf": "   posterior: iaf   prior: mixture   "}[
        kind
    ] in said
    with pytest.raises(BadRequest, match=r"different: model\.prior\."):
        resume(str(whole), lab.compose("model=vae"), ["model/prior=standard"])
    for command, (extra, said) in COMMANDS.items():
        code = dispatch.run(command, [f"run={whole}", *extra])
        output = capsys.readouterr()
        assert (command, code, output.err if code else "") == (command, 0, "")
        assert said in output.out
    written = [json.loads(file.read_text()) for file in whole.glob("eval/*/metrics.json")]
    (card,) = (values for values in written if "iw_elbo" in values)
    assert card["failed"] == {}
    assert np.isfinite(card["iw_elbo"])
    assert "kl_largest" not in card  # the units have no KL of their own
    assert dispatch.run("compare", [f"paths=[{whole},{part}]", "draw=false"]) == 0


def test_a_run_of_before_opens_with_the_defaults(lab, tmp_path):
    """Its config and its best.keras say nothing of posterior and prior."""
    folder = lab.train(*LITTLE, "~model/prior", "~model/posterior", "trainer.epochs=1")
    text = (folder / ".hydra" / "config.yaml").read_text()
    assert "prior" not in text
    best = folder / "checkpoints" / "best.keras"
    with zipfile.ZipFile(best) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    for key in [*config["config"]]:
        if key in ("prior", "posterior"):
            del config["config"][key]
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(best, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    run = runs.Run(folder)
    x = run.examples(n=9)[0]
    assert run.model.has_quantiles
    assert run.model.kl_of_units(x).shape == (9, 2)
    assert re.search("prior|posterior", json.dumps(run.model.get_config(), default=str))
    lab.resume(folder, "trainer.epochs=2")
    assert runs.Run(folder).status["epochs_done"] == 2


def test_learnt_inputs_of_another_range_than_the_data_are_refused(typed, tmp_path):
    words = ["model=vae", "model/prior=vamp", "loss=gaussian", "dataset.scale=standard"]
    words += ["dataset.limit=100", "trainer.epochs=1", "figures=[]", "metrics=[]"]
    code, said = typed("train", *words)
    assert code == 2
    assert "error: model.prior learns inputs from 0 to 1; the data are in [-" in said
    hint = re.search(r"take (model\.prior\.low=\S+ model\.prior\.high=\S+)", said)[1].split()
    code, said = typed("train", *words, *hint, "model.prior.components=5")
    assert code == 0, said
