"""Decoding many image files with all cores."""

import dataclasses
import math
import mmap
import multiprocessing
import os
import pathlib
import signal
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from tqdm import tqdm

BLOCK = 100  # files a task
ALONE = 500  # so few files are not worth a second process

_decoder: "_Decoder | None" = None  # in a worker: what it works on


def decode_all(
    files: list[pathlib.Path], size: list[int], color: str
) -> tuple[np.ndarray, list[str]]:
    """-> x [N, *size, 1 or 3] uint8, and "file: reason" of each that cannot be read.

    By processes, one a core: threads fight for Python's lock, which for small files takes longer
    than the decoding.
    """
    shape = (len(files), *size, 1 if color == "grey" else 3)
    decoder = _Decoder(files, _shared(shape), size, color)
    problems: list[str] = []
    bar = tqdm(total=len(files), desc="read images", leave=False, unit="", disable=None)
    with bar:
        for start, found in zip(decoder.starts, _work(decoder), strict=True):
            problems += found
            bar.update(min(BLOCK, len(files) - start))
    return decoder.x, problems


@dataclasses.dataclass(frozen=True)
class _Decoder:
    files: list[pathlib.Path]
    x: np.ndarray
    size: list[int]
    color: str

    @property
    def starts(self) -> range:
        return range(0, len(self.files), BLOCK)

    def __call__(self, start: int) -> list[str]:
        """Write a block of files into x; returns what could not be read."""
        problems = []
        for row in range(start, min(start + BLOCK, len(self.files))):
            try:
                self.x[row] = decoded(self.files[row], self.size, self.color)
            except Exception as error:  # each format has its own for a damaged file
                problems.append(f"{self.files[row]}: {error}")
        return problems


def _work(decoder: _Decoder):
    """The outcome of each block, in order."""
    cores = os.cpu_count() or 1
    if len(decoder.files) <= ALONE or cores == 1 or "fork" not in _methods():
        yield from map(decoder, decoder.starts)
        return
    pool = ProcessPoolExecutor(cores, multiprocessing.get_context("fork"), _begin, (decoder,))
    try:
        yield from pool.map(_block, decoder.starts)
    finally:
        pool.shutdown(cancel_futures=True)


def _methods() -> list[str]:
    return multiprocessing.get_all_start_methods()


def _begin(decoder: _Decoder) -> None:
    """In a new worker: the parent alone answers signals."""
    global _decoder
    _decoder = decoder
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _block(start: int) -> list[str]:
    return _decoder(start)


def _shared(shape: tuple[int, ...]) -> np.ndarray:
    """Zeros, uint8, in memory that forked processes write into."""
    return np.frombuffer(mmap.mmap(-1, max(1, math.prod(shape))), np.uint8).reshape(shape)


def decoded(file: pathlib.Path, size: list[int], color: str) -> np.ndarray:
    """[height, width, channels] uint8; raises whatever the decoder raises."""
    from PIL import Image, ImageOps

    with Image.open(file) as image:
        if image.mode.startswith(("I", "F")):
            raise ValueError(f"has more than 8 bits a channel (mode {image.mode})")
        image = ImageOps.exif_transpose(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "black"), image)
        image = image.convert("L" if color == "grey" else "RGB")
        image = image.resize((size[1], size[0]), Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(*size, -1)
