"""Words that are broken into lines, so that a figure holds them whatever its width."""

import textwrap

import matplotlib
from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text

EDGE = 0.98  # of the width that words may take
LINE = 1.25  # inches of a line beside those of its letters
LEAST = 8  # letters of a line
HANDLE = 4.0  # letters' heights that a legend takes beside each name
STILL = 1e-4  # of the width or the height: after a smaller move the next is none (1e-4 of it)


def fit(figure: Figure, letter: float) -> None:
    """Break the titles and the labels that are longer than there is room for.

    The figure grows by the lines that are added, of text `letter` inches high.
    """
    if (engine := figure.get_layout_engine()) is not None:
        engine.execute(figure)  # each pass moves what is in it by less
    before = _places(figure)
    _draw_nothing(figure)  # ticks are made late: they must see the style that is used
    across, upright = figure.bbox.width, 0
    added = sum(_broken(text, EDGE * across) for text in _of_figure(figure))
    for ax in figure.axes:
        for text in (ax.title, ax.xaxis.label):
            if text.get_text():
                box = text.get_window_extent()
                centre = (box.x0 + box.x1) / 2
                added += _broken(text, 2 * EDGE * min(centre, across - centre))
        if ax.yaxis.label.get_text():
            box = ax.yaxis.label.get_window_extent()
            centre, high = (box.y0 + box.y1) / 2, figure.bbox.height
            room = 2 * EDGE * min(centre, high - centre)
            upright += _broken(ax.yaxis.label, room, is_upright=True)
    if added:
        size = figure.get_size_inches()
        figure.set_size_inches(size[0], size[1] + added * LINE * letter)
    seen = _places(figure)
    is_still = _are_same(before, seen)
    if added or upright:
        _draw_nothing(figure)
        is_still = False
    elif engine is not None and not is_still:
        engine.execute(figure)
        is_still = _are_same(seen, _places(figure))
    figure.stale = not is_still  # what is not, look.save need not lay out once more


def _draw_nothing(figure: Figure) -> None:
    """As draw_without_rendering; a picture that fills its axes has no part in the layout."""
    pictures = [one for ax in figure.axes for one in ax.images if one.get_visible()]
    for one in pictures:  # each takes milliseconds to make
        one.set_visible(False)
    figure.draw_without_rendering()
    for one in pictures:
        one.set_visible(True)


def _places(figure: Figure) -> list[tuple[float, float, float, float]]:
    """(left, bottom, width, height) of all axes, of the figure's."""
    return [ax.get_position().bounds for ax in figure.axes]


def _are_same(places: list, others: list) -> bool:
    moves = [abs(a - b) for one, other in zip(places, others, strict=True)
             for a, b in zip(one, other, strict=True)]  # fmt: skip
    return max(moves, default=0.0) < STILL


def _of_figure(figure: Figure) -> list[Text]:
    parts: list[FigureBase] = [figure, *figure.subfigs]
    names = ("_suptitle", "_supxlabel")
    found = [getattr(part, name) for part in parts for name in names]
    return [text for text in found if text is not None and text.get_text()]


def _broken(text: Text, room: float, is_upright: bool = False) -> int:
    """Break a text that takes more pixels than `room`; returns the lines that this adds."""
    lines = text.get_text().splitlines()
    letters, made = max(map(len, lines), default=0), lines
    while (long := _length(text, is_upright)) > room > 0 and letters > LEAST:
        letters = max(LEAST, min(letters - 1, int(letters * room / long)))
        made = [part for line in lines for part in textwrap.wrap(line, letters) or [""]]
        text.set_text("\n".join(made))
        letters = min(letters, max(map(len, made)))
    return len(made) - len(lines)


def _length(text: Text, is_upright: bool) -> float:
    box = text.get_window_extent()
    return box.height if is_upright else box.width


def columns(figure, names) -> int:
    """How many of such names a legend below the figure can have beside each other."""
    top = figure.get_figure(root=True)
    size = float(matplotlib.rcParams["font.size"])
    renderer = top.canvas.get_renderer()
    widths = []
    for name in names:
        probe = Text(text=name, figure=top)
        probe.set_fontsize(0.9 * size)  # a legend's
        widths.append(probe.get_window_extent(renderer).width)
    handle = HANDLE * size / 72 * top.dpi
    return max(1, min(len(names), int(EDGE * top.bbox.width // (max(widths, default=1) + handle))))
