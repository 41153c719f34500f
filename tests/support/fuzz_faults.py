"""Ways to break a file."""

import gzip
import random
import re
import struct
import zipfile
import zlib

from fuzz_files import MEMBERS, PACKINGS, SUFFIXES, VALID, packed

SIZES = [0, 1, 2, 5, 127, 128, 255, 256, 1000, 65535, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1]
NUMBERS = [b"-1", b"1e9", b"True", b"()", b"9" * 30, b"9" * 5000, *(b"%d" % n for n in SIZES)]
TYPES = [
    b"|O", b"|b1", b"|i1", b"<u8", b">i4", b"<f2", b">f4", b"<f8", b"<f16", b"<c8", b"<U3", b"<U0",
    b"|S4", b"|S0", b"|V8", b"|V0", b"<M8[ns]", b"<m8", b"(2,)<f4", b"<f4,<f4", b"(1,)<f4",
]  # fmt: skip
LITERALS = [b"True", b"", b"(" * 300, b"'", b"-" * 9000, b"\n  x\n y", b"1L", b"None", b"\\"]
TOKENS = [
    b"nan", b"-inf", b"1e999", b"1e39", b"-0", b"0x1F", b"1_000", b"12345678901234567890", b"1.5",
    b".", b"-", b"+", b'"', b'""', b'"a,b"', b"'", b",", b",,", b";", b"\t", b"\r", b"\n", b"\n\n",
    b"\0", b"#", b"%", "\u2028 \U0001f600 \u0661 \ufeff".encode(), "\uff11".encode(), b"True",
    b"label", b"ant", b"\xff\xfe", b"\xed\xa0\x80", b"7" * 400, b"a" * 140_000, b"\x1b[31m", b" ",
]  # fmt: skip
KEYS = ["z", "x_test", "y_train", "", "../x", "x\n\x1b[31m\nnot red", "\u202e", "n" * 5000, "a/b"]


def mutation(reader: str, seed: int, number: int) -> tuple[str, bytes, random.Random]:
    """(suffix, content, what else is drawn), always the same for the same numbers."""
    rng = random.Random(f"{seed} {reader} {number}")
    return rng.choice(SUFFIXES[reader]), broken(reader, rng), rng


def broken(reader: str, rng: random.Random) -> bytes:
    """A file for this reader with one to three faults, half of the time within its container."""
    data = rng.choice(VALID[reader])
    if rng.random() < 0.02:  # another format
        data = rng.choice(VALID[rng.choice(list(VALID))])
    inside = rng.random() < 0.5
    if reader == "npz" and inside:
        members = dict(rng.choice(MEMBERS))
        name = rng.choice(list(members))
        members[name] = faulty(members[name], rng)
        if rng.random() < 0.1:
            members[rng.choice(KEYS)] = members.pop(name)
        return packed(members, rng.choice((*PACKINGS, *PACKINGS, zipfile.ZIP_BZIP2)))
    if data[:2] == b"\x1f\x8b" and inside:
        return gzip.compress(faulty(gzip.decompress(data), rng))
    data = faulty(data, rng)
    return with_checksums(data) if inside else data


def faulty(data: bytes, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(FAULTS)(data, rng)
    return data


def _place(data: bytes, rng: random.Random) -> int:
    """Anywhere, or, where headers and directories are, near the beginning or the end."""
    n = len(data)
    return rng.choice(
        (rng.randint(0, n), rng.randint(0, min(n, 128)), rng.randint(max(0, n - 200), n))
    )


def _flips(data, rng):
    result = bytearray(data)
    for _ in range(rng.randint(1, 8) if data else 0):
        result[min(_place(data, rng), len(data) - 1)] ^= 1 << rng.randrange(8)
    return bytes(result)


def _run(data, rng):
    at, n = _place(data, rng), rng.randint(1, 24)
    run = rng.choice((bytes(n), b"\xff" * n, rng.randbytes(n)))
    return data[:at] + run + data[at + n :]


def _cut(data, rng):
    return data[: _place(data, rng)]


def _insertion(data, rng):
    at = _place(data, rng)
    return data[:at] + rng.randbytes(rng.randint(1, 40)) + data[at:]


def _repeat(data, rng):
    start, at = _place(data, rng), _place(data, rng)
    return data[:at] + data[start : start + rng.randint(1, 300)] * rng.randint(1, 3) + data[at:]


def _splice(data, rng):
    other = rng.choice(VALID[rng.choice(list(VALID))])
    return data[: _place(data, rng)] + other[_place(other, rng) :]


def _integer(data, rng):
    """A length, count, offset or dimension of 1 to 8 bytes, in either order."""
    at, code = _place(data, rng), rng.choice("BHIQ")
    value = struct.pack(rng.choice("<>") + code, rng.choice(SIZES) % 256 ** struct.calcsize(code))
    return data[:at] + value + data[at + len(value) :]


def _instead(pattern: bytes, choices: list[bytes]):
    def fault(data, rng):
        found = list(re.finditer(pattern, data[:4000]))
        if not found:
            return _flips(data, rng)
        at = rng.choice(found)
        return data[: at.start()] + rng.choice(choices) + data[at.end() :]

    return fault


def _token(data, rng):
    at = _place(data, rng)
    return data[:at] + rng.choice(TOKENS) + data[at:]


FAULTS = [
    _flips, _run, _cut, _insertion, _repeat, _splice, _integer, _integer, _token,
    _instead(rb"\d+", NUMBERS), _instead(rb"[<>|][a-z]\d+", TYPES),
    _instead(rb"True|False|'shape'|'descr'|[(){},]", LITERALS),
    _instead(rb"[^,\n]+", TOKENS), _instead(rb"[,\n]", TOKENS),
]  # fmt: skip


def with_checksums(data: bytes) -> bytes:
    """A PNG whose chunks have their right CRC again, so that its fields are read; others as is."""
    if data[:8] != b"\x89PNG\r\n\x1a\n":
        return data
    result, at = data[:8], 8
    while at + 12 <= len(data):
        end = at + 8 + min(struct.unpack(">I", data[at : at + 4])[0], len(data) - at - 12)
        result += data[at:end] + struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return result
