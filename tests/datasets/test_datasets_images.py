"""Image folders: what is stretched is said, what cannot be read is named."""

import os
import signal
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from fuzz_files import IMAGES, picture
from PIL import Image
from refusals import WHOLE

from aecli import cores
from aecli.datasets import image_file, image_files
from aecli.datasets.image_folder import ImageFolder
from aecli.errors import BadRequest, RunFailed


def folder(place, **options):
    return ImageFolder(path=str(place), **WHOLE, **options)


def png(width, height, depth=8, colour=0):
    """All zeros, without the pixels in memory; of colour 2 a pixel has three values."""

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    packer = zlib.compressobj()
    row = bytes(1 + width * depth // 8 * (colour + 1))
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", data), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def grey(path, width, height):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (width, height)).save(path)


def test_the_source_says_how_many_sizes_were_stretched(tmp_path):
    grey(tmp_path / "train/a.png", 8, 6)
    grey(tmp_path / "test/b.png", 8, 6)
    place = str(tmp_path)
    assert folder(place, image_size=[6, 8]).load().source == f"{place}: 2 images of 6x8"
    told = f"{place}: 2 images of 6x8, stretched to 4x4"
    assert folder(place, image_size=[4, 4]).load().source == told
    grey(tmp_path / "test/c.png", 5, 5)
    told = f"{place}: 3 images of 2 sizes, stretched to 6x8"
    assert folder(place, image_size=[6, 8]).load().source == told


def test_many_files_are_decoded_alike_by_processes(tmp_path, monkeypatch):
    for i in range(7):
        grey(tmp_path / f"{i}.png", 8 + i % 2, 6)
    alone = folder(tmp_path).load()
    monkeypatch.setattr(image_files, "ALONE", 1)
    monkeypatch.setattr(image_files, "BLOCK", 2)
    monkeypatch.setattr(cores, "count", lambda: 2)
    shared = folder(tmp_path).load()
    assert shared.source == alone.source
    np.testing.assert_array_equal(shared.train.x, alone.train.x)
    (tmp_path / "3.png").write_bytes(b"")
    with pytest.raises(BadRequest, match=r"1 of 7 .*3\.png: is empty"):
        folder(tmp_path).load()
    monkeypatch.setattr(image_files, "decoded", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    with pytest.raises(RunFailed, match="was killed, for lack of memory"):
        folder(tmp_path).load()


@pytest.mark.parametrize("number", range(len(IMAGES)))
def test_every_cut_of_an_image_is_refused_or_harmless(number, tmp_path):
    """What may be missing is what stands behind the pixels."""
    data = IMAGES[number]
    (tmp_path / "a.png").write_bytes(data)
    whole = folder(tmp_path, image_size=[8, 12], color="rgb").load().train.x
    for size in range(len(data)):
        (tmp_path / "a.png").write_bytes(data[:size])
        try:
            found = folder(tmp_path, image_size=[8, 12], color="rgb").load().train.x
        except BadRequest:
            continue
        np.testing.assert_array_equal(found, whole)


def test_what_the_tiff_library_says_is_said_by_us(tmp_path, capfd):
    for options in ({"compression": "tiff_lzw"}, {"compression": "jpeg"}):
        data = bytearray(picture("tiff", **options))
        data[12:40] = bytes(range(99, 127))
        (tmp_path / "a.tif").write_bytes(data)
        with pytest.raises(BadRequest, match=r"a\.tif: is truncated or damaged"):
            folder(tmp_path).load()
    os.write(2, b"still the terminal")
    assert capfd.readouterr() == ("", "still the terminal")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"is empty \(0 bytes\)$"),
        (b"\n<!DOCTYPE html><html>", "is a web page: the download failed$"),
        (b"label,p\n1,2\n", "is no image in PNG, JPEG, BMP, GIF, WEBP, TIFF, or is damaged$"),
        (IMAGES[0][:60], r"is truncated or damaged \("),
        (png(9000, 9000), "has more than 67,108,864 pixels, the limit; make it smaller$"),
        (png(20_000, 20_000), "has more than 67,108,864 pixels, the limit; make it smaller$"),
        (png(8, 8, depth=16, colour=2), r"has more than 8 bits a channel \(mode RGB\); convert"),
        (png(8, 8, depth=16), r"has more than 8 bits a channel \(mode I;16\); convert"),
    ],
)
def test_an_image_is_refused_with_its_reason(data, message, tmp_path, recwarn):
    grey(tmp_path / "good.png", 8, 8)
    (tmp_path / "bad.png").write_bytes(data)
    with pytest.raises(BadRequest, match=rf"^1 of 2 images .*bad\.png: {message}"):
        folder(tmp_path).load()
    assert not recwarn


