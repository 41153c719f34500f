"""What a training learnt of its data is what every later command uses: units, scaling, labels."""

import csv
import json
import pathlib
import shutil

import keras
import numpy as np
import pytest

from aecli import runs
from aecli.commands.decode import decode
from aecli.commands.detect import detect
from aecli.commands.encode import encode
from aecli.commands.export import export
from aecli.commands.reconstruct import reconstruct
from aecli.datasets import learnt_file, units
from aecli.dataspec import DataSpec
from aecli.errors import BadRequest
from aecli.fit.start import train
from aecli.io import request
from aecli.metrics.evaluating import evaluate
from aecli.runs import data as run_data

NAMES = {"model": "ae", "dataset": "csv", "noise": "none", "experiment": None}
SMALL = ["trainer.epochs=3", "trainer.jit_compile=false", "figures=[]", "trainer.batch_size=16"]
TABLE = ["dataset=csv", "loss=mse", "model.latent_dim=2", "network.widths=[8]"]
RNG = np.random.default_rng(0)


def write_csv(path, rows, header="a,b,c,d,e", labels=None, delimiter=",") -> pathlib.Path:
    lines = [] if header is None else [header.replace(",", delimiter)]
    for number, row in enumerate(rows):
        cells = [f"{value:.9g}" for value in row]
        lines.append(delimiter.join(cells + ([labels[number]] if labels is not None else [])))
    path.write_text("\n".join(lines) + "\n")
    return path


