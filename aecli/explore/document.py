"""The page itself: the plane drawn by Bokeh, within HTML of ours; nothing is loaded."""

import pathlib
from typing import Any

import numpy as np

from aecli.errors import BadRequest
from aecli.explore import gathered as gathering
from aecli.explore.gathered import Gathered
from aecli.runs import Run

WAY = "#e76300"  # of what was decoded last, and of the way between two


def check_installed() -> None:
    """Raises BadRequest without Bokeh."""
    try:
        import bokeh  # noqa: F401
    except ImportError:
        raise BadRequest("aecli explore needs Bokeh: pip install 'aecli[explore]'") from None


def page(run: Run, found: Gathered, is_live: bool) -> str:
    """Returns the HTML: with is_live, what asks the server too."""
    from bokeh.embed import json_item
    from bokeh.resources import Resources
    from jinja2 import Environment

    here = pathlib.Path(__file__).parent
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {}  # sorted, Bokeh's references come too early
    spec = run.spec
    facts = {
        "colours": found.colours,
        "views": found.views,
        "known": found.known,
        "errors": [float(f"{error:.3g}") for error in found.errors],
        "units": found.units,
        "codes": _codes(found),
        "told": gathering.told_labels(run),
        "live": is_live,
        "plane_is_codes": found.plane.is_codes,
        "draws_white": spec.is_image and bool(np.median(found.x) < found.shown.middle),
        "size": list(spec.shape[:2]),
    }
    return environment.from_string((here / "page.html").read_text(encoding="utf-8")).render(
        title=run.title, place=str(run.folder), note=found.plane.note,
        about=found.about, shows=found.shown.about, facts=facts, live=is_live,
        kind=spec.kind, has_colours=spec.shape[-1] == 3, error_unit=found.unit,
        units=found.units, all_units=found.codes.shape[-1], is_discrete=_is_discrete(run),
        is_grid=found.codes.ndim > 2,
        colours=[c["name"] for c in found.colours], item=json_item(figure_of(found)),
        bokeh=Resources(mode="inline", components=["bokeh"], minified=True).js_raw,
        css=(here / "page.css").read_text(encoding="utf-8"),
        js=(here / "page.js").read_text(encoding="utf-8"),
    )  # fmt: skip


def figure_of(found: Gathered) -> Any:
    """The plane of the codes, as a Bokeh figure: what the page's script fills and follows."""
    from bokeh.models import ColumnDataSource, LassoSelectTool, Range1d
    from bokeh.plotting import figure

    at = found.plane.at
    data = {"x": at[:, 0].tolist(), "y": at[:, 1].tolist()}
    data["colour"] = found.colours[0]["colours"]
    made = figure(tools="pan,wheel_zoom,box_zoom,reset", active_scroll=None, name="plane",
                  toolbar_location="above", sizing_mode="stretch_width", height=440,
                  min_border=4)  # fmt: skip
    made.toolbar.logo = None
    for axis, name, values in zip((made.xaxis, made.yaxis), found.plane.names, at.T, strict=True):
        axis.axis_label = name
        low, high = float(values.min()), float(values.max())
        edge = 0.06 * (high - low) or 1.0
        setattr(made, "x_range" if axis[0] is made.below[0] else "y_range",
                Range1d(start=low - edge, end=high + edge))  # fmt: skip
    points = made.scatter("x", "y", source=ColumnDataSource(data, name="points"), color="colour",
                          line_color=None, size=7, fill_alpha=0.85, name="dots",
                          nonselection_fill_alpha=0.25)  # fmt: skip
    lasso = LassoSelectTool(renderers=[points])
    made.add_tools(lasso)
    made.toolbar.active_drag = lasso
    way, now, ring = (
        ColumnDataSource({"x": [], "y": []}, name=name) for name in ("way", "now", "ring")
    )
    made.line("x", "y", source=way, line_color=WAY, line_width=2)
    made.scatter("x", "y", source=way, size=6, color=WAY)
    made.scatter("x", "y", source=ring, size=15, fill_color=None, line_width=3, name="circle")
    made.scatter("x", "y", source=now, marker="cross", size=16, line_color=WAY, line_width=3)
    return made


def _is_discrete(run: Run) -> bool:
    """Whether sliders leave the codes that the model chooses among."""
    return run.model.codebook_size is not None


def _codes(found: Gathered) -> list[list[float]]:
    """Where the sliders stand at each example: maps are moved from what they are, by 0."""
    if found.codes.ndim > 2:
        return []
    order = [unit["unit"] for unit in found.units]
    return np.round(found.codes[:, order].astype("float64"), 4).tolist()
