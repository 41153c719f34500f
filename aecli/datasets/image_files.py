"""Decoding many image files with all cores."""

import dataclasses
import math
import mmap
import multiprocessing
import pathlib
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np
from tqdm import tqdm

from aecli import cores
from aecli.datasets.image_file import Found, Frame, decoded, why_not
from aecli.datasets.source_file import MAX_BYTES, shown
from aecli.dataspec import by
from aecli.errors import BadRequest, RunFailed

BLOCK = 100  # files a task
FITTED = {"stretch": "stretched", "crop": "cut", "pad": "padded"}
ALONE = 500  # so few files are not worth a second process

_work: "Callable[[int, int], Any] | None" = None  # in a worker: what it does with files


@dataclasses.dataclass
class Decoded:
    """x: [N, *frame.shape]; found: of each file, None of one that cannot be read, whose row is 0.

    problems: "file: reason" of each that cannot be read.
    """

    x: np.ndarray
    found: list[Found | None]
    problems: list[str]


def decode_all(files: list[pathlib.Path], frame: Frame, x: np.ndarray | None = None) -> Decoded:
    """Every file, brought into the frame. Raises BadRequest where this is too much.

    x: where the images are written, [N, *frame.shape], in memory that processes share; None: it is
    made. By processes, one a core: threads fight for Python's lock, which for small files takes
    longer than the decoding.
    """
    shape = (len(files), *frame.shape)
    size = math.prod(shape) * np.dtype(frame.dtype).itemsize
    if x is None and size > MAX_BYTES:
        raise BadRequest(
            f"dataset.image_size={list(frame.size)}: {len(files):,} images unpack to "
            f"{size / 2**30:,.1f} GiB, more than {MAX_BYTES / 2**30:.0f}; "
            "take a smaller one, as in dataset.image_size=64"
        )
    decoder = _Decoder(files, _shared(shape, frame.dtype) if x is None else x, frame)
    result = Decoded(decoder.x, [], [])
    bar = tqdm(total=len(files), desc="read images", leave=False, unit="", disable=None)
    with bar:
        for found, problems in in_blocks(decoder, len(files)):
            result.found += found
            result.problems += problems
            bar.update(len(found))
    return result


def told(found: list[Found], frame: Frame) -> str:
    """As in "of 3 sizes, shrunk and stretched to 64x64, 2 in colour made grey"; height x width."""
    sizes = {one.size for one in found}
    text = f"of {len(sizes):,} sizes" if len(sizes) > 1 else "of {}x{}".format(*next(iter(sizes)))
    if sizes != {frame.size}:
        text += f", {_fitted(sizes, frame)} to {by(frame.size)}"
        text += f" on {frame.background}" if frame.fit == "pad" else ""
    colors = sum(one.has_color for one in found)
    if colors and frame.color == "grey":
        text += f", {_all_or(colors, found)}in colour made grey"
    deep = sum(one.is_deep for one in found)
    if deep:
        text += f", {_all_or(deep, found)}of 16 bits" + (" taken as 8" if frame.bits == 8 else "")
    transparent = sum(one.is_transparent for one in found)
    if transparent:
        text += f", {_all_or(transparent, found)}with transparency, laid on {frame.background}"
    return text


def _fitted(sizes: set[tuple[int, int]], frame: Frame) -> str:
    """What was done to pictures of such (height, width), as in "shrunk and padded"."""
    height, width = frame.size
    factors = []
    for h, w in sizes:
        sides = height / h, width / w
        factors += {"stretch": sides, "crop": (max(sides),), "pad": (min(sides),)}[frame.fit]
    scaled = "shrunk" if max(factors) <= 1 and min(factors) < 1 else ""
    scaled = "enlarged" if min(factors) >= 1 and max(factors) > 1 else scaled
    if scaled and all(h * width == w * height for h, w in sizes):
        return scaled
    return " and ".join(filter(None, [scaled, FITTED[frame.fit]]))


def is_changed(found: list[Found], frame: Frame) -> bool:
    """Whether a picture had what the frame has not."""
    as_it_is = Found(frame.size, has_color=frame.color == "rgb", is_deep=frame.bits == 16)
    return any(one != as_it_is for one in found)


def _all_or(count: int, found: list[Found]) -> str:
    """How many, where they are not all."""
    return "" if count == len(found) else f"{count:,} "


@dataclasses.dataclass(frozen=True)
class _Decoder:
    files: list[pathlib.Path]
    x: np.ndarray
    frame: Frame

    def __call__(self, start: int, stop: int) -> tuple[list[Found | None], list[str]]:
        """Write a block of files into x; returns what they were, and what could not be read."""
        founds, problems = [], []
        for row in range(start, stop):
            file = self.files[row]
            try:
                self.x[row], found = decoded(file, self.frame)
                founds.append(found)
            except Exception as error:  # each format has its own for a damaged file
                founds.append(None)
                problems.append(f"{shown(file, 300)}: {why_not(file, error)}")
        return founds, problems


def in_blocks(work: Callable[[int, int], Any], count: int) -> Iterator[Any]:
    """work(start, stop) of each block of `count` files, in order, by processes where it pays."""
    starts = range(0, count, BLOCK)
    stops = [min(start + BLOCK, count) for start in starts]
    processes = cores.count()
    if count <= ALONE or processes == 1 or "fork" not in _methods():
        yield from map(work, starts, stops)
        return
    pool = ProcessPoolExecutor(processes, multiprocessing.get_context("fork"), _begin, (work,))
    try:
        yield from pool.map(_block, starts, stops)
    except BrokenProcessPool:
        raise RunFailed(
            "a process that decodes images was killed, for lack of memory most likely; "
            "take fewer or smaller images"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


def _methods() -> list[str]:
    return multiprocessing.get_all_start_methods()


def _begin(work: Callable[[int, int], Any]) -> None:
    """In a new worker: the parent alone answers signals."""
    global _work
    _work = work
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _block(start: int, stop: int) -> Any:
    assert _work is not None  # since _begin
    return _work(start, stop)


def _shared(shape: tuple[int, ...], dtype) -> np.ndarray:
    """Zeros in memory that forked processes write into."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, max(1, size)), dtype)[: math.prod(shape)].reshape(shape)