def readings(n: int, seed: int = 0) -> np.ndarray:
    """[n, 5] correlated readings of very different scales."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 2))
    mixed = z @ np.array([[1, 2, 0, 1, -1], [0, 1, 1, -1, 2]]) + 0.05 * rng.normal(size=(n, 5))
    return mixed * [1, 10, 100, 0.1, 5] + [0, 50, -300, 2, 20]


@pytest.fixture
def lab(compose, tmp_path, monkeypatch):
    """lab.train(...) -> Run; lab.ask("encode", run, ...) -> its config; in an empty folder."""
    monkeypatch.chdir(tmp_path)

    class Lab:
        def train(self, *words) -> runs.Run:
            words = [*SMALL, *words, "outputs=runs"]
            return runs.Run(train(compose(*words), NAMES, words).folder)

        def ask(self, command, run, *words):
            return compose(f"run={run.folder}", *words, command=command)

        def codes(self, run, *words) -> np.ndarray:
            with np.load(encode(self.ask("encode", run, *words))) as stored:
                return stored["code"]

        def detected(self, run, *words) -> tuple[dict, list[str]]:
            done = detect(self.ask("detect", run, *words))
            with done.table.open(newline="") as file:
                return done.values, [row["verdict"] for row in csv.DictReader(file)]

    return Lab()


# ---- scaling -------------------------------------------------------------------------------------


def test_an_appended_a_missing_and_a_moved_file_change_no_code(lab, tmp_path, capsys):
    """Scaled by what the training saw: 600 rows more once made another code of the same row."""
    path = write_csv(tmp_path / "train.csv", readings(200))
    run = lab.train(*TABLE, f"dataset.path={path}", "dataset.scale=standard")
    one = write_csv(tmp_path / "one.csv", readings(3, seed=1))
    before = lab.codes(run, f"input={one}")
    write_csv(path, np.concatenate([readings(200), 40 * readings(600, seed=2)]))
    capsys.readouterr()
    assert lab.codes(run, f"input={one}").tobytes() == before.tobytes()
    assert "changed" not in capsys.readouterr().err
    lab.codes(run)  # its own data, which are others now
    assert "not the data of the training any more, train, val, test changed" in (
        capsys.readouterr().err
    )
    path.unlink()
    shutil.move(run.folder, tmp_path / "elsewhere")
    moved = runs.Run(tmp_path / "elsewhere")
    assert lab.codes(moved, f"input={one}").tobytes() == before.tobytes()
    with pytest.raises(BadRequest, match="does not exist"):
        lab.codes(moved)


def test_a_run_without_its_data_detects_decodes_and_exports(lab, tmp_path, capsys):
    path = write_csv(tmp_path / "train.csv", readings(200))
    run = lab.train(*TABLE, f"dataset.path={path}", "dataset.scale=standard")
    x = readings(40, seed=1)
    x[20:, 0] += 8  # broken sensor
    given = write_csv(tmp_path / "new.csv", x)
    with_data, verdicts = lab.detected(run, f"input={given}")
    path.unlink()
    values, again = lab.detected(run, f"input={given}")
    assert again == verdicts
    assert values["threshold"] == with_data["threshold"]
    assert again[20:].count("anomalous") >= 18
    codes = lab.codes(run, f"input={given}", "output=codes.npz")
    decoded = np.load(decode(lab.ask("decode", run, "input=codes.npz")))["x"]
    made = np.load(reconstruct(lab.ask("reconstruct", run, f"input={given}")))["x"]
    np.testing.assert_allclose(decoded, made, rtol=1e-5)
    # in the units of the file, not in standard deviations
    assert abs(made[:20, 2].mean() - x[:20, 2].mean()) < 30
    folder, differences = export(lab.ask("export", run, "format=keras", "output=made"))
    assert max(differences.values()) < 1e-2
    assert "not at hand" in capsys.readouterr().err
    # the exported model and plain Keras take raw rows
    raw = x.astype("float32")
    exported = keras.models.load_model(folder / "encoder.keras")
    np.testing.assert_allclose(np.asarray(exported(raw)), codes, rtol=1e-3, atol=1e-4)
    whole = keras.models.load_model(folder / "autoencoder.keras")
    np.testing.assert_allclose(np.asarray(whole(raw)), made, rtol=1e-3, atol=1e-3)
    plain = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    np.testing.assert_allclose(plain.raw.encode(x), codes, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(plain.raw.reconstruct(x), made, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(plain.raw.decode(codes), decoded, rtol=1e-5, atol=1e-4)


def test_dataset_and_input_give_the_same_numbers(lab, tmp_path):
    """Once: 20 % of normal rows flagged without a scale, and none at all with one fitted anew."""
    path = write_csv(tmp_path / "train.csv", readings(400))
    run = lab.train(
        *TABLE, f"dataset.path={path}", "dataset.scale=standard", "trainer.epochs=40", "n_jobs=1"
    )
    x = readings(200, seed=1)
    x[100:, 0] += 8
    half = write_csv(tmp_path / "half.csv", x)
    whole = ["dataset=csv", f"dataset.path={half}", "dataset.test_size=train"]
    whole += ["dataset.validation_size=test"]
    values, verdicts = lab.detected(run, f"input={half}")
    assert np.mean([v == "anomalous" for v in verdicts[:100]]) <= 0.1
    assert np.mean([v == "anomalous" for v in verdicts[100:]]) >= 0.99
    stated, shuffled = lab.detected(run, *whole)
    assert stated["flagged"] == values["flagged"]
    assert sorted(shuffled) == sorted(verdicts)
    rows = np.sort(lab.codes(run, f"input={half}"), axis=0)  # a row's last bit may tell its place
    np.testing.assert_allclose(np.sort(lab.codes(run, *whole), axis=0), rows, rtol=1e-5, atol=1e-5)
    with pytest.raises(BadRequest, match=r"dataset\.scale=minmax: the run's own counts, standard"):
        lab.codes(run, *whole, "dataset.scale=minmax")
    own = evaluate(request.opened(lab.ask("eval", run, *whole)), lab.ask("eval", run))
    assert own["mse"] < 50  # in standard deviations; of the raw rows it would be 10,000 and more


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy"])
@pytest.mark.parametrize("score", ["reconstruction", "elbo"])
def test_a_value_far_beyond_the_training_s_is_not_cut_away(lab, tmp_path, loss, score):
    """One reading of 3000 was cut to the largest of the training: AUROC 0.635, PCA's too."""
    skewed = np.random.default_rng(1).gamma(2, 20, (300, 5))
    path = write_csv(tmp_path / "train.csv", skewed)
    words = [f"dataset.path={path}", "dataset.scale=minmax", "model=vae", f"loss={loss}"]
    run = lab.train(*TABLE, *words, "trainer.epochs=2")
    new = np.random.default_rng(2).gamma(2, 20, (60, 5))
    new[40:, 3] = 3000
    given = write_csv(tmp_path / "new.csv", new, "a,b,c,d,e,label", ["fine"] * 40 + ["bad"] * 20)
    values, _ = lab.detected(run, f"input={given}", f"score={score}", "normal=[fine]")
    assert values["auroc"] == 1.0
    assert values["baselines"]["PCA, 2 components"]["auroc"] == 1.0
    assert (run.learnt.clips, "beyond" in values) == (loss != "mse", False)


