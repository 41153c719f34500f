"""The page itself: the plane drawn by Bokeh, within HTML of ours; nothing is loaded."""

import pathlib
from typing import Any

import numpy as np

from aecli.errors import BadRequest
from aecli.explore import gathered as gathering
from aecli.explore.gathered import Gathered
from aecli.runs import Run

HOVER = (
    '<div style="background:#fff;color:#111;padding:4px;max-width:280px">@view{safe}'
    "<div>@example @label</div><div>error @error{0.00000}</div></div>"
)


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
        "units": found.units,
        "codes": _codes(found),
        "rows": found.rows.tolist(),
        "told": gathering.told_labels(run),
        "live": is_live,
        "plane_is_codes": found.plane.is_codes,
        "draws_white": spec.is_image and bool(np.median(found.x) < found.shown.middle),
        "size": list(spec.shape[:2]),
    }
    return environment.from_string((here / "page.html").read_text(encoding="utf-8")).render(
        title=run.title, place=str(run.folder), note=found.plane.note,
        counted=spec.counted(len(found.rows)), facts=facts, live=is_live,
        is_image=spec.is_image, units=found.units, colours=[c["name"] for c in found.colours],
        item=json_item(figure_of(found)),
        bokeh=Resources(mode="inline", components=["bokeh"], minified=True).js_raw,
        css=(here / "page.css").read_text(encoding="utf-8"),
        js=(here / "page.js").read_text(encoding="utf-8"),
    )  # fmt: skip


def figure_of(found: Gathered) -> Any:
    """The plane of the codes, as a Bokeh figure."""
    from bokeh.models import ColumnDataSource, HoverTool, Range1d, TapTool
    from bokeh.plotting import figure

    at = found.plane.at
    data = {
        "x": at[:, 0].tolist(),
        "y": at[:, 1].tolist(),
        "colour": found.colours[0]["colours"],
        "view": found.views,
        "label": found.names,
        "error": found.errors.tolist(),
        "example": found.rows.tolist(),
    }
    points = ColumnDataSource(data, name="points")
    tools = "lasso_select,pan,wheel_zoom,box_zoom,reset"
    made = figure(tools=tools, active_drag="lasso_select",
        active_scroll=None, toolbar_location="above", name="plane",
                  sizing_mode="stretch_width", height=440, min_border=4)  # fmt: skip
    made.toolbar.logo = None
    for axis, name, values in zip((made.xaxis, made.yaxis), found.plane.names, at.T, strict=True):
        axis.axis_label = name
        low, high = float(values.min()), float(values.max())
        edge = 0.06 * (high - low) or 1.0
        setattr(made, "x_range" if axis[0] is made.below[0] else "y_range",
                Range1d(start=low - edge, end=high + edge))  # fmt: skip
    drawn = made.scatter("x", "y", source=points, color="colour", line_color=None, size=7,
                         fill_alpha=0.85, nonselection_fill_alpha=0.15)  # fmt: skip
    made.add_tools(HoverTool(renderers=[drawn], tooltips=HOVER, limit=1))
    made.add_tools(TapTool(renderers=[drawn], mode="replace"))
    way = ColumnDataSource({"x": [], "y": []}, name="way")
    made.line("x", "y", source=way, line_color="#e76300", line_width=2, nonselection_alpha=1)
    made.scatter(
        "x",
        "y",
        source=way,
        marker="cross",
        size=12,
        line_color="#e76300",
        line_width=3,
        nonselection_alpha=1,
    )
    return made


def _codes(found: Gathered) -> list[list[float]]:
    """Where the sliders stand at each example: maps are moved from what they are, by 0."""
    if found.codes.ndim > 2:
        return []
    order = [unit["unit"] for unit in found.units]
    return np.round(found.codes[:, order].astype("float64"), 4).tolist()
