"""The scatter shows the codes, in the colours of their labels."""

import numpy as np
from figures_run import digits_run, texts
from matplotlib.colors import to_rgba

from aecli.figures.classes import classes
from aecli.figures.latent import Latent
from aecli.figures.palettes import OKABE_ITO, PETROFF


def test_latent_points_are_the_codes_in_the_colours_of_their_labels():
    run = digits_run(names=tuple("abcdefghij"))
    figure = Latent()(run)
    scatter = figure.axes[0].collections[0]
    x, _, labels = run.examples()
    np.testing.assert_allclose(scatter.get_offsets(), run.model.encode(x), atol=1e-6)
    figure.canvas.draw()
    face = scatter.get_facecolors()
    np.testing.assert_allclose(face[:, :3], [to_rgba(PETROFF[label])[:3] for label in labels])
    assert [t.get_text() for t in figure.legends[0].get_texts()] == list("abcdefghij")
    assert figure.axes[0].get_aspect() == 1


def test_latent_of_more_dimensions_is_a_pca_and_says_so():
    run = digits_run(code_shape=(2, 2, 3))
    run.model.pca.whiten = False  # else every unit has the same variance
    figure = Latent()(run)
    codes = run.model.encode(run.examples()[0]).reshape(300, 12)
    u, s, _ = np.linalg.svd(codes - codes.mean(0), full_matrices=False)
    offsets = figure.axes[0].collections[0].get_offsets()
    np.testing.assert_allclose(np.abs(offsets), np.abs(u[:, :2] * s[:2]), atol=1e-3)
    shares = 100 * s**2 / (s**2).sum()
    assert f"PCA of the 12 code units: {shares[:2].sum():.1f} % of their variance" in texts(figure)
    assert f"principal component 2 ({shares[1]:.1f} % of the variance)" in texts(figure)


def test_latent_of_one_dimension_counts_every_example_once():
    figure = Latent()(digits_run(code_shape=(1,)))
    stacks = [p for p in figure.axes[0].patches if p.get_height() > 0]
    assert sum(p.get_height() for p in stacks) == 300
    assert len({p.get_facecolor() for p in stacks}) == 10


def test_latent_draws_at_most_max_points_at_random():
    run = digits_run()
    figure = Latent(max_points=50)(run)
    offsets = figure.axes[0].collections[0].get_offsets()
    expected = run.model.encode(run.examples(n=50, random=True)[0])
    np.testing.assert_allclose(offsets, expected, atol=1e-6)
    assert "50 of 300, drawn at random" in texts(figure)


def test_latent_of_a_collapsed_code():
    run = digits_run(code_shape=(4,))
    run.model.encode = lambda x, label: np.zeros((len(x), 4))
    assert "0.0 % of their variance" in texts(Latent()(run))


def test_thirty_names_are_all_in_the_legend_and_told_apart():
    names = tuple(f"species {i}" for i in range(30))
    run = digits_run(names=names)
    run.splits.test.labels[:] = np.arange(300) % 30
    figure = Latent()(run)
    (legend,) = figure.legends
    assert tuple(text.get_text() for text in legend.get_texts()) == names
    looks = {(h.get_color(), h.get_marker()) for h in legend.legend_handles}
    assert len(looks) == 30
    assert sum(len(c.get_offsets()) for c in figure.axes[0].collections) == 300
    assert len(figure.axes) == 1, "no bar"


def test_eight_classes_have_the_colours_of_okabe_and_ito():
    found = classes(np.arange(8), None)
    assert tuple(found.colours) == OKABE_ITO
    assert set(found.marks) == {"o"}


def test_the_rarest_of_too_many_names_are_one_class():
    labels = np.concatenate([np.arange(150), np.arange(20, 150)])
    found = classes(labels, tuple(f"kind {i}" for i in range(150)))
    assert len(found.names) == len(found.colours) == len(found.marks) == 100
    assert found.names[-1] == "51 others, rarer"
    assert (found.index[:20] == 99).all(), "those that are there once"


def test_more_than_twenty_numbers_share_a_continuous_map():
    run = digits_run()
    run.splits.test.labels[:] = np.arange(300) % 40
    scatter = Latent()(run).axes[0].collections[0]
    assert scatter.get_cmap().name == "viridis"
    np.testing.assert_array_equal(scatter.get_array(), run.splits.test.labels)
