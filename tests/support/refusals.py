"""What the tests of bad data share: a file, and the text that refuses it."""

import pathlib

import pytest

from aecli.errors import BadRequest

WHOLE = {"test_size": "train", "validation_size": "test"}  # one part: all images


def write(folder: pathlib.Path, name: str, data: bytes | str) -> str:
    (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return str(folder / name)


def refusal(kind: type, **options) -> str:
    """The text, of one or two lines without control characters."""
    with pytest.raises(BadRequest) as caught:
        kind(**WHOLE, **options).load()
    text = str(caught.value)
    assert text.count("\n") <= 1
    assert text.replace("\n", "").isprintable()
    return text
