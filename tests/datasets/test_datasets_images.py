"""Image folders: what is stretched is said, what cannot be read is named."""

import io
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
from aecli.fit.summary import _classes
from aecli.io import readers


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


def floats():
    stream = io.BytesIO()
    Image.new("F", (8, 8)).save(stream, "TIFF")
    return stream.getvalue()


def grey(path, width, height):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (width, height)).save(path)


def test_the_source_says_how_many_sizes_were_stretched(tmp_path):
    grey(tmp_path / "train/a.png", 8, 6)
    grey(tmp_path / "test/b.png", 8, 6)
    place = str(tmp_path)
    assert folder(place, image_size=[6, 8]).load().source == f"{place}: 2 images of 6x8"
    told = f"{place}: 2 images of 6x8, shrunk and stretched to 4x4"
    assert folder(place, image_size=[4, 4]).load().source == told
    grey(tmp_path / "test/c.png", 5, 5)
    told = f"{place}: 3 images of 2 sizes, enlarged and stretched to 6x8"
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
        (b"", r"is empty \(0 bytes\)"),
        (b"\n<!DOCTYPE html><html>", "is a web page: the download failed"),
        (b"label,p\n1,2\n", "is no image in PNG, JPEG, BMP, GIF, WEBP, TIFF, or is damaged"),
        (IMAGES[0][:60], r"is truncated or damaged \("),
        (png(9000, 9000), "has more than 67,108,864 pixels, the limit; make it smaller"),
        (png(20_000, 20_000), "has more than 67,108,864 pixels, the limit; make it smaller"),
        (floats(), r"has more than 16 bits a channel \(mode F\); convert"),
    ],
)
def test_an_image_is_refused_with_its_reason(data, message, tmp_path, recwarn):
    grey(tmp_path / "good.png", 8, 8)
    (tmp_path / "bad.png").write_bytes(data)
    with pytest.raises(BadRequest, match=rf"^1 of 2 images .*bad\.png: {message}.*\n.*=skip"):
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


# ---- what files are brought to -------------------------------------------------------------------


def save(path, x, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.asarray(x)).save(path, **options)


GREYS = np.arange(48, dtype=np.uint8).reshape(6, 8)


def test_colour_is_found_where_pixels_have_it(tmp_path):
    save(tmp_path / "a.png", GREYS)
    Image.fromarray(GREYS).save(tmp_path / "b.webp", lossless=True)  # which has no grey
    save(tmp_path / "c.png", np.stack([GREYS] * 3, -1))
    Image.fromarray(GREYS).convert("P").save(tmp_path / "d.gif")
    splits = folder(tmp_path, image_size=[6, 8]).load()
    assert splits.data_shape == (6, 8, 1)
    assert splits.source == f"{tmp_path}: 4 images of 6x8"
    for x in splits.train.x:
        np.testing.assert_array_equal(x[..., 0], GREYS)
    red = np.zeros((6, 8, 3), np.uint8)
    red[2, 3] = [200, 10, 10]
    Image.fromarray(red).quantize(4).save(tmp_path / "e.png")  # a palette
    splits = folder(tmp_path, image_size=[6, 8]).load()
    assert splits.data_shape == (6, 8, 3)
    assert any((x == red).all() for x in splits.train.x)
    splits = folder(tmp_path, image_size=[6, 8], color="grey").load()
    assert splits.source == f"{tmp_path}: 5 images of 6x8, 1 in colour made grey"
    luma = round(0.299 * 200 + 0.587 * 10 + 0.114 * 10)  # ITU-R 601-2
    assert any(x[2, 3, 0] == luma for x in splits.train.x)


def test_stretch_crop_and_pad(tmp_path):
    """A wide picture, white but for its black left and right quarter."""
    x = np.full((16, 32), 255, np.uint8)
    x[:, :8] = x[:, 24:] = 0
    save(tmp_path / "a.png", x)

    def found(**options):
        splits = folder(tmp_path, image_size=8, **options).load()
        return splits.train.x[0, ..., 0], splits.source.partition(": ")[2]

    stretched, told = found()
    assert told == "1 images of 16x32, shrunk and stretched to 8x8"
    assert stretched[4].tolist()[0] == 0
    assert stretched[4].tolist()[4] == 255
    cropped, told = found(fit="crop")
    assert told == "1 images of 16x32, shrunk and cut to 8x8"
    assert (cropped[:, 1:7] == 255).all()
    assert cropped[4, 0] > 200
    padded, told = found(fit="pad", background="#505050")
    assert told == "1 images of 16x32, shrunk and padded to 8x8 on #505050"
    assert (padded[:2] == 0x50).all()
    assert (padded[6:] == 0x50).all()
    assert padded[3, 0] == 0
    assert padded[3, 4] == 255
    with pytest.raises(BadRequest, match=r"dataset\.background must be a colour.*got 'mauvy'"):
        found(background="mauvy")


def test_what_is_transparent_shows_the_background(tmp_path):
    x = np.zeros((4, 4, 4), np.uint8)
    x[0], x[1] = [255, 0, 0, 255], [255, 0, 0, 51]  # opaque, and a fifth
    save(tmp_path / "a.png", x)
    save(tmp_path / "b.png", x[..., :3])
    Image.fromarray(x).quantize(8).save(tmp_path / "c.png")
    for background, light in (("black", 0), ("white", 255)):
        splits = folder(tmp_path, image_size=4, background=background)
        source = splits.read().read()
        told = f"3 images of 4x4, 2 with transparency, laid on {background}"
        assert source.origin == f"{tmp_path}: {told}"
        assert source.reader["background"] == background
        for i in (0, 2):
            a = source.train.x[i]
            assert a[0, 0].tolist() == [255, 0, 0]
            below = 0.8 * light
            np.testing.assert_allclose(a[1, 0], [51 + below, below, below], atol=2)
            assert a[3, 3].tolist() == [light] * 3