# ---- units ---------------------------------------------------------------------------------------

BYTES = (RNG.random((120, 4, 4)) * 180 + 20).astype("uint8")


def test_floats_of_a_run_on_bytes_are_converted_or_refused_both_ways(lab, tmp_path):
    np.savez(tmp_path / "bytes.npz", x=BYTES)
    run = lab.train("dataset=npz", f"dataset.path={tmp_path}/bytes.npz")
    assert run.learnt.unit == "bytes"
    kinds = {"bytes": BYTES, "whole": BYTES.astype("float64"), "unit": BYTES / np.float32(255)}
    codes = {}
    for name, x in kinds.items():
        np.save(f"{name}.npy", x)
        codes[name] = lab.codes(run, f"input={name}.npy")
        whole = ["dataset=npz", f"dataset.path={name}.npy", "dataset.test_size=train"]
        stated = lab.codes(run, *whole, "dataset.validation_size=test")
        assert np.sort(stated, 0).tobytes() == np.sort(codes[name], 0).tobytes()
    np.testing.assert_allclose(codes["whole"], codes["bytes"], rtol=1e-6)
    np.testing.assert_allclose(codes["unit"], codes["bytes"], rtol=1e-5, atol=1e-6)
    np.save("other.npy", BYTES + 0.5)
    stated = ["dataset=npz", "dataset.path=other.npy"]
    for command, used in (("encode", encode), ("detect", detect)):
        for words in (["input=other.npy"], stated):
            with pytest.raises(BadRequest, match=r"from 20\.5 to .* trained on bytes"):
                used(lab.ask(command, run, *words))
    with pytest.raises(BadRequest, match="trained on bytes"):
        request.opened(lab.ask("eval", run, *stated))
    plain = keras.models.load_model(run.folder / "checkpoints" / "best.keras")
    np.testing.assert_allclose(plain.raw.encode(BYTES), codes["bytes"], rtol=1e-6)
    with pytest.raises(BadRequest, match=r"model\.raw\.encode"):
        plain.encode(BYTES[..., None])
    folder, _ = export(lab.ask("export", run, "format=saved_model", "output=made"))
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder / "encoder"))
    served = loaded.serve(BYTES[..., None].astype("float32"))
    np.testing.assert_allclose(served, codes["bytes"], rtol=1e-4, atol=1e-5)


def test_bytes_are_always_in_range_and_detect_gives_verdicts(lab, tmp_path, capsys):
    np.savez(tmp_path / "bytes.npz", x=BYTES)  # 20..200
    run = lab.train("dataset=npz", f"dataset.path={tmp_path}/bytes.npz")
    bright = BYTES.copy()
    bright[:3, 0, 0] = 255
    np.save("bright.npy", bright)
    assert len(lab.codes(run, "input=bright.npy")) == 120
    assert len(lab.detected(run, "input=bright.npy")[1]) == 120
    spike = BYTES / np.float32(255)
    spike[7, 1, 1] = 2
    np.save("spike.npy", spike)
    capsys.readouterr()
    values, verdicts = lab.detected(run, "input=spike.npy")
    assert verdicts[7] == "anomalous"
    assert values["flagged"] < 0.2
    assert "1 of 1,920 values lie outside of the training's" in capsys.readouterr().err
    with pytest.raises(BadRequest, match="to 2; this run was trained on bytes"):
        lab.codes(run, "input=spike.npy")


def test_the_unit_of_frames_of_12_bits_is_the_training_s(lab, tmp_path):
    """Three dark frames alone were taken for bytes."""
    frames = (np.random.default_rng(3).random((100, 4, 4)) * 4095).astype("uint16")
    frames[:3] //= 17  # below 256
    np.savez(tmp_path / "frames.npz", x=frames)
    scale = ["dataset.scale=minmax", "dataset.scale_per=global"]
    run = lab.train("dataset=npz", f"dataset.path={tmp_path}/frames.npz", *scale)
    np.save("dark.npy", frames[:3])
    np.save("both.npy", frames[:4])
    np.save("floats.npy", frames[:3].astype("float32"))
    dark = lab.codes(run, "input=dark.npy")
    np.testing.assert_allclose(dark, lab.codes(run, "input=both.npy")[:3], rtol=1e-5, atol=1e-6)
    assert dark.tobytes() == lab.codes(run, "input=floats.npy").tobytes()


