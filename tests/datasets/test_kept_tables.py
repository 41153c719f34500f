"""Tables that are large beside the memory are kept as float32 and read from there, bit for bit."""

import numpy as np
import pyarrow as pa
import pytest
from options import contents
from pyarrow import csv, parquet

from aecli import build, cache
from aecli.datasets import kept, kept_tables, rows, table_blocks, table_parts, table_texts
from aecli.errors import BadRequest

N = 300


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A cache of the test's own; blocks of a few rows."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "aecli")
    monkeypatch.setattr(table_blocks, "BLOCK", 64)
    monkeypatch.setattr(kept, "BLOCK", 1000)
    monkeypatch.setattr(kept_tables, "WINDOW", 512)
    return tmp_path


@pytest.fixture
def many(place, monkeypatch):
    """Any table is too much for memory."""
    monkeypatch.setattr(table_parts, "IN_PLACE_BYTES", 0)
    monkeypatch.setattr(rows, "SMALL_BYTES", 0)
    return place


def table(seed=0):
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(N, 3)).astype("float32")
    mask = rng.random(N) < 0.1
    return pa.table(
        {
            "a": pa.array(numbers[:, 0], mask=mask),
            "b": numbers[:, 1] * 1000,
            "who": [f"row {i}é" for i in range(N)],
            "sex": [["male", "female", None][i % 3] for i in range(N)],
            "c": numbers[:, 2],
            "label": [["later", "first"][int(x > 0)] for x in numbers[:, 1]],
        }
    )


def written(folder, suffix, values=None, name="t"):
    file = folder / f"{name}{suffix}"
    values = table() if values is None else values
    if suffix == ".csv":
        csv.write_csv(values, file)
    else:
        parquet.write_table(values, file, row_group_size=70)
    return file


def load(file, **changes):
    node = contents("dataset", "table") | {"path": str(file), "seed": 0, "missing": "indicator"}
    return build.component(node | changes, "dataset").load()


def kept_files(folder):
    return sorted((folder / "aecli" / "tables").glob("*.table"))


def same(mine, theirs):
    assert (mine.learnt.coding, mine.notes) == (theirs.learnt.coding, theirs.notes)
    assert mine.fingerprints == theirs.fingerprints
    for name in ("train", "val", "test"):
        ours, other = getattr(mine, name), getattr(theirs, name)
        np.testing.assert_array_equal(ours.x[:], other.x[:])
        np.testing.assert_array_equal(ours.labels, other.labels)
        np.testing.assert_array_equal(np.asarray(ours.ids), np.asarray(other.ids))


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
@pytest.mark.parametrize("scale", ["none", "minmax", "standard", "robust", "quantile"])
def test_both_ways_are_the_same_to_the_bit(place, suffix, scale, monkeypatch):
    file, settings = written(place, suffix), {"scale": scale, "id_column": "who"}
    whole = load(file, **settings)
    monkeypatch.setattr(table_parts, "IN_PLACE_BYTES", 0)
    monkeypatch.setattr(rows, "SMALL_BYTES", 0)
    for streamed in (load(file, **settings), load(file, **settings)):  # converted, and found
        assert isinstance(streamed.train.x, rows.Rows)
        same(streamed, whole)
    assert len(kept_files(place)) == 1


@pytest.mark.parametrize("missing", ["drop", "mean"])
def test_gaps_are_treated_alike(place, missing, monkeypatch):
    settings = {"missing": missing, "counts": ["n"], "id_column": "who", "categories": ["sex"]}
    values = table().append_column("n", pa.array(np.arange(N) % 7))
    test = written(place, ".csv", values.slice(0, 40).select([*values.column_names[::-1]]), "test")
    file = written(place, ".parquet", values)
    whole = load(file, test_path=str(test), **settings)
    monkeypatch.setattr(table_parts, "IN_PLACE_BYTES", 0)
    monkeypatch.setattr(rows, "SMALL_BYTES", 0)
    same(load(file, test_path=str(test), **settings), whole)
    same(
        load(file, limit=20, test_path=str(test), **settings),
        load(file, limit=20, test_path=str(test), cache=False, **settings),
    )


