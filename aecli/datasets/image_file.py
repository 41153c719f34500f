"""One image file -> pixels, or the reason why there are none."""

import contextlib
import logging
import os
import pathlib
import stat
import sys
import warnings
from collections.abc import Iterator

import numpy as np

from aecli.datasets.source_file import first_bytes, is_web_page, shown

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF")  # Pillow runs a program for some others
MAX_PIXELS = 2**26  # of one image, 67 million (1 GB to decode): 100 kB can declare any size

logging.getLogger("PIL").setLevel(logging.CRITICAL)  # what it has to say, we say


class Unreadable(Exception):
    """The text says why."""


def decoded(file: pathlib.Path, size: list[int], color: str) -> tuple[np.ndarray, tuple[int, int]]:
    """([*size, channels] uint8, the (height, width) found); raises whatever the decoder raises."""
    from PIL import Image, ImageOps

    if not stat.S_ISREG(file.stat().st_mode):
        raise Unreadable("is not a file")
    with warnings.catch_warnings(action="ignore"), Image.open(file, formats=FORMATS) as image:
        found = (image.height, image.width)
        tile = getattr(image, "tag_v2", {})  # of a TIFF: may be larger than its image
        most = max(image.height * image.width, tile.get(322, 0) * tile.get(323, 0))
        if most > MAX_PIXELS:
            raise Image.DecompressionBombError
        # ;16 is the raw mode of 16-bit colours, which Pillow would cut to 8 bits
        if image.mode.startswith(("I", "F")) or ";16" in str(image.tile):
            raise Unreadable(f"has more than 8 bits a channel (mode {image.mode}); convert it")
        with _mute() if image.format == "TIFF" else contextlib.nullcontext():
            image.load()
        image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
        image = image.convert("L" if color == "grey" else "RGB")
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(*size, -1), found


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
