"""Every proof holds, and each way of comparing notices what is wrong."""

import math

import numpy as np
import pytest

from aecli.proofs.base import at_least, at_most, close, mean_of, same
from aecli.proofs.catalog import proofs_of, subjects

PROOFS = [proof for subject in subjects() for proof in proofs_of(subject)]


@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: f"{proof.subject}: {proof.what}")
def test_it_holds(proof):
    found = proof.find()
    assert found.holds, found


def test_no_two_have_one_name():
    names = [(proof.subject, proof.what) for proof in PROOFS]
    assert len({*names}) == len(names)
    assert all(proofs_of(subject) for subject in subjects())


def test_close_is_as_far_off_as_its_worst_element():
    assert close([1.0, 2.0], [1.0, 2.01], atol=0.1).excess == pytest.approx(0.1)
    assert not close([1.0, 2.0], [1.0, 2.2], atol=0.1).holds
    assert not close([1.0, math.nan], [1.0, 2.0], atol=0.1).holds
    assert not close([math.inf], [math.inf], atol=0.1).holds
    assert close([3.0, 3.0], 3.0).holds
    for ours, known in (([1.0, 2.0], [1.0]), ([], []), ([[1.0]], [1.0])):
        with pytest.raises(ValueError, match="is compared with"):
            close(ours, known, atol=9)


def test_the_other_comparisons():
    assert same([1.0], [1.0]).holds
    assert not same([1.0], [1.0 + 1e-15]).holds
    assert at_most(1, 2).holds
    assert not at_most(2.5, 2, slack=0.1).holds
    assert at_least(2, 1).holds
    assert not at_least(0.5, 1, slack=0.1).holds
    draws = np.random.default_rng(0).normal(size=(10_000, 3))
    assert mean_of(draws, 0).holds
    assert not mean_of(draws, [0.0, 0.05, 0.0]).holds
