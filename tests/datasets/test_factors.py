"""The factors stay with their images, and the grid draws what the model is given."""

import dataclasses

import numpy as np
import pytest
from refusals import WHOLE

from aecli.datasets.cutting import cut_to_unit_range
from aecli.datasets.dsprites import DSprites
from aecli.datasets.glyphs import Glyphs
from aecli.datasets.rows import Rows
from aecli.datasets.solids import Solids

SHAPES = {"every": 1009}
LETTERS = {"image_size": 16, "classes": ["A", "Q"]}
ROOMS = {"every": 4001}
PREPARED = [
    (Solids, ROOMS),
    (Solids, ROOMS | {"scale": "minmax", "scale_per": "global", "classes": ["cube"]}),
    (DSprites, SHAPES),
    (DSprites, SHAPES | {"limit": 20, "classes": ["heart"]}),
    (DSprites, SHAPES | {"scale": "minmax"}),
    (DSprites, SHAPES | {"scale": "standard", "test_size": "train", "validation_size": "test"}),
    (Glyphs, LETTERS),
    (Glyphs, LETTERS | {"scale": "standard", "scale_per": "global"}),
    (Glyphs, LETTERS | {"binarize": "threshold", "limit": 30}),
    (Glyphs, LETTERS | {"binarize": "dynamic"}),
    (Glyphs, LETTERS | {"scale": "minmax", "binarize": "threshold"}),
]


def parts(splits):
    return [splits.train, splits.val, splits.test]


@pytest.mark.parametrize(("kind", "options"), PREPARED, ids=str)
def test_row_i_of_a_parts_factors_draws_its_image_i(kind, options):
    splits = kind(**options).load()
    for part in parts(splits):
        assert part.factors.names == splits.grid.names == tuple(kind.factor_sizes)
        assert part.factors.sizes == splits.grid.sizes == tuple(kind.factor_sizes.values())
        np.testing.assert_array_equal(splits.grid.draw(part.factors.values), part.x[:])
        label = kind.label_factor or splits.grid.names[0]
        of_label = part.factors.values[:, splits.grid.names.index(label)]
        np.testing.assert_array_equal(part.labels, of_label)


def test_a_training_read_again_has_the_same_ones():
    first = Glyphs(**LETTERS, scale="standard").load()
    again = Glyphs(**LETTERS, scale="standard").load(first.learnt)
    other = Glyphs(image_size=16, seed=5, limit=9).load(first.learnt)
    values = first.test.factors.values
    np.testing.assert_array_equal(again.test.factors.values, values)
    for splits in (again, other):
        np.testing.assert_array_equal(splits.grid.draw(values), first.test.x)
        np.testing.assert_array_equal(splits.val.x, splits.grid.draw(splits.val.factors.values))


def test_what_is_cut_to_the_unit_range_is_cut_in_the_grid_too():
    splits = Glyphs(**LETTERS, scale="minmax", limit=8).load()
    ours = cut_to_unit_range(splits)
    values = ours.test.factors.values
    assert splits.grid.draw(values).max() > 1
    np.testing.assert_array_equal(ours.grid.draw(values), ours.test.x)
    assert ours.source == splits.source
    assert len(ours.notes) == len(splits.notes) + 1


def test_a_part_that_is_drawn_on_demand_keeps_its_factors():
    splits = DSprites(**WHOLE | {"every": 10}).load()
    assert isinstance(splits.train.x, Rows)
    rows = np.array([70_000, 4, 70_000])
    taken = splits.train.take(rows)
    np.testing.assert_array_equal(taken.factors.values, splits.train.factors.values[rows])
    np.testing.assert_array_equal(splits.grid.draw(taken.factors.values), taken.x)


def test_the_grid_is_the_whole_one_and_draws_what_every_leaves_out():
    splits = DSprites(every=2, limit=10).load()
    assert splits.grid.sizes == (3, 6, 40, 32, 32)
    assert splits.grid.value_names == {"shape": ("square", "ellipse", "heart")}
    assert splits.grid.draw(np.array([[0, 5, 0, 3, 1]])).max() == 255


@pytest.mark.parametrize("kind", [DSprites, Glyphs, Solids])
def test_a_factors_values_have_as_many_names_as_it_has_values(kind):
    for name, values in kind.value_names.items():
        assert len(values) == kind.factor_sizes[name]


def test_what_has_no_factors_has_none():
    bare = dataclasses.replace(Glyphs(**LETTERS).load().test, factors=None)
    assert bare.take(np.array([1, 0])).factors is None
