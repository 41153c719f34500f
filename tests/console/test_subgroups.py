"""Groups inside a model: chosen, listed, completed, explained, swept, searched and compared."""

import inspect
import json
import re

import pytest
from compared import Maker, product, source
from options import CONFIGS, contents, options
from test_tune_best import searched

from aecli import build, completion, dispatch, targets
from aecli.commands import list as listing
from aecli.comparison.records import read
from aecli.comparison.settings import varying
from aecli.console import catalog, subgroups
from aecli.console.arguments import parse
from aecli.console.compose import composed
from aecli.console.help import command_help
from aecli.tuning import best

HAVING = ["vae", "beta_vae", "factor_vae"]


def test_every_model_that_has_them_takes_another_option():
    groups = ("model/posterior", "model/prior")
    having = subgroups.options_having(groups[0])
    assert having[0] == "vae"
    assert {*HAVING} <= {*having} == {*subgroups.options_having(groups[1])}
    assert not {"ae", "sparse", "conv"} & {*having}
    for model in having:
        made = composed(
            "train", [f"model={model}", "model/posterior=planar", "model/prior=mixture"]
        )
        assert [made.choices[group] for group in groups] == ["planar", "mixture"]
        assert made.config.model.posterior._target_ == "aecli.latents.posteriors.planar.Planar"
        assert made.config.model.prior._target_ == "aecli.latents.priors.mixture.Mixture"


@pytest.mark.parametrize("group", subgroups.inside(["model"]))
def test_every_yaml_describes_itself_and_states_every_key(group):
    for option in options(group):
        assert (CONFIGS / group / f"{option}.yaml").read_text().startswith("# "), option
        node = contents(group, option)
        target = targets.checked({"_target_": node["_target_"]}, group, inside=True)
        assert {*node} - {"_target_"} == {*inspect.signature(target).parameters}, option