def test_what_a_number_means_is_never_told_by_the_file_s_largest_one():
    def taken(x, unit, trained, **options):
        array, _ = units.as_trained("f", np.asarray(x), unit, trained, **options)
        return (array / 255 if array.dtype == np.uint8 else array).tolist()

    assert taken([0, 1], "bytes", (0, 1)) == [0, 1 / 255]
    assert taken([0, 51], "other", (0, 0.5)) == [0, 0.2]
    assert taken([0, 51], "other", (0, 4095)) == [0, 51]
    assert taken([0, 1], "binary", (0, 1)) == [0, 1]
    assert taken([False, True], "bytes", (0, 1)) == [0, 1]
    assert taken([0.0, 51.0], "bytes", (0, 1)) == [0, 0.2]
    assert taken(np.uint8([0, 1]), "other", (0, 1), are_pictures=True) == [0, 1 / 255]
    assert taken(np.uint8([0, 9]), "other", (0, 255), are_pictures=True) == [0, 9]
    with pytest.raises(BadRequest, match="may be bytes or 0 and 1"):
        taken([0, 1], "other", (0, 1))
    with pytest.raises(BadRequest, match="trained on bytes"):
        taken([0, 256], "bytes", (0, 1))
    with pytest.raises(BadRequest, match="pixels of 8 bits"):
        taken(np.uint8([0, 9]), "other", (0, 4095), are_pictures=True)


# ---- labels, columns, settings of the reader -----------------------------------------------------


def test_a_number_means_the_run_s_label(lab, tmp_path):
    """0 was cat in the run and ant in the file: AUROC 0."""
    x = readings(200)
    x[100:] += [0, 0, 0, 3, 0]
    kinds = ["cat"] * 100 + ["dog"] * 100
    path = write_csv(tmp_path / "train.csv", x, "a,b,c,d,e,label", kinds)
    words = [f"dataset.path={path}", "dataset.scale=standard", "dataset.classes=[cat]"]
    run = lab.train(*TABLE, *words, "trainer.epochs=30")
    new = readings(60, seed=5)
    new[:20] += [0, 0, 0, 3, 0]
    names = ["ant"] * 20 + ["cat"] * 40
    given = write_csv(tmp_path / "new.csv", new, "a,b,c,d,e,label", names)
    for normal in ("normal=[0]", "normal=[cat]", "normal=null"):
        values, _ = lab.detected(run, f"input={given}", normal)
        assert values["normal"] == ["cat"]
        assert values["auroc"] > 0.95
    unlabelled = write_csv(tmp_path / "plain.csv", readings(100))
    other = lab.train(*TABLE, f"dataset.path={unlabelled}")
    with pytest.raises(BadRequest, match=r"0 is no label here, where they are texts: 0 \(ant\)"):
        lab.detected(other, f"input={given}", "normal=[0]")


LABELLED = {
    "name": ("a,b,c,d,e,kind", ",", ["dataset.label=kind"]),
    "number": (None, ",", ["dataset.label=5"]),
    "delimiter": ("a,b,c,d,e,label", ";", ["dataset.delimiter=';'"]),
    "usual": ("a,b,c,d,e,Label", ",", []),
}


@pytest.mark.parametrize("case", LABELLED)
def test_the_labelled_training_file_is_read_with_the_run_s_settings(lab, tmp_path, case):
    header, delimiter, settings = LABELLED[case]
    x, kinds = readings(60), ["x", "y"] * 30
    path = write_csv(tmp_path / "train.csv", x, header, kinds, delimiter)
    words = [f"dataset.path={path}", "dataset.scale=standard", "trainer.epochs=1"]
    run = lab.train(*TABLE, *words, *settings)
    with np.load(encode(lab.ask("encode", run, f"input={path}"))) as stored:
        assert stored["label"].tolist() == kinds
        codes = stored["code"]
    # a file without the label, and one whose columns stand in another order
    bare_header = header and header.rpartition(",")[0]
    bare = write_csv(tmp_path / "bare.csv", x, bare_header, delimiter=delimiter)
    assert lab.codes(run, f"input={bare}").tobytes() == codes.tobytes()
    stated = ["dataset=csv", f"dataset.path={path}", "dataset.test_size=train"]
    assert np.sort(lab.codes(run, *stated), 0).shape[1] == 2
    if header is None:
        return
    order = [3, 0, 4, 2, 1]
    mixed = ",".join(bare_header.split(",")[i] for i in order)
    turned = write_csv(tmp_path / "turned.csv", x[:, order], mixed, delimiter=delimiter)
    assert lab.codes(run, f"input={turned}").tobytes() == codes.tobytes()
    renamed = write_csv(tmp_path / "renamed.csv", x, "a,b,c,d,f", delimiter=delimiter)
    with pytest.raises(BadRequest, match="lacks the column e of the training; it has f"):
        lab.codes(run, f"input={renamed}")