def test_one_learnt_from_a_file_reads_another_in_place(many):
    learnt = load(written(many, ".csv"), id_column="who").learnt
    other = written(many, ".parquet", table(1).select(["who", "c", "sex", "b", "a", "label"]), "o")
    node = contents("dataset", "table") | {"path": str(other), "seed": 0, "scale": "none"}
    streamed = build.component(node, "dataset").load(learnt)
    assert isinstance(streamed.train.x, rows.Rows)
    same(streamed, build.component(node | {"cache": False}, "dataset").load(learnt))
    unknown = table(1).set_column(3, "sex", pa.array(["male"] * 299 + ["other"]))
    node["path"] = str(written(many, ".parquet", unknown, "u"))
    with pytest.raises(BadRequest, match="row 299é, column 'sex' has 'other'"):
        build.component(node, "dataset").load(learnt)


@pytest.mark.parametrize("damage", ["bit", "cut", "json"])
def test_what_is_damaged_or_changed_is_converted_anew(many, damage):
    file = written(many, ".csv")
    load(file, id_column="who")
    whole = load(file, id_column="who", cache=False)
    (path,) = kept_files(many)
    raw = bytearray(path.read_bytes())
    if damage == "bit":
        raw[5] ^= 1
    elif damage == "cut":
        del raw[-9:]
    else:
        raw = raw.replace(b'"rows": 300', b'"rows": 200')
    path.write_bytes(raw)
    same(load(file, id_column="who"), whole)
    assert path.read_bytes() != raw
    written(many, ".csv", table(1))
    assert (load(file, id_column="who").train.x[:] != whole.train.x[:]).any()
    assert len(kept_files(many)) == 2


def spoilt(file, how):
    text = file.read_text()
    if how == "cell":
        file.write_text(text.replace('"row 295é"', '1,"row 295é"'))
    elif how == "cut":
        file.write_text(text[:-40])
    else:
        file.write_text(text.replace("later", "l" * 300, 1))


@pytest.mark.parametrize(
    ("how", "said"), [("cell", "Expected 6 columns"), ("cut", "6 columns"), ("long", "256 are the")]
)
def test_a_bad_file_is_refused_and_nothing_is_left(many, how, said):
    file = written(many, ".csv")
    spoilt(file, how)
    with pytest.raises(BadRequest, match=said):
        load(file, id_column="who")
    assert [path.name for path in (many / "aecli" / "tables").iterdir()] == [".lock"]


def test_a_file_that_changes_while_it_is_read(many, monkeypatch):
    file, really = written(many, ".csv"), kept_tables.Gathered

    def gathered(*arguments):
        found = really(*arguments)
        file.write_bytes(file.read_bytes() + b"\n")
        return found

    monkeypatch.setattr(kept_tables, "Gathered", gathered)
    with pytest.raises(BadRequest, match="changed while it was read"):
        load(file, id_column="who")
    assert kept_files(many) == []


def test_without_room_it_is_read_into_memory_or_refused(many, monkeypatch):
    file = written(many, ".csv")
    monkeypatch.setattr(kept_tables, "MOST", 100)
    assert isinstance(load(file, id_column="who").train.x, np.ndarray)
    monkeypatch.setattr(table_parts, "SMALL", 1)
    monkeypatch.setattr(table_parts.memory, "free", lambda: 10)
    with pytest.raises(BadRequest, match=r"are more than are kept\)\nwith .* GB of disc"):
        load(file, id_column="who")


def test_too_many_labels_are_refused_early(many, monkeypatch):
    monkeypatch.setattr(table_texts, "MOST_LABELS", 100)
    with pytest.raises(BadRequest, match="'who' holds more than 100 different texts"):
        load(written(many, ".csv"), label_column="who", id_column=None)


@pytest.mark.slow  # 6 s
def test_a_training_is_the_same_both_ways(place, compose, monkeypatch):
    config = compose("trainer.batch_size=32", "trainer.epochs=2", "trainer.feed=streaming")
    file, found = written(place, ".csv"), []
    for size in (table_parts.IN_PLACE_BYTES, 0):
        monkeypatch.setattr(table_parts, "IN_PLACE_BYTES", size)
        monkeypatch.setattr(rows, "SMALL_BYTES", size)
        splits = load(file, id_column="who")
        trainer = build.component(config.trainer, "trainer")
        steps = trainer.total_steps(len(splits.train)), trainer.steps_per_epoch(len(splits.train))
        model = build.model(config, splits.data_shape)
        optimizers = {"model": build.optimizer(config, *steps)}
        feed = trainer.make_feed(splits, build.preparation(config))
        history = trainer.fit(model, optimizers, feed, len(splits.train)).history
        found.append((history["loss"], history["val_loss"], *model.get_weights()))
    assert len(kept_files(place)) == 1
    for ours, other in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, other)
