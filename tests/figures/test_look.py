"""How figures look: their size, their text in files, and what is refused."""

import re
import struct

import numpy as np
import pytest
from figures_run import digits_run, series_run, table_run

from aecli import look
from aecli.console import root_keys
from aecli.console.compose import composed
from aecli.errors import BadRequest
from aecli.figures import style
from aecli.figures.codes import Codes
from aecli.figures.latent import Latent
from aecli.figures.loss_curve import LossCurve
from aecli.figures.manifold import Manifold
from aecli.figures.reconstructions import Reconstructions

STYLES = ("screen", "paper", "slides")
DRAWING = ("train", "generate", "traverse", "interpolate", "detect", "probe", "finetune", "denoise",
           "compare", "study", "tune", "plot-loss", "plot-latent", "plot-manifold")  # fmt: skip


def of(option: str, **stated) -> look.Look:
    return look.of(composed("plot-loss", [f"style={option}"]).config, **stated)


def drawn(figure, run, used: look.Look, tmp_path):
    with used.used():
        made = figure(run)
        path = tmp_path / f"figure.{used.format}"
        used.save(made, path)
    return made, path


@pytest.mark.parametrize("command", DRAWING)
def test_every_command_that_draws_has_all_of_the_keys(command):
    config = composed(command, ["style=paper", "title=false"]).config
    assert {*look.KEYS} <= {*config}
    assert look.of(config) == of("paper", title=False)


@pytest.mark.parametrize(("stated", "pixels"), [
    ({"width": "single", "dpi": 200}, 700),
    ({"width": "double", "dpi": 100}, 720),
    ({"width": 5.0, "dpi": 90}, 450),
])  # fmt: skip
def test_a_png_is_so_many_inches_of_so_many_dots(stated, pixels, tmp_path):
    _, path = drawn(Codes(), digits_run(), look.Look(**stated), tmp_path)
    assert struct.unpack(">I", path.read_bytes()[16:20]) == (pixels,)


@pytest.mark.parametrize(("change", "passes"), [(False, 0), (True, 1)])
def test_what_is_in_its_place_is_not_laid_out_once_more(change, passes, tmp_path, monkeypatch):
    used, done = look.Look(), []
    with used.used():
        figure = Manifold(n=3)(digits_run())
        engine = figure.get_layout_engine()
        monkeypatch.setattr(engine, "execute", lambda figure: done.append(figure))
        if change:
            figure.axes[0].set_title("another")
        used.save(figure, tmp_path / "figure.png")
    assert (len(done), figure.get_layout_engine()) == (passes, engine)


def test_the_text_of_an_svg_stays_text(tmp_path):
    _, path = drawn(LossCurve(), digits_run(), look.Look(format="svg", width="single"), tmp_path)
    text = path.read_text()
    assert re.search(r"<text[^>]*>Loss by epoch: ae on fake</text>", text)
    assert "<title>Loss by epoch: ae on fake</title>" in text.replace("dc:", "")
    assert 'width="252pt"' in text


def test_the_fonts_of_a_pdf_are_truetype(tmp_path):
    _, path = drawn(LossCurve(), digits_run(), look.Look(format="pdf"), tmp_path)
    found = path.read_bytes()
    assert b"/FontFile2" in found
    assert b"/Type3" not in found


def test_without_a_title_no_line_is_above_and_the_axes_keep_theirs(tmp_path):
    titled, _ = drawn(Latent(max_points=50), digits_run(), look.Look(), tmp_path)
    bare, _ = drawn(Latent(max_points=50), digits_run(), look.Look(title=False), tmp_path)
    assert titled.axes[0].get_title()
    assert (bare.get_suptitle(), bare.axes[0].get_title()) == ("", "")
    assert bare.axes[0].get_xlabel() == titled.axes[0].get_xlabel()
    assert bare.get_figheight() < titled.get_figheight()


@pytest.mark.parametrize("option", STYLES[1:])  # of the first: test_figures
def test_nothing_is_cut_off_in_any_style(option, tmp_path):
    for figure, run in (
        (LossCurve(), digits_run(has_prior=True)),
        (Latent(), digits_run(code_shape=(5,))),
        (Manifold(n=6), digits_run(code_shape=(5,), has_prior=True)),
        (Reconstructions(), series_run()),
        (Reconstructions(), table_run()),
    ):
        run.title = "a model of a long name on data of a name that is longer still.csv"
        made, _ = drawn(figure, run, of(option), tmp_path)
        box, (width, height) = made.get_tightbbox(), made.get_size_inches()
        assert width == pytest.approx(of(option).inches)
        for end in (box.x0, box.y0, width - box.x1, height - box.y1):
            assert end >= -0.01, (option, figure)


def test_text_and_lines_are_as_large_as_the_style_says(tmp_path):
    sizes = {}
    for option in STYLES:
        made, _ = drawn(LossCurve(), digits_run(), of(option), tmp_path)
        label = made.axes[0].xaxis.label
        sizes[option] = (label.get_fontsize(), made.axes[0].lines[0].get_linewidth())
    assert sizes["screen"] == (10, 1.5)
    assert sizes["paper"] == pytest.approx((8, 1.2))
    assert sizes["slides"] == pytest.approx((16, 2.4))


def test_values_of_both_signs_have_zero_in_the_middle_of_the_map(tmp_path):
    made, _ = drawn(Codes(), digits_run(code_shape=(6,)), look.Look(), tmp_path)
    image = made.axes[1].images[0]
    assert image.get_cmap().name == "RdBu_r"
    assert image.norm(0.0) == pytest.approx(0.5)
    made, _ = drawn(Codes(), digits_run(code_shape=(6,)), look.Look(cmap="PuOr"), tmp_path)
    assert made.axes[1].images[0].get_cmap().name == "PuOr"


def test_without_an_interval_there_is_no_bar():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    style.with_intervals(ax, [1, 2], [3.0, 4.0], [np.nan, np.nan])
    assert (len(ax.lines), len(ax.containers)) == (1, 0)
    style.with_intervals(ax, [1, 2], [3.0, 4.0], [np.nan, 0.5])
    assert len(ax.containers) == 1


@pytest.mark.parametrize(("word", "said"), [
    ("dpi=20", "dpi must be greater than or equal to 30; got 20"),
    ("width=tripel", "width must be 'single' or 'double' or .*; got 'tripel'"),
    ("width=0.5", "width must be .* greater than or equal to 2.*; got 0.5"),
    ("title=no_thanks", "title must be .*; got 'no_thanks'"),
    ("font=DejaVu Sens", "font must be a font of .*; got 'DejaVu Sens'\n.* DejaVu Sans"),
    ("cmap=virids", "cmap must be a colour map .*; got 'virids'\ndid you mean viridis"),
    ("format=gif", "format must be 'png', 'svg' or 'pdf'; got 'gif'"),
])  # fmt: skip
def test_what_cannot_be_is_refused_before_any_work(word, said):
    config = composed("train", [word]).config
    with pytest.raises(BadRequest, match=f"^{said}"):
        root_keys.check(config)
