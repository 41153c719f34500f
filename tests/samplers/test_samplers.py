"""Densities fitted to codes: of a seed, and of enough codes."""

import numpy as np
import pytest

from aecli.errors import NotApplicable
from aecli.proofs.shapes import banana
from aecli.samplers.gmm import GMM
from aecli.samplers.maf import MAF

TINY = {"blocks": 1, "layers": 1, "width": 8}


def test_a_flow_is_a_function_of_the_codes_and_the_seed():
    numbers = [MAF(seed=s, epochs=2, **TINY).fit(banana(300)).numbers for s in (0, 0, 1)]
    for name, values in numbers[0].items():
        np.testing.assert_array_equal(values, numbers[1][name])
    assert not np.array_equal(numbers[0]["kernel_0_1"], numbers[2]["kernel_0_1"])


def test_too_few_codes_are_refused():
    with pytest.raises(NotApplicable, match="at most the 9 training codes; got 10"):
        GMM().fit(banana(9))
    with pytest.raises(NotApplicable, match="needs 10 training codes"):
        MAF().fit(banana(9))
