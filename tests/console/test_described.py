"""aecli list NAME and aecli copy: every option can be described, copied and then chosen."""

import pytest

from aecli.commands.copy import copied
from aecli.console import catalog, described
from aecli.console.compose import composed
from aecli.errors import BadRequest

FEW = ("loss/gaussian", "sampler/gmm", "model/prior/vamp", "callbacks/early_stopping")


def check(group: str, option: catalog.Option) -> None:
    one = described.option(group, option)
    assert one.about[0] == option.description
    word, *words = one.command.removeprefix("aecli ").split()
    if group not in described.OF_A_COMMAND:
        assert composed(word, words)
        assert one.keys or group in ("noise", "schedule", "metrics", "figures", "callbacks")
    if group not in ("model", "experiment"):
        assert all(key.startswith(f"{group.replace('/', '.')}.") for key in one.keys)


@pytest.mark.parametrize("name", FEW)
def test_an_option_has_its_keys_and_a_line_that_composes(name):
    group, _, word = name.rpartition("/")
    check(group, next(one for one in catalog.options(group) if one.name == word))


@pytest.mark.slow  # half a minute; the options of other groups are no different
@pytest.mark.parametrize("group", ["model", "callbacks", "experiment"])
def test_every_option_has_its_keys_and_a_line_that_composes(group):
    for option in catalog.options(group):
        check(group, option)


def test_an_option_says_what_it_is_and_needs(typed):
    code, said = typed("list", "vae")
    assert code == 0
    for part in ("model=vae", "paper   Kingma & Welling 2014", "model.beta: 1.0",
                 "# weight of the KL term", "type    aecli train model=vae"):  # fmt: skip
        assert part in said
    assert "needs   series" in typed("list", "gru")[1]
    assert "needs   labels" in typed("list", "cvae")[1]
    assert "takes   dataset=mnist  model=vae" in typed("list", "vae_mnist")[1]
    assert typed("list", "iwae_5_mnist")[1].endswith("aecli reproduce iwae_5_mnist\n")


def test_a_name_of_several_lists_them_all(typed):
    said = typed("list", "dictionary")[1].splitlines()
    assert {"dataset=dictionary", "network=dictionary", "metrics=dictionary"} <= {*said}
    assert "aecli eval" in typed("list", "eval")[1]
    code, said = typed("list", "vea")
    assert (code, "did you mean 'vae'?" in said) == (2, True)


def test_a_copy_is_an_option_that_can_be_chosen(typed, tmp_path):
    code, said = typed("copy", "experiment/dense_digits", "mine")
    assert (code, said.splitlines()[0]) == (0, "configs/experiment/mine.yaml")
    assert "aecli train experiment=mine" in said
    assert composed("train", ["experiment=mine"]).config.trainer.epochs == 100
    assert typed("copy", "early_stopping", "patient")[0] == 0
    made = composed("train", ["callbacks=[patient]"]).config.callbacks
    assert made.patient.patience == 10
    assert typed("copy", "model/prior/vamp", "mine")[0] == 0
    assert composed("train", ["model=vae", "model/prior=mine"]).config.model.prior.components == 100


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("vae", "beta_vae"), "aecli has model=beta_vae"),
        (("dictionary", "mine"), "say which: "),
        (("vea", "mine"), "did you mean 'vae'"),
        (("vae", "../mine"), "is no name"),
        (("nowhere/vae", "mine"), "no group 'nowhere'"),
    ],
)
def test_what_cannot_be_copied(tmp_path, monkeypatch, words, why):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match=why):
        copied(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_copy_overwrites_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    _, file = copied("vae", "mine")
    file.write_text("mine")
    with pytest.raises(BadRequest, match="is left as it is"):
        copied("ae", "mine")
    assert file.read_text() == "mine"
