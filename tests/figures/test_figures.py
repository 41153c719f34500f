"""Every figure's YAML on every kind of run: it is drawn whole, or says what it needs."""

import functools
import io

import matplotlib
import numpy as np
import pytest
from figures_run import colour_run, digits_run, series_run, table_run
from matplotlib.text import Text
from places import ROOT

from aecli import build
from aecli.console.compose import composed
from aecli.errors import BadRequest, NotApplicable

NAMES = sorted(path.stem for path in (ROOT / "configs" / "figures").glob("*.yaml"))
PLOTS = sorted(path.stem for path in (ROOT / "configs").glob("plot-*.yaml"))
RUNS = {
    "grey, code of 2": lambda: digits_run(names=tuple("0123456789")),
    "grey, code of 32, noisy": lambda: digits_run(code_shape=(32,), noise=0.5),
    "grey, code of 1": lambda: digits_run(code_shape=(1,)),
    "grey, prior": lambda: digits_run(has_prior=True),
    "grey, grid code": lambda: digits_run(code_shape=(2, 2, 6)),
    "colour, no labels": lambda: colour_run(),
    "colour, grid code, noisy": lambda: colour_run(code_shape=(3, 2, 5), noise=0.3),
    "table": lambda: table_run(),
    "table, noisy": lambda: table_run(noise=0.2),
    "series": lambda: series_run(has_prior=True),
    "series of 5 channels, noisy": lambda: series_run(channels=5, noise=0.2),
}
TABLES = {"table", "table, noisy"}
SERIES = {"series", "series of 5 channels, noisy"}
GRIDS = {"grey, grid code", "colour, grid code, noisy"}
DOES_NOT_FIT = {
    "manifold": {"grey, code of 1", *GRIDS, *TABLES},
    "codes": {"grey, code of 1", *TABLES, *SERIES},
    "samples": TABLES,
    "mosaic": TABLES | SERIES,
    "factors": {"colour, no labels", "colour, grid code, noisy", *TABLES, *SERIES},  # have none
}


@functools.cache
def run_of(kind):
    return RUNS[kind]()


@functools.cache
def node_of(name):
    return composed("train", [f"figures=[{name}]"]).config.figures[name]


def figure_of(name, **fields):
    return build.component({**node_of(name), **fields}, f"figures.{name}")


def test_the_globs_found_the_figures_and_their_commands():
    assert {"loss_curve", "latent", "manifold", "reconstructions"} <= set(NAMES)
    assert {"plot-loss", "plot-latent", "plot-manifold", "plot-reconstructions"} <= set(PLOTS)


@pytest.mark.parametrize("kind", RUNS)
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_is_drawn_whole_or_says_what_it_needs(name, kind):
    figure, run = figure_of(name), run_of(kind)
    if kind in DOES_NOT_FIT.get(name, ()):
        with pytest.raises(NotApplicable, match="needs "):
            figure(run)
        return
    drawn = figure(run)
    assert run.title in drawn.get_suptitle()
    assert len(drawn.axes) > 0
    drawn.canvas.draw()  # settles the layout
    painted = drawn.get_tightbbox()  # of all titles, labels and ticks; inches
    width, height = drawn.get_size_inches()
    assert painted.x0 >= 0, "cut off on the left"
    assert painted.y0 >= 0, "cut off below"
    assert painted.x1 <= width, "cut off on the right"
    assert painted.y1 <= height, "cut off above"
    texts = [t for t in drawn.findobj(Text) if t.get_text().strip()]
    assert len(texts) > 1
    assert min(text.get_fontsize() for text in texts) >= 9 - 1e-9


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("format", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_a_figure_is_written_in_each_format(name, format, magic):
    written = io.BytesIO()
    figure_of(name)(run_of("grey, code of 2")).savefig(written, format=format)
    assert written.getvalue().startswith(magic)
    assert len(written.getvalue()) > 3000


@pytest.mark.parametrize("name", NAMES)
def test_a_png_is_800_pixels_wide_and_opaque_white(name):
    with matplotlib.rc_context(
        {"figure.facecolor": "black", "font.size": 25, "axes.facecolor": "red"}
    ):
        before = dict(matplotlib.rcParams)
        drawn = figure_of(name)(run_of("grey, code of 2"))
        assert dict(matplotlib.rcParams) == before
    drawn.canvas.draw()
    pixels = np.asarray(drawn.canvas.buffer_rgba())
    assert 790 <= pixels.shape[1] <= 810
    assert (pixels[0] == 255).all()
    assert (pixels[:, 0] == 255).all()


def test_pyplot_is_never_used():
    files = list((ROOT / "aecli" / "figures").glob("*.py"))
    assert len(files) > 5
    assert not [file.name for file in files if "pyplot" in file.read_text()]


@pytest.mark.parametrize(
    ("name", "fields", "message"),
    [
        ("manifold", {"n": 1}, r"\.n must be greater than or equal to 2; got 1"),
        ("manifold", {"range": [2, 1]}, r"\.range must be \[from, to\] with from < to"),
        ("manifold", {"range": [2]}, r"\.range must be \[from, to\]"),
        ("manifold", {"dims": [1, 1]}, r"\.dims must be two different code units"),
        ("reconstructions", {"select": "last"}, r"\.select must be 'first' or 'random'"),
        ("latent", {"max_points": 0}, r"\.max_points"),
    ],
)
def test_a_bad_value_names_its_key(name, fields, message):
    with pytest.raises(BadRequest, match=message):
        figure_of(name, **fields)


def test_a_unit_that_the_code_does_not_have_is_refused():
    with pytest.raises(BadRequest, match=r"code units from 0 to 1; got \[0, 2\]"):
        figure_of("manifold", dims=[0, 2])(run_of("grey, code of 2"))
