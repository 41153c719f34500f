"""One image file -> pixels, or the reason why there are none."""

import contextlib
import dataclasses
import logging
import os
import pathlib
import stat
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from aecli.datasets.source_file import first_bytes, is_web_page, shown

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")  # Pillow runs a program for some others
GREY = ("1", "L", "LA", "La")  # Pillow's modes
GREY16 = "I;16"
ORIENTATION = 274  # of EXIF; from 5 on, width and height change places
MAX_PIXELS = 2**26  # of one image, 67 million (1 GB to decode): 100 kB can declare any size

logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it has to say, we say


class Unreadable(Exception):
    """The text says why."""


@dataclasses.dataclass(frozen=True)
class Frame:
    """What every picture is brought to.

    size: (height, width); color: grey or rgb; fit: stretch, crop (the middle) or pad (with the
    background); background: a colour as Pillow names it, also under transparent pixels; bits: 8 or
    16 a channel, 16 for grey alone.
    """

    size: tuple[int, int]
    color: str
    fit: str = "stretch"
    background: str = "black"
    bits: int = 8

    @property
    def shape(self) -> tuple[int, int, int]:
        return (*self.size, 1 if self.color == "grey" else 3)

    @property
    def dtype(self) -> type[np.integer]:
        return np.uint8 if self.bits == 8 else np.uint16


@dataclasses.dataclass(frozen=True)
class Found:
    """What a picture was: (height, width) upright, and what the frame may not have kept."""

    size: tuple[int, int]
    is_transparent: bool = False
    has_color: bool = False
    is_deep: bool = False


def glance(file: pathlib.Path) -> tuple[bool, bool]:
    """(whether it has colour, whether it is grey of 16 bits); raises whatever the decoder raises.

    The pixels are looked at where the format has no grey, as WebP, or has a palette.
    """
    with _opened(file) as image:
        if image.mode in GREY or image.mode.startswith(("I", "F")):
            return False, image.mode.startswith(GREY16)
        _load(image)
        return _has_color(image.convert("RGBA").convert("RGB")), False


def size_of(file: pathlib.Path) -> tuple[int, int]:
    """(height, width) upright, as its head says; raises whatever the decoder raises."""
    with _opened(file) as image:
        is_turned = image.getexif().get(ORIENTATION, 1) >= 5
        return (image.width, image.height) if is_turned else (image.height, image.width)


def decoded(file: pathlib.Path, frame: Frame) -> tuple[np.ndarray, Found]:
    """Returns frame.shape of frame.dtype; raises whatever the decoder raises."""
    from PIL import Image, ImageOps

    with _opened(file) as image:
        is_grey16 = image.mode.startswith(GREY16)
        if image.mode.startswith(("I", "F")) and not is_grey16:
            raise Unreadable(f"has more than 16 bits a channel (mode {image.mode}); convert it")
        # ;16 is the raw mode of 16-bit colours, of which Pillow reads the upper 8 bits
        is_deep = is_grey16 or ";16" in str(image.tile)
        _load(image)
        image = ImageOps.exif_transpose(image)
        is_transparent = image.has_transparency_data and not is_grey16
        if is_transparent:
            image = image.convert("RGBA")
            is_transparent = bool(np.asarray(image)[..., 3].min() < 255)
            image = Image.alpha_composite(Image.new("RGBA", image.size, frame.background), image)
        has_color = frame.color == "rgb"
        if is_grey16:
            grey = Image.fromarray(np.asarray(image, np.float32) / np.float32(257))
            image = grey if frame.bits == 16 else Image.fromarray(_rounded(grey, 1, np.uint8))
        elif frame.color == "grey" and image.mode not in GREY:
            image = image.convert("RGB")
            has_color = _has_color(image)
        found = Found((image.height, image.width), is_transparent, has_color, is_deep)
        if image.mode != "F":
            image = image.convert("L" if frame.color == "grey" else "RGB")
        image = _fitted(image, frame)
    x = np.asarray(image) if frame.bits == 8 else _rounded(image, 257, np.uint16)
    return x.reshape(frame.shape), found


@contextlib.contextmanager
def _opened(file: pathlib.Path) -> Iterator[Any]:
    """A Pillow image of which the head alone was read, of a size that may be decoded."""
    from PIL import Image

    if not stat.S_ISREG(file.stat().st_mode):
        raise Unreadable("is not a file")
    with warnings.catch_warnings(action="ignore"), Image.open(file, formats=FORMATS) as image:
        tile = getattr(image, "tag_v2", {})  # of a TIFF: may be larger than its image
        most = max(image.height * image.width, tile.get(322, 0) * tile.get(323, 0))
        if most > MAX_PIXELS:
            raise Image.DecompressionBombError
        yield image


def _load(image) -> None:
    with _mute() if image.format == "TIFF" else contextlib.nullcontext():
        image.load()


def _has_color(image) -> bool:
    """Of a Pillow image of mode RGB: whether its channels differ anywhere."""
    x = np.asarray(image)
    return bool((x[..., :2] != x[..., 1:]).any())


def _fitted(image, frame: Frame):
    """A Pillow image of mode L, RGB or F in the frame's size."""
    from PIL import Image, ImageColor, ImageOps

    height, width = frame.size
    size, method = (width, height), Image.Resampling.BILINEAR
    if frame.fit == "stretch":
        return image.resize(size, method)
    if frame.fit == "crop":
        return ImageOps.fit(image, size, method)
    mode = "L" if image.mode == "F" else image.mode
    return ImageOps.pad(image, size, method, ImageColor.getcolor(frame.background, mode))


def _rounded(image, unit: int, dtype) -> np.ndarray:
    return np.round(np.asarray(image, np.float32) * unit).astype(dtype)


@contextlib.contextmanager
def _mute() -> Iterator[None]:
    """libtiff prints what it finds damaged, past Python; we say it, with the file's name."""
    if sys.stderr is not None:
        sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def why_not(file: pathlib.Path, error: Exception) -> str:
    """What is wrong with a file that `decoded` raised this error for, in a few words."""
    from PIL import Image, UnidentifiedImageError

    if isinstance(error, Unreadable):
        return str(error)
    if isinstance(error, Image.DecompressionBombError):
        return f"has more than {MAX_PIXELS:,} pixels, the limit; make it smaller"
    if isinstance(error, OSError) and error.strerror:  # not there, or not readable for us
        return error.strerror
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    if not isinstance(error, UnidentifiedImageError):
        return f"is truncated or damaged ({shown(error) or type(error).__name__})"
    head = first_bytes(file)
    if not head:
        return "is empty (0 bytes)"
    if is_web_page(head):
        return "is a web page: the download failed"
    return f"is no image in {', '.join(FORMATS)}, or is damaged"
