"""What a page is made of, and the page itself."""

import base64
import dataclasses
import datetime
import hashlib
import pathlib
import re
import struct
from typing import Any

from aecli import __version__
from aecli.errors import BadRequest

MAX_PICTURE = 20_000_000  # bytes of a picture: of a folder that may be a stranger's
COPY = """
const button = document.getElementById("copy"), text = document.getElementById("command");
button.addEventListener("click", async () => {
  getSelection().selectAllChildren(text);
  try { await navigator.clipboard.writeText(text.textContent); }
  catch { document.execCommand("copy"); }
  button.textContent = "copied";
});
"""
PICTURES = {  # suffix: its type, how such a file begins; in an <img> an SVG runs no script
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".svg": ("image/svg+xml", b"<?xml"),
}


@dataclasses.dataclass
class Table:
    """numbers: the columns that are set flush right."""

    title: str
    headers: list[str]
    rows: list[list[str]]
    note: str = ""
    below: list[str] = dataclasses.field(default_factory=list)

    @property
    def numbers(self) -> set[int]:
        columns = zip(*self.rows, strict=True)
        return {i for i, column in enumerate(columns) if all(map(_is_number, column))}


@dataclasses.dataclass
class Page:
    """tiles: (name, value, unit, meaning); summary: (name, value); figures: (name,
    PNG or SVG file); folded: (title, text)."""

    title: str
    place: str
    command: str
    state: str = ""
    tiles_title: str = ""
    tiles: list[tuple[str, str, str, str]] = dataclasses.field(default_factory=list)
    summary: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    tables: list[Table] = dataclasses.field(default_factory=list)
    figures: list[tuple[str, pathlib.Path]] = dataclasses.field(default_factory=list)
    folded: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)

    def html(self) -> str:
        """Whatever a run folder says is text here: every value is escaped."""
        from jinja2 import Environment
        from markupsafe import Markup

        environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
        template = pathlib.Path(__file__).with_name("template.html").read_text(encoding="utf-8")
        values: dict[str, Any] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        values["columns"] = in_columns(self.figures)
        values |= {
            "script": Markup(COPY),  # ours, and the only one that the page's policy lets run
            "script_hash": "sha256-"
            + base64.b64encode(hashlib.sha256(COPY.encode()).digest()).decode(),
            "version": __version__,
            "written": datetime.datetime.now().strftime("%Y-%m-%d %H:%M"),
        }
        return environment.from_string(template).render(values)


def picture(path: pathlib.Path) -> str:
    """A PNG or SVG file as the address of a page's image. Raises BadRequest for what is none."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_PICTURE:
        raise BadRequest(f"{path} is no picture of ours")
    data, (kind, start) = path.read_bytes(), PICTURES[path.suffix]
    if not data.startswith(start):
        raise BadRequest(f"{path} is no {path.suffix[1:].upper()} file")
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def in_columns(figures: list[tuple[str, pathlib.Path]]) -> list[list[tuple[int, str, str]]]:
    """[(name, PNG or SVG file)] -> two columns of (its place from 1, name, address), about as high.

    The first two begin them; of the others the highest is put first, where there is room most.
    Raises BadRequest for what is no picture.
    """
    placed = [(i, name, picture(path)) for i, (name, path) in enumerate(figures, 1)]
    heights = {i: _height(path) for i, (_, path) in enumerate(figures, 1)}
    columns: list[list] = [[], []]
    for figure in placed[:2] + sorted(placed[2:], key=lambda one: -heights[one[0]]):
        min(columns, key=lambda column: sum(heights[i] for i, *_ in column)).append(figure)
    return columns


def _height(path: pathlib.Path) -> float:
    """Of a picture, as a part of its width; its head says both."""
    head = path.read_bytes()[:2000]
    if path.suffix == ".svg":
        found = re.search(rb'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', head)
        width, height = map(float, found.groups()) if found else (1.0, 1.0)
    else:
        width, height = struct.unpack(">II", head[16:24])
    return height / max(width, 1)


def number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _is_number(text: str) -> bool:
    """Also with an interval, as 1.5 ± 0.2."""
    return re.fullmatch(r"-?|-?\d[\d.,e+-]*( ± [\d.e+-]+)?", text) is not None
