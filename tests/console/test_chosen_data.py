"""`aecli train data.csv` finds the reader, and the loss that fits it."""

import gzip

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from aecli.console.arguments import parse
from aecli.errors import BadRequest

TABLE = "height,weight\n1,2\n"
PIXELS = "label," + ",".join(f"pixel{i}" for i in range(9)) + "\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.csv", TABLE.encode(), ["dataset=table", "loss=mse"]),
        ("a.TSV", TABLE.replace(",", "\t").encode(), ["dataset=table", "loss=mse"]),
        ("a.csv.gz", gzip.compress(TABLE.encode()), ["dataset=table", "loss=mse"]),
        ("a.csv", PIXELS.encode(), ["dataset=csv"]),
        ("a.csv.gz", gzip.compress(PIXELS.encode()), ["dataset=csv"]),
        ("a.csv", b"1x1,1x2,2x1,2x2\n0,0,0,0\n", ["dataset=csv"]),
        ("a.csv", b"p1,p2,p3,p4\n0,0,0,0\n", ["dataset=table", "loss=mse"]),
        ("a.csv", b"", ["dataset=table", "loss=mse"]),
        ("a.ts", b"@data", ["dataset=series", "loss=mse"]),
        ("a.npz", b"", ["dataset=npz"]),
        ("a.npy", b"", ["dataset=npz"]),
        ("a.parquet", b"", ["dataset=parquet"]),
        ("t10k-images.idx3-ubyte.gz", b"", ["dataset=idx"]),
    ],
)
def test_a_file_finds_its_reader(name, data, words, here):
    (here / name).write_bytes(data)
    assert sorted(parse("train", [name]).overrides) == sorted([*words, f"dataset.path='{name}'"])


@pytest.mark.parametrize(
    ("shape", "dtype", "option"),
    [
        ((5, 4), "float32", "table"),
        ((5, 4), "int64", "table"),
        ((5, 64), "uint8", "npz"),
        ((5, 4, 4), "float32", "npz"),
    ],
)
def test_an_array_of_two_axes_is_a_table_but_for_bytes(shape, dtype, option, here):
    np.save(here / "a.npy", np.zeros(shape, dtype))
    np.savez(here / "b.npz", x=np.zeros(shape, dtype), y=np.arange(5))
    for name in ("a.npy", "b.npz"):
        assert f"dataset={option}" in parse("train", [name]).overrides


@pytest.mark.parametrize(
    ("names", "option"), [(["height", "weight"], "table"), (["pixel0", "pixel1"], "parquet")]
)
def test_parquet_is_a_table_where_it_names_no_pixels(names, option, here):
    columns = {name: np.zeros(3) for name in names}
    parquet.write_table(pyarrow.table(columns), here / "a.parquet")
    assert f"dataset={option}" in parse("train", ["a.parquet"]).overrides


def test_a_folder_is_one_of_pictures(here):
    (here / "it's mine").mkdir()
    words = parse("train", ["it's mine", "trainer.epochs=2"]).overrides
    assert words == ["trainer.epochs=2", "dataset=image_folder", "dataset.path='it\\'s mine'"]


def test_what_is_stated_counts(here):
    (here / "a.npy").touch()
    words = parse("train", ["a.npy", "dataset=series", "loss=mae"]).overrides
    assert words == ["dataset=series", "loss=mae", "dataset.path='a.npy'"]


@pytest.mark.parametrize(
    ("words", "loss"),
    [
        (["dataset=table"], True),
        (["-m", "dataset=table,series"], True),
        (["-m", "dataset=table,digits"], False),
        (["dataset=digits"], False),
        (["dataset=table", "experiment=dense_digits"], False),
        (["dataset=table", "resume=latest"], False),
        (["dataset=table", "loss=gaussian"], False),
    ],
)
def test_the_loss_that_fits_is_taken_where_none_is_stated(words, loss):
    assert ("loss=mse" in parse("train", words).overrides) == loss


def test_an_own_data_set_says_which_loss_fits(here):
    own = here / "configs" / "dataset"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("# Mine\n# @loss mae\n_target_: aecli.datasets.table.Table\n")
    assert "loss=mae" in parse("train", ["dataset=mine"]).overrides


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere.csv"], "nowhere.csv does not exist, seen from {here}"),
        (["a" * 5000], "is not key=value"),
        (["a/" + "a" * 5000], "does not exist"),
        (["a.xyz"], "a.xyz: no reader is known for it"),
        (["a.csv", "a.npy"], "one file or folder to learn from\na second part"),
        (["vae"], "'vae' is not key=value: did you mean model=vae?"),
    ],
)
def test_what_cannot_be_read_is_said(words, said, here):
    for name in ("a.xyz", "a.csv", "a.npy"):
        (here / name).touch()
    with pytest.raises(BadRequest) as refused:
        parse("train", words)
    assert said.format(here=here) in str(refused.value)


def test_a_run_finds_its_data_from_another_folder(here, typed, monkeypatch):
    from aecli import runs

    np.savetxt(here / "a.csv", np.random.default_rng(0).normal(size=(40, 3)), delimiter=",")
    words = ["trainer.epochs=1", "trainer.batch_size=8", "trainer.jit_compile=false", "figures=[]"]
    assert typed("train", "a.csv", *words)[0] == 0
    run = runs.find().folder.absolute()
    elsewhere = here / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert typed("eval", f"run={run}")[0] == 0
    assert typed("train", f"resume={run}", "trainer.epochs=2")[0] == 0
    assert runs.Run(run).status["epochs_done"] == 2
    (here / "a.csv").rename(here / "b.csv")
    assert typed("encode", f"run={run}", f"input={here / 'b.csv'}")[0] == 0
    code, said = typed("eval", f"run={run}")
    assert code == 2
    assert f"dataset.path: {here / 'a.csv'} does not exist" in said
