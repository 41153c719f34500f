"""The file formats: what is read, and that what is wrong is refused by name, place and remedy."""

import gzip
import io
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from aecli.datasets import idx_file, numpy_file
from aecli.datasets.csv import Csv
from aecli.datasets.idx import Idx
from aecli.datasets.image_folder import ImageFolder
from aecli.datasets.npz import Npz
from aecli.datasets.rows import Rows
from aecli.errors import BadRequest

WHOLE = {"test_size": "train", "validation_size": "test"}  # one part: all images
RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (12, 4, 4), np.uint8)
Y = np.arange(12, dtype=np.uint8) % 3
HTML = b"<!DOCTYPE html><html><body>404 Not Found</body></html>"


def idx_bytes(array):
    codes = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}
    code = codes[array.dtype.str[1:]]
    shape = struct.pack(f">{array.ndim}I", *array.shape)
    return (
        bytes((0, 0, code, array.ndim))
        + shape
        + array.astype(array.dtype.newbyteorder(">")).tobytes()
    )


def npz_bytes(compressed=True, **arrays):
    stream = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(stream, **arrays)
    return stream.getvalue()


def npy_bytes(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def write(folder, name, data):
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


def by_content(split):
    """{image bytes: label}, whatever the order"""
    return {x.tobytes(): int(label) for x, label in zip(split.x, split.labels, strict=True)}


EXPECTED = {x.tobytes(): int(label) for x, label in zip(X, Y, strict=True)}


# --- what is read


def csv_text(header, x=X, y=Y, label_at=0):
    table = np.insert(x.reshape(len(x), -1).astype(object), label_at, y, axis=1)
    return header + "\n".join(",".join(map(str, row)) for row in table) + "\n"


MNIST_HEADER = "label," + ",".join(f"{i}x{j}" for i in range(4) for j in range(4)) + "\n"
READABLE = {
    "npz keras": (Npz, "a.npz", npz_bytes(x_train=X, y_train=Y), {}),
    "npz x y": (Npz, "a.npz", npz_bytes(x=X, y=Y), {}),
    "npz stored": (Npz, "a.npz", npz_bytes(False, x=X, y=Y), {}),
    "npz flat": (Npz, "a.npz", npz_bytes(x=X.reshape(12, 16), y=Y), {}),
    "npz int64": (Npz, "a.npz", npz_bytes(x=X.astype(np.int64), y=Y[:, np.newaxis]), {}),
    "npz fortran": (Npz, "a.npz", npz_bytes(x=np.asfortranarray(X), y=Y.astype(float)), {}),
    "npz named": (Npz, "a.npz", npz_bytes(i=X, j=Y), {"x_key": "i", "y_key": "j"}),
    "idx": (Idx, "a", idx_bytes(X), {}),
    "idx gz": (Idx, "a.gz", gzip.compress(idx_bytes(X)), {}),
    "csv mnist": (Csv, "a.csv", csv_text(MNIST_HEADER), {}),
    "csv gz": (Csv, "a.csv.gz", gzip.compress(csv_text(MNIST_HEADER).encode()), {}),
    "csv excel": (Csv, "a.csv", "\ufeff" + csv_text(MNIST_HEADER).replace("\n", "\r\n"), {}),
    "csv quoted": (Csv, "a.csv", csv_text(MNIST_HEADER.replace("0x0", '"0,0"')), {}),
    "csv pandas": (
        Csv, "a.csv", csv_text("label," + ",".join(map(str, range(16))) + "\n"),
        {"shape": [4, 4]},
    ),
    "csv position": (Csv, "a.csv", csv_text(""), {"label": 0, "shape": [4, 4]}),
    "csv last": (
        Csv, "a.csv", csv_text("", label_at=16), {"label": -1, "shape": [4, 4]},
    ),
    "csv named": (Csv, "a.csv", csv_text(MNIST_HEADER.replace("label", "no")), {"label": "no"}),
    "csv semicolons": (
        Csv, "a.csv", csv_text(MNIST_HEADER).replace(",", ";"), {"delimiter": ";"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READABLE)
def test_every_layout_gives_the_same_images_and_labels(case, tmp_path):
    kind, name, data, options = READABLE[case]
    if kind is Idx:
        options = {"labels_path": write(tmp_path, "labels", idx_bytes(Y))}
    path = write(tmp_path, name, data)
    splits = kind(path=path, **WHOLE, **options).load()
    assert splits.train.x.dtype == np.uint8
    assert splits.data_shape == (4, 4, 1)
    assert splits.train.labels.dtype == np.int64
    assert by_content(splits.train) == EXPECTED
    assert path in splits.source


@pytest.mark.parametrize(
    ("array", "dtype", "values"),
    [
        (np.array([[0, 1]] * 3), np.uint8, [0, 255]),  # 0 and 1 are black and white
        (np.array([[False, True]] * 3), np.uint8, [0, 255]),
        (np.array([[0, 16]] * 3), np.uint8, [0, 16]),
        (np.array([[0, 256]] * 3), np.float32, [0, 256]),
        (np.array([[-1, 1]] * 3), np.float32, [-1, 1]),
        (np.array([[0.5, 255]] * 3), np.float32, [0.5, 255]),
        (np.array([[0.5, 1]] * 3, np.float16), np.float32, [0.5, 1]),
        (np.array([[0.5, 1]] * 3, ">f8"), np.float32, [0.5, 1]),
    ],
)
def test_numbers_keep_their_meaning(array, dtype, values, tmp_path):
    splits = Npz(path=write(tmp_path, "a.npz", npz_bytes(a=array)), **WHOLE).load()
    assert splits.train.x.dtype == dtype
    assert splits.train.x[0].ravel().tolist() == values
    assert splits.train.labels is None


@pytest.mark.parametrize(
    ("stored", "shape", "expected"),
    [
        ((5, 30), None, (1, 30, 1)),
        ((5, 36), None, (6, 6, 1)),
        ((5, 36), [1, 36], (1, 36, 1)),
        ((5, 36), [3, 4, 3], (3, 4, 3)),
        ((5, 6, 7), None, (6, 7, 1)),
        ((5, 6, 7, 3), None, (6, 7, 3)),
        ((5, 1, 6, 7), [6, 7], (6, 7, 1)),
    ],
)
def test_shapes(stored, shape, expected, tmp_path):
    x = np.arange(np.prod(stored)).reshape(stored) / 1e4
    path = write(tmp_path, "a.npy", npy_bytes(x))
    splits = Npz(path=path, shape=shape, **WHOLE).load()
    assert splits.data_shape == expected
    first = splits.train.x[splits.train.x[:, 0, 0, 0].argmin()]
    np.testing.assert_array_equal(first.ravel(), x[0].ravel().astype(np.float32))


def test_npz_with_a_test_part(tmp_path):
    data = npz_bytes(x_train=X[:9], y_train=Y[:9], x_test=X[9:], y_test=Y[9:])
    splits = Npz(path=write(tmp_path, "a.npz", data), validation_size=2).load()
    assert [len(splits.train), len(splits.val), len(splits.test)] == [7, 2, 3]
    np.testing.assert_array_equal(splits.test.x[..., 0], X[9:])
    np.testing.assert_array_equal(splits.test.labels, Y[9:])


def test_npz_without_the_labels_it_has(tmp_path):
    path = write(tmp_path, "a.npz", npz_bytes(x=X, y=Y))
    assert Npz(path=path, y_key=None, **WHOLE).load().train.labels is None


def test_npz_with_names_as_labels(tmp_path):
    path = write(tmp_path, "a.npz", npz_bytes(x=X, y=np.array(["dog", "ant", "cat"])[Y]))
    splits = Npz(path=path, classes=["dog"], **WHOLE).load()
    assert splits.label_names == ("ant", "cat", "dog")
    assert splits.train.labels.tolist() == [2] * 4


def test_an_npy_is_not_bound_by_what_may_be_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_file, "MAX_BYTES", 10)
    path = write(tmp_path, "a.npy", npy_bytes(RNG.random((50, 4, 4), np.float32)))
    assert isinstance(Npz(path=path).read().train.x, Rows)
    assert Npz(path=path).load().train.x.shape[1:] == (4, 4, 1)


def test_idx_types_and_test_files(tmp_path):
    x = RNG.normal(size=(6, 3, 3))
    for dtype in ("f4", "f8", "i2", "i4", "i1"):
        array = (x * 50).astype(dtype)
        path = write(tmp_path, dtype, idx_bytes(array))
        splits = Idx(path=path, test_path=path, validation_size="test").load()
        np.testing.assert_array_equal(splits.test.x[..., 0], array.astype(np.float32))
    both = {"test_path": path, "test_labels_path": write(tmp_path, "l", idx_bytes(Y[:6]))}
    splits = Idx(path=path, validation_size="test", **both).load()
    assert splits.train.labels is None
    assert splits.test.labels.tolist() == Y[:6].tolist()


def test_csv_of_measurements(tmp_path):
    text = "length,width,species\n5.1,3,setosa\n6,2.5,virginica\n4,3.5,setosa\n"
    splits = Csv(path=write(tmp_path, "a.csv", text), label="species", **WHOLE).load()
    assert splits.data_shape == (1, 2, 1)
    assert splits.train.x.dtype == np.float32
    assert splits.label_names == ("setosa", "virginica")
    rows = dict(
        zip(map(tuple, splits.train.x[:, 0, :, 0].tolist()), splits.train.labels, strict=True)
    )
    assert rows[(6.0, 2.5)] == 1
    assert rows[(4.0, 3.5)] == 0


def test_csv_without_a_label_column(tmp_path):
    path = write(tmp_path, "a.csv", "1,2,3,4\n5,6,7,8\n")
    splits = Csv(path=path, **WHOLE).load()
    assert splits.train.labels is None
    assert splits.data_shape == (1, 4, 1)
    (note,) = splits.notes
    assert "rows of 4 numbers; as images: dataset.shape=[2,2]; dataset=table knows" in note
    assert Csv(path=path, shape=[2, 2], **WHOLE).load().data_shape == (2, 2, 1)
    path = write(tmp_path, "b.csv", "label,a\n1,2\n3,4\n")
    assert Csv(path=path, label=None, **WHOLE).load().data_shape == (1, 2, 1)


def test_csv_with_more_labels_than_a_byte_holds(tmp_path):
    text = "label,a\n" + "".join(f"{i},{i % 256}\n" for i in range(400))
    splits = Csv(path=write(tmp_path, "a.csv", text), **WHOLE).load()
    assert splits.train.x.dtype == np.uint8
    assert sorted(splits.train.labels.tolist()) == list(range(400))
    assert np.array_equal(splits.train.x.ravel(), splits.train.labels % 256)


def test_csv_test_file_shares_label_numbers(tmp_path):
    train = write(tmp_path, "a.csv", "label,p\nb,1\nc,200\n")
    test = write(tmp_path, "b.csv", "label,p\na,3\nc,4\n")
    splits = Csv(path=train, test_path=test, validation_size="test").load()
    assert splits.label_names == ("a", "b", "c")
    assert splits.test.labels.tolist() == [0, 2]
    assert sorted(splits.train.labels.tolist()) == [1, 2]
    unlabelled = write(tmp_path, "c.csv", "p\n3\n4\n")
    splits = Csv(path=train, test_path=unlabelled, validation_size="test").load()
    assert splits.test.labels is None


def picture(folder, name, mode="L", size=(8, 6), color=None, **options):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color if color is not None else 0).save(path, **options)
    return path


def test_image_folder(tmp_path):
    for suffix in ("png", "jpg", "jpeg", "bmp", "gif", "webp", "tif", "TIFF"):
        picture(tmp_path, f"dark/deep/{suffix}.{suffix}", color=10)
        picture(tmp_path, f"bright/{suffix}.{suffix}", color=200)
    picture(tmp_path, ".hidden/a.png")
    (tmp_path / "notes.txt").write_text("no image")
    splits = ImageFolder(path=str(tmp_path), image_size=[4, 5], **WHOLE).load()
    assert splits.data_shape == (4, 5, 1)
    assert splits.train.x.dtype == np.uint8
    assert splits.label_names == ("bright", "dark")
    assert len(splits.train) == 16
    for x, label in zip(splits.train.x, splits.train.labels, strict=True):
        np.testing.assert_allclose(x.astype(int), 10 if label else 200, atol=3)


def test_image_folder_colour_transparency_orientation_and_frames(tmp_path):
    picture(tmp_path, "a.png", "RGB", color=(255, 0, 9))
    picture(tmp_path, "b.png", "RGBA", color=(255, 255, 255, 0))
    frame = Image.new("L", (8, 6), 200)
    Image.new("L", (8, 6), 50).save(tmp_path / "c.gif", save_all=True, append_images=[frame])
    turned = Image.new("L", (8, 4), 0)
    turned.paste(255, (0, 0, 4, 4))  # left half white; orientation 6 turns it to the top
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(tmp_path / "d.png", exif=exif)
    dataset = ImageFolder(path=str(tmp_path), image_size=[8, 4], color="rgb", **WHOLE)
    source = dataset.read().read()
    assert source.train.x.shape == (4, 8, 4, 3)
    assert source.train.labels is None
    a, b, c, d = source.train.x
    assert a[0, 0].tolist() == [255, 0, 9]
    assert np.all(b == 0)
    assert np.all(c == 50)
    assert np.all(d[:3] == 255)
    assert np.all(d[5:] == 0)


def test_image_folder_order_is_alphabetical(tmp_path):
    for i in (3, 1, 2, 0):
        picture(tmp_path, f"{i}.png", color=i)
    x = ImageFolder(path=str(tmp_path), image_size=[2, 2]).read().read().train.x
    assert x[:, 0, 0, 0].tolist() == [0, 1, 2, 3]


def test_image_folder_with_train_and_test(tmp_path):
    picture(tmp_path, "train/b/1.png", color=1)
    picture(tmp_path, "train/c/2.png", color=2)
    picture(tmp_path, "test/a/3.png", color=3)
    splits = ImageFolder(path=str(tmp_path), image_size=[2, 2], validation_size="test").load()
    assert splits.label_names == ("a", "b", "c")
    assert splits.test.labels.tolist() == [0]
    assert splits.test.x[0, 0, 0, 0] == 3
    picture(tmp_path, "val/a/4.png")
    with pytest.raises(BadRequest, match=r"test, train, val.*dataset\.path=.*train"):
        ImageFolder(path=str(tmp_path)).load()


# --- what is refused


SPRUNG = []


def spring():
    SPRUNG.append(True)


class Trap:
    """An object that leaves a trace when it is unpickled."""

    def __reduce__(self):
        return spring, ()


def header_bomb(container):
    """An array that declares 100 TB."""
    stream = io.BytesIO()
    shape = (100, 10**6, 10**6)
    np.lib.format.write_array_header_1_0(
        stream, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )
    if container == "npy":
        return stream.getvalue() + bytes(64)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("x.npy", stream.getvalue() + bytes(64))
    return archive.getvalue()


def flipped(data, at):
    damaged = bytearray(data)
    damaged[at] ^= 0xFF
    return bytes(damaged)


def with_value(value, dtype=np.float32):
    x = np.zeros((5, 2, 2, 1), dtype)
    x[3, 1, 0, 0] = value
    return x


NPZ = npz_bytes(x_train=X, y_train=Y)
STORED = npz_bytes(False, x_train=X, y_train=Y)
IDX = idx_bytes(X)
OBJECTS = np.array([Trap(), Trap()], object)
REFUSED = [
    (Npz, "a.npz", b"", "is empty"),
    (Npz, "a.npz", HTML, "is a web page, not data: the download failed"),
    (Npz, "a.npz", b"\n  <html>", "is a web page"),
    (Npz, "a.npz", b"label,p\n1,2\n", "is not NumPy's format"),
    (Npz, "a.npz", NPZ[: len(NPZ) // 2], r"incomplete or damaged \([\d,]+ bytes\): delete it"),
    (Npz, "a.npz", flipped(STORED, 200), "incomplete or damaged"),
    (Npz, "a.npz", header_bomb("npz"), "x declares 100,000,000,000,[0-9]+ bytes but has"),
    (Npz, "a.npz", npz_bytes(x=OBJECTS), "x holds Python objects, not numbers"),
    (Npz, "a.npz", npz_bytes(x=X, y=OBJECTS), "y holds Python objects"),
    (Npz, "a.npz", npz_bytes(x=np.zeros(3, "u1,f4")), "x holds records"),
    (Npz, "a.npz", npz_bytes(x=np.array([["a"]])), "x has dtype <U1, not numbers"),
    (Npz, "a.npz", npz_bytes(x=np.ones((3, 4), complex)), "x has dtype complex128"),
    (Npz, "a.npz", npz_bytes(x=np.zeros((0, 4, 4))), r"\(0, 4, 4\): there are no images"),
    (Npz, "a.npz", npz_bytes(x=np.zeros((4, 0))), "there are no images"),
    (Npz, "a.npz", npz_bytes(x=np.zeros(9)), r"shape \(9,\); expected \[N, H, W, C\]"),
    (Npz, "a.npz", npz_bytes(x=np.zeros((2,) * 5)), r"expected \[N, H, W, C\]"),
    (Npz, "a.npz", npz_bytes(x=with_value(np.nan)), r"1 values.*NaN.*= \[3, 1, 0, 0\]; remove"),
    (Npz, "a.npz", npz_bytes(x=with_value(-np.inf)), r"infinite.*\[3, 1, 0, 0\]"),
    (Npz, "a.npz", npz_bytes(x=with_value(1e300, float)), r"infinite in float32.*\[3, 1, 0, 0\]"),
    (Npz, "a.npz", npz_bytes(x=X, y=Y[:-1]), "y has 11 labels for 12 images"),
    (Npz, "a.npz", npz_bytes(x=X, y=np.eye(12)), r"y has shape \(12, 12\); labels are one number"),
    (Npz, "a.npz", npz_bytes(x=X, y=Y + 0.5), "y is float64 with fractions"),
    (Npz, "a.npz", npz_bytes(x=X, y=Y * np.nan), "y is float64 with fractions or NaN"),
    (Npz, "a.npz", npz_bytes(x_train=X, x_test=X[:, :3]), r"\(4, 4, 1\) and .*x_test.*\(3, 4, 1\)"),
    (Npz, "a.npz", npz_bytes(x_train=X, x_test=X / 255), "uint8 and .*x_test float64"),
    (Npz, "a.npz", npz_bytes(p=X, q=X), r"has p \(12, 4, 4\), q.*dataset\.x_key=NAME"),
    (Npz, "a.npz", npz_bytes(), "without an array"),
    (Npz, "a.npy", header_bomb("npy"), "declares 100,000,000,000,[0-9]+ bytes but has"),
    (Npz, "a.npy", npy_bytes(X)[:-1], "truncated or damaged"),
    (Npz, "a.npy", npy_bytes(X)[:20], "incomplete or damaged"),
    (Npz, "a.npy", npy_bytes(OBJECTS), "holds Python objects"),
    (Npz, "a.npy", npy_bytes(np.zeros((0, 4))), "there are no images"),
    (Idx, "a", b"", "is empty"),
    (Idx, "a", HTML, "is a web page"),
    (Idx, "a", b"\0\0", "is not an IDX file"),
    (Idx, "a", b"\x89PNG" + IDX, "is not an IDX file: it begins with 89 50 4e 47"),
    (Idx, "a", flipped(IDX, 2), "is not an IDX file"),
    (Idx, "a", IDX[:10], "truncated or damaged"),
    (Idx, "a", IDX[:-1], "declares 192 bytes .* has only 191: truncated or damaged; delete it"),
    (Idx, "a", IDX + b"\0", "has more: truncated or damaged"),
    (Idx, "a", IDX[:4] + b"\xff" * 12, "declares [0-9,]{20,} bytes"),
    (Idx, "a", gzip.compress(IDX)[:-20], r"is truncated or damaged \(\d+ bytes\): delete it"),
    (Idx, "a", flipped(gzip.compress(IDX), 40), "truncated or damaged"),
    (Idx, "a", gzip.compress(HTML), "is a web page"),
    (Idx, "a", idx_bytes(X[:0]), "there are no images"),
    (Idx, "a", idx_bytes(Y), r"shape \(12,\); expected"),
    (Idx, "a", idx_bytes(with_value(np.nan)[..., 0]), "NaN"),
    (Csv, "a.csv", "", "is empty"),
    (Csv, "a.csv", HTML, "is a web page"),
    (Csv, "a.csv", "\n\n", "has no rows of data"),
    (Csv, "a.csv", "label,p\n", "has no rows of data"),
    (Csv, "a.csv", "label\n1\n", "has a label column and nothing else"),
    (Csv, "a.csv", "label,p\n1,2\n1\n1,2\n1,2,3\n", r"a\.csv:3: 1 columns, expected 2.*; 5: 3"),
    (Csv, "a.csv", "label,p,q\n1,2\n1,2\n", r"a\.csv:2: 2 columns, expected 3"),
    (Csv, "a.csv", "1,2\n3,4\n\n5\n", r"a\.csv:4: 1 columns, expected 2"),
    (Csv, "a.csv", "label,p,q\n1,2,3\n1,x,3\n1,2,\n", r"csv:3:2: 'x' is not .*; 4:3: '' is not"),
    (Csv, "a.csv", "p,q\n1,nan\n", r"a\.csv:2:2: 'nan' is not a finite number"),
    (Csv, "a.csv", "p,q\n1.5,2\n-inf,2\n", r"a\.csv:3:1: '-inf' is not a finite number"),
    (Csv, "a.csv", "p,q\n1,1e300\n", r"a\.csv:2:2: '1e300'"),
    (Csv, "a.csv", "p,q\n1,1_000\n", r"a\.csv:2:2: '1_000'"),
    (Csv, "a.csv", "label,p\n3,1\n,1\n", r"a\.csv:3:1: the label is empty"),
    (Csv, "a.csv", "label,p\n1.5,1\n", "with fractions"),
    (Csv, "a.csv", "1,2,ant\n3,4,bee\n", r"a\.csv:1:3: 'ant'.*\n.*dataset\.label"),
    (Csv, "a.csv", "p;q\n1;2\n", r"'1;2' is not .*dataset\.delimiter=';'"),
    (Csv, "a.csv", b"\x89PNG\r\n\x1a\n\0\0", "is not a text file in UTF-8"),
    (Csv, "a.csv", gzip.compress(b"p,q\n" + b"1,2\n" * 9999)[:-12], "truncated or damaged"),
]


@pytest.mark.parametrize(
    ("kind", "name", "data", "message"), REFUSED, ids=[f"{c[0].__name__}-{c[3]}" for c in REFUSED]
)
def test_a_bad_file_is_refused_in_two_lines_that_name_it(kind, name, data, message, tmp_path):
    path = write(tmp_path, name, data)
    labels = {"labels_path": None} if kind is Idx else {}
    with pytest.raises(BadRequest, match=message) as caught:
        kind(path=path, **WHOLE, **labels).load()
    text = str(caught.value)
    assert path in text
    assert text.count("\n") <= 1
    assert "pickle" not in text
    assert not SPRUNG


def test_every_cut_of_an_npz_and_an_idx_is_refused(tmp_path):
    for kind, data in ((Npz, NPZ), (Npz, npy_bytes(X)), (Idx, IDX), (Idx, gzip.compress(IDX))):
        for size in range(len(data)):
            with pytest.raises(BadRequest):
                kind(path=write(tmp_path, "cut", data[:size])).load()


def test_every_damaged_byte_of_an_npz_is_refused_or_harmless(tmp_path):
    whole = Npz(path=write(tmp_path, "whole", NPZ), **WHOLE).load().train
    for at in range(len(NPZ)):
        path = write(tmp_path, "damaged", flipped(NPZ, at))
        try:
            found = Npz(path=path, **WHOLE).load().train
        except BadRequest:
            continue
        np.testing.assert_array_equal(found.x, whole.x)


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        (Npz, {"x_key": "z"}, r"dataset\.x_key=z: .* has no such array, but x \(12, 4, 4\), y"),
        (Npz, {"y_test_key": "z"}, r"dataset\.y_test_key=z"),
        (Npz, {"shape": [3, 5]}, r"dataset\.shape=\[3, 5\] has 15 values.*16"),
        (Npz, {"shape": [16]}, r"dataset\.shape"),
        (Npz, {"shape": [4, -4]}, r"dataset\.shape"),
        (Csv, {"label": "target"}, r"dataset\.label=target: .*columns are label, 0x0.*label=0"),
        (Csv, {"label": 17}, r"dataset\.label=17: .* has columns 0 to 16"),
        (Csv, {"delimiter": ""}, r"dataset\.delimiter"),
        (Csv, {"shape": [3, 5]}, r"dataset\.shape=\[3, 5\] has 15 values"),
        (Idx, {"test_labels_path": "x"}, r"dataset\.test_labels_path needs dataset\.test_path"),
        (Idx, {"labels_path": "no/such"}, r"dataset\.labels_path: no/such does not exist"),
    ],
)
def test_bad_options(kind, options, message, tmp_path):
    data = {Npz: npz_bytes(x=X, y=Y), Csv: csv_text(MNIST_HEADER), Idx: IDX}[kind]
    with pytest.raises(BadRequest, match=message):
        kind(path=write(tmp_path, "a", data), **options).load()


@pytest.mark.parametrize(
    ("kind", "option"), [(Npz, "npz"), (Csv, "csv"), (Idx, "idx"), (ImageFolder, "image_folder")]
)
def test_path_is_needed_and_must_be_there(kind, option, tmp_path):
    what = "FOLDER" if kind is ImageFolder else "FILE"
    needed = rf"^dataset\.path is needed: dataset={option} dataset\.path={what}$"
    with pytest.raises(BadRequest, match=needed):
        kind().load()
    with pytest.raises(BadRequest, match=r"dataset\.path: .*nowhere does not exist"):
        kind(path=str(tmp_path / "nowhere")).load()


@pytest.mark.parametrize("kind", [Npz, Csv, Idx])
def test_a_folder_is_no_file(kind, tmp_path):
    with pytest.raises(BadRequest, match=r"dataset\.path: .* is a folder, not a file"):
        kind(path=str(tmp_path)).load()


def test_what_unpacks_to_too_much_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(numpy_file, "MAX_BYTES", 10**6)
    monkeypatch.setattr(idx_file, "MAX_BYTES", 10**6)
    zeros = np.zeros((2000, 1000), np.uint8)
    with pytest.raises(BadRequest, match=r"unpacks to 0\.0 GiB, more than .*store .* as \.npy"):
        Npz(path=write(tmp_path, "a.npz", npz_bytes(x=zeros))).load()
    with pytest.raises(BadRequest, match="declares 2,000,000 bytes"):
        Idx(path=write(tmp_path, "a.gz", gzip.compress(idx_bytes(zeros)))).load()


def test_csv_test_file_must_have_the_same_columns(tmp_path):
    train = write(tmp_path, "a.csv", "label,p,q\n1,2,3\n4,5,6\n")
    other = write(tmp_path, "b.csv", "label,q,p\n1,2,3\n4,5,6\n")
    with pytest.raises(
        BadRequest, match=r"b\.csv and .*a\.csv have other columns or another order"
    ):
        Csv(path=train, test_path=other).load()


def test_a_bad_csv_names_at_most_five_places(tmp_path):
    path = write(tmp_path, "a.csv", "p,q\n" + "x,1\n" * 50)
    with pytest.raises(BadRequest) as caught:
        Csv(path=path).load()
    assert str(caught.value).count("'x'") == 5


def bad_images(folder):
    good = picture(folder, "ok.png", size=(64, 64)).read_bytes()
    noise = Image.fromarray(RNG.integers(0, 256, (64, 64), np.uint8))
    noise.save(folder / "whole.jpg")
    noise.save(folder / "whole.png")
    (folder / "empty.png").write_bytes(b"")
    (folder / "page.jpg").write_bytes(HTML)
    (folder / "short.jpg").write_bytes((folder / "whole.jpg").read_bytes()[:-900])
    (folder / "short.png").write_bytes((folder / "whole.png").read_bytes()[:-900])
    Image.fromarray(np.full((8, 8), 40_000, np.uint16)).save(folder / "deep.png")
    assert good


def test_every_unreadable_image_is_named(tmp_path):
    bad_images(tmp_path)
    with pytest.raises(BadRequest, match=r"4 of 8 images cannot be read") as caught:
        ImageFolder(path=str(tmp_path)).load()
    for name in ("empty.png", "page.jpg", "short.jpg", "short.png"):
        assert name in str(caught.value)
    assert "ok.png" not in str(caught.value)
    assert "deep.png" not in str(caught.value)


def test_image_folders_that_are_none(tmp_path):
    with pytest.raises(BadRequest, match="has no image"):
        ImageFolder(path=str(tmp_path)).load()
    loose = picture(tmp_path, "loose.png")
    with pytest.raises(BadRequest, match="is a file, not a folder"):
        ImageFolder(path=str(loose)).load()
    picture(tmp_path, "cats/a.png")
    with pytest.raises(BadRequest, match=r"both in sub-folders.*loose\.png"):
        ImageFolder(path=str(tmp_path)).load()
    with pytest.raises(BadRequest, match=r"dataset\.image_size"):
        ImageFolder(path=str(tmp_path), image_size=[8])
