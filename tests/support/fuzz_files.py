"""Small valid files of every format that the readers take."""

import gzip
import io
import struct
import zipfile

import numpy as np
from PIL import Image

X = np.random.default_rng(0).integers(0, 256, (6, 4, 4), np.uint8)
Y = np.arange(6, dtype=np.uint8) % 3
NAMES = np.array(["ant", "bee", "cat"])[Y]


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def idx(array: np.ndarray, code: int) -> bytes:
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return (
        bytes((0, 0, code, array.ndim))
        + shape
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def table(header: str, first: list, x: np.ndarray) -> bytes:
    rows = [",".join(map(str, [y, *row])) for y, row in zip(first, x.reshape(6, -1), strict=True)]
    return "\n".join([*([header] if header else []), *rows, ""]).encode()


def picture(kind: str, mode: str = "RGB", **options) -> bytes:
    image = Image.fromarray(np.repeat(np.tile(X[0], (2, 3))[..., np.newaxis], 3, 2)).convert(mode)
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def packed(members: dict[str, bytes], method: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return stream.getvalue()


ARRAYS = [X, X / 255, (X / 255).astype("<f4"), (X / 255).astype(">f4"), X > 99, X.astype(">i8"),
          np.asfortranarray(X), X.reshape(6, 16), np.stack([X] * 3, 3)]  # fmt: skip
PACKINGS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]
NPY = [npy(array) for array in ARRAYS]
MEMBERS = [
    {"x": npy(X), "y": npy(Y)},
    {"x_train": NPY[2], "y_train": npy(NAMES), "x_test": NPY[2], "y_test": npy(NAMES)},
    {"arr_0": NPY[1]},
]  # fmt: skip


def parquet(labels: np.ndarray, x: np.ndarray, compression: str) -> bytes:
    import pyarrow
    from pyarrow.parquet import write_table

    columns = {f"p{i}": column for i, column in enumerate(x.reshape(6, -1).T)}
    stream = io.BytesIO()
    write_table(pyarrow.table({**columns, "label": labels}), stream, 4, compression=compression)
    return stream.getvalue()


def mixed_csv(mark: str = ",") -> bytes:
    """Two numbers, of which some are missing, two columns of texts and a label."""
    rows = [f"{x[0]}|{x[1] / 7}|{name}|{'' if y else 'S'}|{y}" for x, y, name in zip(
        X.reshape(6, 16), Y, NAMES, strict=True)]  # fmt: skip
    text = "\n".join(["a|b|who|port|label", *rows, "|2.5|ant||1", ""])
    return text.replace("|", mark).encode()


def mixed_parquet(compression: str, encoded: bool) -> bytes:
    """The same as mixed_csv."""
    import pyarrow
    from pyarrow.parquet import write_table

    texts = pyarrow.array([*NAMES[:5], None])
    columns = {"a": pyarrow.array([*range(5), None], pyarrow.int16()), "b": X[:, 0, 0] / 7}
    columns |= {"who": texts.dictionary_encode() if encoded else texts, "label": NAMES}
    stream = io.BytesIO()
    write_table(pyarrow.table(columns), stream, 4, compression=compression)
    return stream.getvalue()


LABELS = idx(Y, 8)
IDX = [idx(X, 8), idx(X.astype("i2"), 11), idx(X / 255, 14), idx((X / 255).astype("f4"), 13)]
PIXELS = "label," + ",".join(f"p{i}" for i in range(16))
CSV = [
    table("", Y, X), table(PIXELS, Y, X), table(PIXELS, NAMES, X),
    table(PIXELS, [f'"{n}, ""x"""' for n in NAMES], X / 255), table("", Y, X / 7),
]  # fmt: skip
IMAGES = [
    picture("png"), picture("png", "P"), picture("png", "LA"), picture("jpeg"), picture("gif"),
    picture("jpeg", "CMYK", progressive=True), picture("bmp"), picture("bmp", "1"),
    picture("webp"), picture("webp", lossless=True), picture("tiff", compression="tiff_lzw"),
    picture("tiff"), picture("tiff", "L", compression="tiff_deflate"), picture("jpeg", "L"),
]  # fmt: skip
TEXTS = [
    b"one two, three\nfour\n" * 3, "a caf\u00e9\r\n\r\nat 3.5%\r\n".encode() * 2,
    b"label,sentence\n" + b'ant,"so, ""now"""\nbee,then\n' * 3,
    b"label\tsentence\n" + b'ant\t"so\nbee\tthen\n' * 3,
]  # fmt: skip
TS = b"""# waves
@problemName waves
@timeStamps false
@missing true
@univariate %s
@equalLength %s
@classLabel true ant bee
@data
"""
SERIES = {
    "series_ts": [
        TS % (b"true", b"true") + b"1,2.5,-3:ant\n4,?,6e1:bee\n" * 3,
        TS % (b"false", b"false") + b"1,2,3:7,8,9:ant\n4,5:1,1:bee\n" * 3,
    ],
    "series_csv": [
        b"t0,t1,t2,label\n" + b"1,2,3,ant\n4,5.5,,bee\n" * 3,
        b"id,time,value,other\n"
        + b"".join(b"%d,%d,%d,0.5\n" % (i // 4, i % 4, i) for i in range(24)),
    ],
    "series_npy": [
        npy(X.reshape(6, 16) / 7),
        npy(X / 7),
        packed({"x": npy(X / 3), "y": npy(Y)}, 0),
    ],
}
VALID = SERIES | {
    "npz": [packed(members, method) for members in MEMBERS for method in PACKINGS],
    "npy": NPY,
    "idx": [*IDX, LABELS, LABELS, *map(gzip.compress, [*IDX, LABELS])],
    "parquet": [parquet(*one) for one in ((Y, X, "zstd"), (NAMES, X / 7, "none"))],
    "csv": [*CSV, *map(gzip.compress, CSV[:2])],
    "image_folder": IMAGES,
    "table_csv": [mixed_csv(), mixed_csv("\t"), mixed_csv(";"), gzip.compress(mixed_csv())],
    "table_parquet": [mixed_parquet("zstd", True), mixed_parquet("none", False)],
    "table_npy": [npy(X.reshape(6, 16)), npy(X.reshape(6, 16) / 7)],
    "text": [*TEXTS, *map(gzip.compress, TEXTS[::2])],
}
SUFFIXES = {
    "series_ts": [".ts", ".ts.gz"], "series_csv": [".csv", ".csv.gz"],
    "series_npy": [".npy", ".npz"],
    "npz": [".npz"], "npy": [".npy"], "idx": ["-ubyte", ".gz"], "csv": [".csv", ".csv.gz"],
    "parquet": [".parquet"], "table_csv": [".csv", ".csv.gz", ".tsv"],
    "table_parquet": [".parquet"], "table_npy": [".npy"],
    "text": [".txt", ".txt.gz", ".csv", ".tsv"],
    "image_folder": [".png", ".jpg", ".gif", ".bmp", ".webp", ".tif"],
}  # fmt: skip
