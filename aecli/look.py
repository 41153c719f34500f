"""How figures look: the keys that are the same on every command that draws one."""

import contextlib
import contextvars
import dataclasses
import difflib
import functools
import pathlib
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from aecli.component import check_arguments
from aecli.errors import BadRequest

GROUP = "style"  # whose options state all of the keys
COLUMNS = {"single": 3.5, "double": 7.2}  # inches, of a paper
USUAL = 10.0  # points of text, at which the drawings are laid out
ANY_FONTS = ("sans-serif", "serif", "monospace")  # what Matplotlib takes for each of them
VECTORS: Any = {  # text stays text, which an editor can change; fonts that a press takes
    "svg.fonttype": "none",
    "pdf.fonttype": 42,  # TrueType
    "ps.fonttype": 42,
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Look:
    """How a figure looks. Raises BadRequest for what cannot be, with the key as it is typed."""

    format: Literal["png", "svg", "pdf"] = "png"
    dpi: Annotated[int, Field(ge=30, le=1200, description="dots an inch")] = 120
    width: Annotated[
        Literal["single", "double"] | Annotated[float, Field(ge=2, le=40)],
        Field(description="inches; single = 3.5, double = 7.2, the columns of a paper"),
    ] = 6.7
    max_height: Annotated[float, Field(ge=2, le=40, description="inches")] = 9.0
    title: Annotated[bool, Field(description="the line above the figure")] = True
    font: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    font_size: Annotated[float, Field(ge=4, le=60, description="points")] = USUAL
    cmap: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    def __post_init__(self) -> None:
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name, value in check_arguments(type(self), values).items():
            object.__setattr__(self, name, value)
        if self.font is not None:
            _check_font(self.font)
        if self.cmap is not None:
            _check_cmap(self.cmap)

    @property
    def inches(self) -> float:
        """How wide a figure is."""
        return COLUMNS[self.width] if isinstance(self.width, str) else self.width

    @property
    def scale(self) -> float:
        """How large text, lines and the room that they take are, beside those of USUAL."""
        return self.font_size / USUAL

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Within it, figures are drawn and saved so."""
        token = _CURRENT.set(self)
        try:
            yield
        finally:
            _CURRENT.reset(token)

    def save(self, figure: Any, path: pathlib.Path) -> None:
        """Write a Matplotlib figure, of so many inches and dots, as self.format."""
        import matplotlib

        said = getattr(figure, "said", "")  # of figures.style
        engine = figure.get_layout_engine()
        if self.format == "png" and not figure.stale:  # in other formats letters have other sizes
            figure.set_layout_engine(None)  # Matplotlib would draw all of it twice
        with matplotlib.rc_context(VECTORS):
            figure.savefig(path, format=self.format, metadata={"Title": said} if said else {})
        figure.set_layout_engine(engine)


KEYS = tuple(field.name for field in dataclasses.fields(Look))
_CURRENT: contextvars.ContextVar[Look] = contextvars.ContextVar("look")


def current() -> Look:
    """The one that is used now."""
    return _CURRENT.get(Look())


def of(config: Mapping, **instead: Any) -> Look:
    """The look that a command's config asks for; keys that it has not are as they stand in Look.

    instead: what counts whatever the config says. Raises BadRequest.
    """
    return Look(**({key: config[key] for key in KEYS if key in config} | instead))


def drawing(command: Callable) -> Callable:
    """A command on a config, within the look that it asks for; what cannot be is refused first."""

    @functools.wraps(command)
    def within(config, *arguments, **options):
        with of(config).used():
            return command(config, *arguments, **options)

    return within


def _check_font(name: str) -> None:
    import logging

    from matplotlib import font_manager

    known = sorted({*font_manager.fontManager.get_font_names(), *ANY_FONTS})
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    if name not in known:
        raise BadRequest(
            f"must be a font of this machine; got {name!r}{_near(name, known)}", "font"
        )


def _check_cmap(name: str) -> None:
    import matplotlib

    known = list(matplotlib.colormaps)
    if name not in known:
        text = f"must be a colour map of Matplotlib, as viridis; got {name!r}{_near(name, known)}"
        raise BadRequest(text, "cmap")


def _near(name: str, known: list[str]) -> str:
    lower = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)
    if not near:
        return f"\nthere are: {', '.join(known[:12])} ..."
    return f"\ndid you mean {' or '.join(lower[one] for one in near)}?"
