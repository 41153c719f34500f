"""The mutation run's list of what cannot be noticed is of lines that stand."""

import mutants
import mutate


def test_each_error_that_changes_nothing_could_be_planted():
    possible = {
        (one.file, one.text, one.change)
        for file in mutate.formula_files()
        for one in mutants.mutants(file, (mutate.ROOT / file).read_text())
    }
    assert set(mutate.known()) <= possible
    assert len(possible) > 2000