def test_old_configs_have_the_defaults(compose):
    """Of a run that was made before there were such groups."""
    without = compose("model=vae", *(f"~{group}" for group in subgroups.inside(["model"])))
    assert not {"prior", "posterior"} & {*without.model}
    old, new = (build.model(one, (4, 4, 1)).get_config() for one in (without, compose("model=vae")))
    assert old == new
    for group in subgroups.inside(["model"]):
        assert subgroups.default_of(group) in options(group)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["model/prior=vamp"], ["model=ae has no prior", "model=vae"]),
        (["model.prior.components=3"], ["model=ae has no prior", "model=vae"]),
        (["model=vae", "model/prior=vmap"], ["did you mean 'vamp'?", "sphere, standard, vamp"]),
        (["model=vae", "model.prior=vamp"], ["chosen as an option: model/prior=vamp"]),
        (["-m", "model=vae", "model.prior=vamp,standard"], ["option: model/prior=vamp,standard"]),
        (["model=vae", "model/priors=vamp"], ["did you mean 'model/prior'?"]),
        (["model=vae", "prior=vamp"], ["did you mean 'model/prior'?"]),
        (["model=vae", "model.priors=vamp"], ["did you mean 'model/prior'?"]),
        (["model=vae", "model/prior=vamp", "model.prior.componens=3"],
         ["did you mean 'model.prior.components'?"]),
        (["model=vae", "model.prior.low=0.5"],
         ["model/prior=standard has no 'low'", "a key of: model/prior=vamp"]),
        (["model=vae", "model/prior=null"], ["to have none, leave it out"]),
        (["model=vae", "model/prior=vamp,standard"], ["-m model/prior=vamp,standard"]),
        (["model=vae", "model/prior=vamp", "model/prior=standard"], ["is given twice"]),
        (["vamp"], ["did you mean model/prior=vamp?"]),
        (["--prior", "vamp"], ["did you mean model/prior=vamp?"]),
        (["-m", "model=ae,vae", "model/prior=vamp"], ["model=ae has no prior"]),
        (["model=vae", "model.beeta=3"], ["did you mean 'model.beta'?"]),
    ],
)  # fmt: skip
def test_what_was_meant_is_said(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run("train", words) == 2
    lines = capsys.readouterr().err.splitlines()
    assert 1 <= len(lines) <= 2
    assert all(part in " ".join(lines) for part in said), lines
    assert not list(tmp_path.iterdir())


def test_another_command_does_not_take_them(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run("eval", ["model/prior=vamp"]) == 2
    assert "aecli eval does not take 'model/prior'" in capsys.readouterr().err


def test_the_list_and_the_help_show_them(capsys):
    listing.list_options(None, as_json=True)
    found = json.loads(capsys.readouterr().out)
    assert [o["name"] for o in found["model/prior"] if o["default"]] == ["standard"]
    listing.list_options("model/prior")
    assert "aecli train model=vae model/prior=mixture --help" in capsys.readouterr().out
    text = command_help(parse("train", ["model=beta_vae", "model/prior=vamp", "--help"]))
    assert re.search(r"model/prior +ball mixture sphere standard vamp\*", text)
    assert re.search(r"    prior:\n +components: 100 +# learnt inputs", text)
    assert "model/prior" not in command_help(parse("train", ["--help"]))


def test_they_are_completed(monkeypatch, capsys):
    for line, offered in (
        ("aecli train model=vae model/pr", "model/prior="),
        ("aecli train model=vae model/prior=v", "model/prior=vamp"),
        ("aecli train model=vae model/prior=vamp model.prior.c", "model.prior.components="),
    ):
        monkeypatch.setenv("COMP_LINE", line)
        monkeypatch.setenv("COMP_POINT", str(len(line)))
        assert completion.run(["-sc", "query=bash"]) == 0
        assert capsys.readouterr().out.split() == [offered]


def test_an_own_option_and_an_own_model_have_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = {
        "model/prior/wide.yaml": "# ten of them\n_target_: aecli.latents.priors.mixture.Mixture\n",
        "model/mine.yaml": "# @package _global_\n# mine\ndefaults:\n  - /model/beta_vae@_here_\n"
        "  - override /model/prior: wide\n  - _self_\nmodel:\n  beta: 2.0\n",
        "model/next.yaml": "# @package _global_\n# next\ndefaults:\n  - mine\n  - _self_\n",
        "model/loop.yaml": "defaults:\n  - /model/loop@model\n",
    }
    for name, text in texts.items():
        path = tmp_path / "configs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert "wide" in [option.name for option in catalog.options("model/prior")]
    assert {"mine", "next"} <= {*subgroups.options_having("model/prior")}
    assert composed("train", ["model=next"]).config.model.beta == 2
    made = composed("train", ["model=mine"])
    assert made.choices["model/prior"] == "wide"
    assert made.config.model.prior._target_.endswith("Mixture")
    (tmp_path / "configs/model/mine.yaml").write_text("defaults:\n  - prior: gone\n")
    with pytest.raises(Exception, match="model/prior/gone") as error:
        composed("train", ["model=mine"])
    from aecli.console.explain import explain

    assert "mine.yaml: model/prior has no option 'gone'" in str(
        explain(error.value, "train", ["model=mine"])
    )


def test_a_preset_that_stands_a_level_too_low_is_told_how_to_stand(tmp_path, typed):
    path = tmp_path / "configs" / "model" / "mine.yaml"
    path.parent.mkdir(parents=True)
    text = "# @package _global_\n# mine\ndefaults:\n  - /model/iwae@model\n  - _self_\n"
    path.write_text(text)
    code, said = typed("train", "model=mine", "trainer.epochs=1")
    assert code == 2
    assert "model.model._target_" in said
    assert "as `- NAME`" in said
    path.write_text(text.replace("/model/iwae@model", "iwae"))
    assert composed("train", ["model=mine"]).config.model.k == 5


def test_a_sweep_over_them_is_compared_by_their_names(tmp_path):
    jobs = product(**{"model": ["vae"], "model/prior": ["standard", "vamp"], "seed": [0, 1]})
    folder = Maker(tmp_path).sweep(jobs, [{"val_loss": 1.0}] * len(jobs))
    result = varying([read(entry) for entry in source(folder).entries])
    assert [(s.key, s.short, s.values) for s in result.settings] == [
        ("model.prior", "prior", ["standard", "standard", "vamp", "vamp"])
    ]
    assert "model.prior.components" in result.follows["model.prior"]


def test_beside_another_model_they_go_with_it(tmp_path):
    jobs = product(model=["ae", "vae"])
    folder = Maker(tmp_path).sweep(jobs, [{"val_loss": 1.0}] * len(jobs))
    result = varying([read(entry) for entry in source(folder).entries])
    assert [s.key for s in result.settings] == ["model"]
    assert {"model.prior", "model.posterior"} <= {*result.follows["model"]}


@pytest.mark.parametrize(
    "words",
    [
        ["model=vae", "model/prior=standard,vamp", "optimizer.learning_rate=interval(1e-4,1e-2)"],
        ["model=vae", "model/posterior=iaf", "model.posterior.flows=range(1,4)"],
        ["model=ae,vae", "trainer.batch_size=32,64"],
        ["model=beta_vae", "model/prior=mixture", "model.prior.components=5,10"],
    ],
)
def test_a_search_over_them_gives_an_experiment(tmp_path, words):
    study, trial = searched(words, tmp_path)
    (tmp_path / "experiment").mkdir()
    text = best.experiment(study, trial, "found")
    (tmp_path / "experiment" / "found.yaml").write_text(text)
    found, wanted = composed("train", ["experiment=found"], str(tmp_path)).config, study.terms
    assert found.model == wanted.config(trial.params).model, text
    said = [line for line in text.splitlines() if line.startswith("  - override /model/")]
    assert len(said) == sum("model/" in word for word in words)  # the usual ones are left out
