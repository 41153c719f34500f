"""What holds of any model, of each that there is, with the network of its YAML."""

import pytest

from aecli.proofs import generic, run

WORDS = [group.words for group in run.groups([]) if "model=" in group.subject]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_it_holds(words):
    for proof in generic.proofs(" ".join(words), generic.built([*words])):
        assert (found := proof.find()).holds, (proof.what, found)


def test_every_model_is_among_them():
    from options import models

    assert {" ".join(words) for words in WORDS} == {f"model={name}" for name in models()}