def test_arrays_under_names_of_their_own_and_flat_rows_of_a_shape(lab, tmp_path):
    labels = np.array(["u", "v"] * 60)
    np.savez(tmp_path / "named.npz", pictures=BYTES.reshape(120, 16), kinds=labels, more=labels)
    words = ["dataset.x_key=pictures", "dataset.y_key=kinds", "dataset.shape=[2,8]"]
    run = lab.train("dataset=npz", f"dataset.path={tmp_path}/named.npz", *words)
    with np.load(encode(lab.ask("encode", run, f"input={tmp_path}/named.npz"))) as stored:
        assert stored["label"].tolist() == labels.tolist()
        np.save("flat.npy", BYTES.reshape(120, 16))
        assert lab.codes(run, "input=flat.npy").tobytes() == stored["code"].tobytes()


# ---- the file ------------------------------------------------------------------------------------


def test_what_was_learnt_is_read_back_to_the_bit(lab, tmp_path):
    x, kinds = readings(60), ["x", "y\\n"] * 30
    path = write_csv(tmp_path / "train.csv", x, "a,b,c,d,e,label", kinds)
    run = lab.train(*TABLE, f"dataset.path={path}", "dataset.scale=standard", "trainer.epochs=1")
    splits = run.dataset.load()
    for key in ("offset", "divisor"):
        kept, fitted = (getattr(one.scaling, key) for one in (run.learnt, splits.learnt))
        assert kept.dtype == np.float32
        assert kept.tobytes() == fitted.tobytes()
    assert run.learnt.fingerprints == splits.fingerprints
    assert run.learnt.columns == dict.fromkeys("abcde", "number")
    assert run.learnt.reader["label"] == ["label", 5]
    assert run.splits.test.x.tobytes() == splits.test.x.tobytes()
    assert run.spec == splits.spec == DataSpec((1, 5, 1), "table", tuple("abcde"))
    assert run.model.spec.kind == "table"


def test_what_an_example_is_counts_as_it_is_stated_and_is_told_by_the_shape_of_older_files(
    lab, tmp_path
):
    path = write_csv(tmp_path / "train.csv", readings(60))
    run = lab.train(*TABLE, f"dataset.path={path}", "trainer.epochs=1")
    place = run.folder / run_data.NAME
    stored = json.loads(place.read_text())
    assert stored.pop("kind") == "table"
    for values, kind in ((stored, "table"), (stored | {"kind": "series"}, "series")):
        place.write_text(json.dumps(values))
        assert runs.Run(run.folder).spec.kind == kind


HOSTILE = {
    "another unit": {"unit": "furlongs"},
    "another kind": {"kind": "painting"},
    "a scale of zeros": {"scaling": {"offset": 0.0, "divisor": 0.0}},
    "a scale of another shape": {"scaling": {"offset": [0.0, 1.0], "divisor": [1.0, 1.0]}},
    "infinity": {"scaling": {"offset": 1e39, "divisor": 1.0}},
    "another shape": {"shape": [1, 6, 1]},
    "a key of its own": {"_target_": "os.system"},
    "labels that are no numbers": {"train_labels": ["a"]},
}


def test_a_forged_file_is_refused(lab, tmp_path):
    path = write_csv(tmp_path / "train.csv", readings(60))
    run = lab.train(*TABLE, f"dataset.path={path}", "dataset.scale=standard", "trainer.epochs=1")
    place = run.folder / run_data.NAME
    good = place.read_text()
    for change in HOSTILE.values():
        place.write_text(json.dumps(json.loads(good) | change))
        with pytest.raises(BadRequest, match=r"data\.json"):
            learnt_file.read(place, run.data_shape)
    for text in ("", "[]", "{", good.replace('"clips": false', '"clips": NaN'), "[" * 10**5):
        place.write_text(text)
        with pytest.raises(BadRequest, match=r"data\.json"):
            learnt_file.read(place, run.data_shape)