def test_the_limit_of_pixels_is_itself_allowed(tmp_path, monkeypatch):
    monkeypatch.setattr(image_file, "MAX_PIXELS", 48)
    grey(tmp_path / "a.png", 8, 6)
    assert len(folder(tmp_path).load().train) == 1
    grey(tmp_path / "b.png", 7, 7)
    with pytest.raises(BadRequest, match=r"1 of 2 .*b\.png: has more than 48 pixels"):
        folder(tmp_path).load()


def test_a_tile_that_is_larger_than_its_image(tmp_path):
    """libtiff allocates it whole."""
    for side, message in ((2**8, None), (2**15, "has more than 67,108,864 pixels, the limit")):
        packed = zlib.compress(bytes(2**16))
        tags = [(256, 1), (257, 1), (258, 8), (259, 8), (262, 1), (322, side), (323, side),
                (324, 10 + 12 * 9 + 4), (325, len(packed))]  # fmt: skip
        entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
        data = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + packed
        (tmp_path / "a.tif").write_bytes(data)
        if message is None:
            assert not folder(tmp_path).load().train.x.any()
            continue
        with pytest.raises(BadRequest, match=rf"a\.tif: {message}"):
            folder(tmp_path).load()


def test_a_format_that_runs_a_program_is_not_opened(tmp_path, monkeypatch):
    """Pillow hands PostScript to Ghostscript."""
    mark = tmp_path / "mark"
    program = tmp_path / "gs"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    (tmp_path / "images").mkdir()
    path = tmp_path / "images" / "a.png"
    path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n%%EOF\n")
    with pytest.raises(BadRequest, match=r"a\.png: is no image in PNG"):
        folder(path.parent).load()
    assert not mark.exists()
    opened = f"from PIL import Image; Image.open({str(path)!r}).load()"
    subprocess.run([sys.executable, "-c", opened], capture_output=True)
    assert mark.exists()  # the trap works


def test_what_is_no_file_is_named_and_never_waited_for(tmp_path):
    grey(tmp_path / "folder.png/a.png", 8, 8)
    assert len(folder(tmp_path).load().train) == 1
    os.mkfifo(tmp_path / "folder.png" / "pipe.png")
    (tmp_path / "folder.png" / "gone.png").symlink_to(tmp_path / "nothing")
    with pytest.raises(BadRequest) as caught:
        folder(tmp_path / "folder.png").load()
    assert "pipe.png: is not a file" in str(caught.value)
    assert "gone.png: No such file or directory" in str(caught.value)


def test_names_of_files_and_folders_do_not_reach_the_terminal_as_they_are(tmp_path):
    name = "x\n\x1b[31m"
    grey(tmp_path / name / "a.png", 8, 8)
    (tmp_path / name / "b.png").write_bytes(b"")
    with pytest.raises(BadRequest, match=r"/x\\n\\x1b\[31m/b\.png: is empty"):
        folder(tmp_path).load()
    odd = tmp_path / os.fsdecode(b"\xff")
    odd.mkdir()
    (odd / "a.png").write_bytes(picture("png"))
    (tmp_path / name / "b.png").unlink()
    with pytest.raises(BadRequest, match="1 labels that are not Unicode text"):
        folder(tmp_path).load()


def test_images_that_unpack_to_too_much(tmp_path):
    grey(tmp_path / "a.png", 8, 8)
    with pytest.raises(
        BadRequest, match=r"image_size=\[99999, 99999\]: 1 images unpack to 9\.3 GiB, more than 8"
    ):
        folder(tmp_path, image_size=[99_999, 99_999]).load()