def test_grey_files_of_16_bits_keep_them(tmp_path):
    deep = (np.arange(64).reshape(8, 8) * 1021).astype(np.uint16)
    deep[0, 0] = 65535
    save(tmp_path / "a.png", deep)
    save(tmp_path / "b.tif", deep)
    save(tmp_path / "c.png", np.full((8, 8), 200, np.uint8))
    splits = folder(tmp_path, image_size=8, scale="none").load()
    assert splits.source == f"{tmp_path}: 3 images of 8x8, 2 of 16 bits"
    x = folder(tmp_path, image_size=8).read().read().train.x[..., 0]
    np.testing.assert_array_equal(x[0], deep)
    np.testing.assert_array_equal(x[1], deep)
    assert (x[2] == 200 * 257).all()
    splits = folder(tmp_path, image_size=8, bits=8).load()
    assert splits.source == f"{tmp_path}: 3 images of 8x8, 2 of 16 bits taken as 8"
    assert splits.train.x.dtype == np.uint8
    (tmp_path / "d.png").write_bytes(png(8, 8, depth=16, colour=2))
    splits = folder(tmp_path, image_size=8, color="rgb").load()
    assert splits.source == f"{tmp_path}: 4 images of 8x8, 3 of 16 bits taken as 8"


SAID = {  # a picture's (height, width), how it is fitted to 8x8, and what is said
    (480, 480, "stretch"): "480x480, shrunk to 8x8",
    (480, 640, "stretch"): "480x640, shrunk and stretched to 8x8",
    (480, 4, "stretch"): "480x4, stretched to 8x8",
    (4, 4, "crop"): "4x4, enlarged to 8x8",
    (8, 32, "crop"): "8x32, cut to 8x8",
    (8, 32, "pad"): "8x32, shrunk and padded to 8x8 on black",
    (8, 4, "pad"): "8x4, padded to 8x8 on black",
}


@pytest.mark.parametrize(("height", "width", "fit"), SAID)
def test_one_photo_for_a_grey_run_is_said_to_be_shrunk_and_greyed(height, width, fit, tmp_path):
    save(tmp_path / "train" / "a.png", GREYS)
    learnt = folder(tmp_path / "train", image_size=8, fit=fit).load().learnt
    x = np.zeros((height, width, 3), np.uint8)
    x[..., 0] = 200
    save(tmp_path / "photo.png", x)
    (note,) = readers.found(str(tmp_path / "photo.png"), learnt, "test").notes
    said = f"{tmp_path}/photo.png: {SAID[height, width, fit]}, in colour made grey"
    assert note == said


def test_a_picture_for_a_run_is_fitted_as_its_training_s_and_says_how(tmp_path):
    save(tmp_path / "train" / "a.png", GREYS)
    learnt = folder(tmp_path / "train", image_size=4, fit="pad", background="white").load().learnt
    x = np.zeros((16, 32, 3), np.uint8)
    x[..., 0] = 200
    save(tmp_path / "photo.png", x)
    found = readers.found(str(tmp_path / "photo.png"), learnt, "test")
    told = "16x32, shrunk and padded to 4x4 on white, in colour made grey"
    assert found.notes == (f"{tmp_path}/photo.png: {told}",)
    assert found.split.x[0, :, 0, 0].tolist() == [255, 60, 60, 255]  # 0.299 * 200
    save(tmp_path / "small.png", np.zeros((4, 4), np.uint8))
    assert readers.found(str(tmp_path / "small.png"), learnt, "test").notes == ()


def test_classes_are_counted_over_all_parts(tmp_path):
    for part, labels in (("train", "pq"), ("test", "pr")):
        for label in labels:
            save(tmp_path / part / label / "a.png", GREYS)
    assert _classes(folder(tmp_path).load()).strip() == "3 classes"
    assert _classes(folder(tmp_path / "train" / "p").load()) == ""


def test_bad_files_are_skipped_by_name(tmp_path):
    for label in "pq":
        for i in range(6):
            save(tmp_path / label / f"{i}.png", np.full((8, 8), 10 * i, np.uint8))
    (tmp_path / "p" / "2.png").write_bytes(b"")
    (tmp_path / "q" / "4.png").write_bytes((tmp_path / "q" / "5.png").read_bytes()[:50])
    with pytest.raises(BadRequest, match=r"2 of 12 images .*\n.*dataset\.on_error=skip"):
        folder(tmp_path).load()
    splits = folder(tmp_path, image_size=8, on_error="skip").load()
    (note,) = splits.notes
    assert "2 of 12 images cannot be read and are skipped: " in note
    assert "p/2.png: is empty (0 bytes); " in note
    assert "q/4.png: is truncated or damaged" in note
    assert splits.source == f"{tmp_path}: 10 images of 8x8"
    found = sorted(zip(splits.train.labels.tolist(), splits.train.x[:, 0, 0, 0], strict=True))
    assert found == [(0, v) for v in (0, 10, 30, 40, 50)] + [(1, v) for v in (0, 10, 20, 30, 50)]
    few = folder(tmp_path, image_size=8, on_error="skip", limit=3).load()
    assert len(few.train) == 3
    for file in tmp_path.rglob("*.png"):
        file.write_bytes(b"")
    with pytest.raises(BadRequest, match=r"12 of 12 images cannot be read: .*; .*/p/4\.png"):
        folder(tmp_path, on_error="skip").load()
