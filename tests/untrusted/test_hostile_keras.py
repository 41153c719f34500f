"""checkpoints/best.keras that somebody else wrote: read by aecli, and by plain Keras after it."""

import contextlib
import json
import shutil
import tracemalloc
import zipfile

import h5py
import keras
import numpy as np
import pytest
from attacks import PLUGIN, h5_changed, members_of, refused, run_folder, stored_config, zipped

from aecli import build, runs
from aecli.errors import BadRequest
from aecli.untrusted.weights import FAR_END, LOCATOR, WeightsFile

CONFIG, META, H5 = "config.json", "metadata.json", "model.weights.h5"
KERNEL = "decoder/layers/dense/vars/0"


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The best.keras of a small run."""
    path = tmp_path_factory.mktemp("good") / "best.keras"
    model = build.model(stored_config("network.widths=[4]", "model.latent_dim=2"), (8, 8, 1))
    model.compile(keras.optimizers.Adam())
    model.optimizer.build(model.trainable_variables)
    model.save(path)
    return path


@pytest.fixture
def run(good, tmp_path, monkeypatch):
    """A run folder with that file; the working directory is beside it."""
    monkeypatch.chdir(tmp_path)
    config = stored_config("network.widths=[4]", "model.latent_dim=2")
    folder = run_folder(tmp_path / "theirs", config)
    shutil.copy(good, folder / "checkpoints" / "best.keras")
    return runs.Run(folder)


def path_of(run):
    return run.folder / "checkpoints" / "best.keras"


def with_members(run, **changed):
    """The file again, some of its members changed; keys: config, meta, h5."""
    members = members_of(path_of(run))
    new = {"config": CONFIG, "meta": META, "h5": H5}
    members |= {new[key]: data for key, data in changed.items()}
    zipped(path_of(run), list(members.items()))


def test_a_good_one_is_read_number_by_number(run, good):
    loaded = keras.models.load_model(good)
    for mine, theirs in zip(run.model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(mine, theirs)


# ---- the zip


def _million(run, members):
    data = bytearray(path_of(run).read_bytes())
    data[-22 + 8 : -22 + 12] = b"\xff\xff\xff\xff"  # so many entries, says the end record
    path_of(run).write_bytes(data)


def _longer(run, members):
    data = path_of(run).read_bytes()
    size = len(members[H5]).to_bytes(4, "little")
    path_of(run).write_bytes(data.replace(size, (2**31).to_bytes(4, "little")))


def _flipped(run, members):
    data = bytearray(path_of(run).read_bytes())
    data[data.find(members[H5]) + len(members[H5]) // 2] ^= 1
    path_of(run).write_bytes(data)


ZIPS = {
    "cut short": lambda run, m: path_of(run).write_bytes(path_of(run).read_bytes()[:-100]),
    "a web page": lambda run, m: path_of(run).write_bytes(b"<html>log in</html>" * 9),
    "empty": lambda run, m: path_of(run).write_bytes(b""),
    "a bit flipped": _flipped,
    "a climbing member": lambda run, m: zipped(path_of(run), [*m.items(), ("../../mark", b"x")]),
    "a climbing name": lambda run, m: zipped(
        path_of(run), [(f"../../{n}" if n == CONFIG else n, d) for n, d in m.items()]
    ),
    "one member twice": lambda run, m: zipped(
        path_of(run), [(META, b"{}"), (META, b"{}"), (H5, m[H5])]
    ),
    "assets beside": lambda run, m: zipped(path_of(run), [*m.items(), ("assets/x.txt", b"x")]),
    "a deflate bomb": lambda run, m: zipped(
        path_of(run), list((m | {H5: bytes(2**24)}).items()), zipfile.ZIP_DEFLATED
    ),
    "a large config": lambda run, m: with_members(run, config=b'"' + b"x" * 2**21 + b'"'),
    "a deep config": lambda run, m: with_members(run, config=b"[" * 10**6),
    "millions of members": _million,
    "a member larger than the file": _longer,
    "no HDF5": lambda run, m: with_members(run, h5=b"x" * 3000),
    "bytes without end": lambda run, m: with_members(run, h5=m[H5] + bytes(2**22)),
}


@pytest.mark.parametrize("name", ZIPS)
def test_what_keras_would_not_have_written_is_refused(name, run, capsys):
    with pytest.warns() if name == "one member twice" else contextlib.nullcontext():
        ZIPS[name](run, members_of(path_of(run)))
    assert f"{path_of(run)} is damaged" in refused(capsys, "plot-samples", f"run={run.folder}")
    assert not (run.folder.parent / "mark").exists()


def test_control_a_naive_reader_writes_outside(run):
    ZIPS["a climbing member"](run, members_of(path_of(run)))
    with zipfile.ZipFile(path_of(run)) as archive:
        for name in archive.namelist():
            (run.folder / "checkpoints" / name).write_bytes(archive.read(name))
    assert (run.folder.parent / "mark").exists()


# ---- the HDF5 file inside


def external_link(parent, key, shape):
    parent[key] = h5py.ExternalLink("secret.h5", "x")


def external_storage(parent, key, shape):
    parent.create_dataset(key, shape, "f4", external=[("secret.raw", 0, h5py.h5f.UNLIMITED)])


def virtual(parent, key, shape):
    layout = h5py.VirtualLayout(shape, "f4")
    layout[...] = h5py.VirtualSource("secret.h5", "x", shape)
    parent.create_virtual_dataset(key, layout)


def soft_link(parent, key, shape):
    parent[key] = h5py.SoftLink(f"/{KERNEL}_")
    parent[f"/{KERNEL}_"] = np.zeros(shape, "f4")


def deflated(parent, key, shape):
    parent.create_dataset(key, shape, "f4", compression="gzip")


FILES = {
    "external_link": external_link,
    "external_storage": external_storage,
    "virtual": virtual,
    "soft_link": soft_link,
    "deflated": deflated,
    "not_finite": lambda p, k, shape: p.create_dataset(k, data=np.full(shape, np.nan, "f4")),
    "another_shape": lambda p, k, shape: p.create_dataset(k, data=np.zeros((9, 9), "f4")),
    "100_terabytes": lambda p, k, shape: p.create_dataset(k, (10**7, 10**7), "u1", chunks=True),
    "another_type": lambda p, k, shape: p.create_dataset(k, data=np.zeros(shape, "f8")),
    "text": lambda p, k, shape: p.create_dataset(k, shape, h5py.string_dtype()),
    "a_group": lambda p, k, shape: p.create_group(k),
    "nothing": lambda p, k, shape: None,
    "itself": lambda p, k, shape: p.__setitem__(k, p),
}


def changed(run, name):
    secret = np.full((2, 4), 42, "f4")
    with h5py.File("secret.h5", "w") as file:
        file["x"] = secret
    with open("secret.raw", "wb") as file:
        file.write(secret.tobytes())
    return h5_changed(members_of(path_of(run))[H5], KERNEL, FILES[name])


@pytest.mark.parametrize("name", FILES)
def test_every_number_must_lie_in_the_file_as_the_model_expects_it(name, run, capsys):
    with_members(run, h5=changed(run, name))
    said = refused(capsys, "plot-samples", f"run={run.folder}")
    assert f"{path_of(run)} is damaged or of another model" in said
    assert KERNEL in said


@pytest.mark.parametrize("name", ["external_link", "external_storage", "virtual"])
def test_control_a_naive_reader_takes_numbers_from_another_file(name, run, tmp_path):
    (tmp_path / "bad.h5").write_bytes(changed(run, name))
    with h5py.File(tmp_path / "bad.h5") as file:
        assert (file[KERNEL][...] == 42).all()


def test_the_same_shapes_with_another_activation_are_another_model(run, capsys):
    config = stored_config("network.widths=[4]", "model.latent_dim=2", "network.activation=tanh")
    other = run_folder(run.folder.parent / "other", config)
    shutil.copy(path_of(run), path_of(runs.Run(other)))
    said = refused(capsys, "plot-samples", f"run={other}")
    assert "config.network.config.activation is another than in .hydra/config.yaml" in said
    build.model(config, (8, 8, 1)).load_weights(path_of(run))  # control: Keras takes it


# ---- config.json, which plain Keras reads


@pytest.fixture
def lambda_bytes(tmp_path):
    """A Lambda as Keras stores one, which leaves a mark when it is called."""
    mark = str(tmp_path / "mark")
    touch = lambda x, mark=mark: open(mark, "w") and x  # noqa: E731, SIM115
    layer = keras.layers.Lambda(touch, output_shape=(2,))
    return keras.saving.serialize_keras_object(layer)


def registered(tmp_path):
    exec(PLUGIN, {"__name__": "attack_plugin"})
    return {"class_name": "Registered", "registered_name": "attack>Registered",
            "module": "attack_plugin", "config": {"path": str(tmp_path / "mark")}}  # fmt: skip


PUT = {
    "network": lambda c, node: c["config"].update(network=node),
    "loss": lambda c, node: c["config"].update(reconstruction_loss=node),
    "kernel_initializer": lambda c, node: c["config"]["network"]["config"].update(
        kernel_initializer=node
    ),
    "in_an_initializer": lambda c, node: c["config"]["network"]["config"].update(
        kernel_initializer={"module": "keras.initializers", "class_name": "Constant",
                            "config": {"value": node}}
    ),
    "list_in_an_initializer": lambda c, node: c["config"]["network"]["config"].update(
        bias_initializer={"module": "keras.initializers", "class_name": "Constant",
                          "config": {"value": [node]}}
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", PUT)
@pytest.mark.parametrize("what", ["registered", "lambda"])
def test_keras_revives_through_our_classes_nothing_but_ours(
    what, place, run, tmp_path, lambda_bytes
):
    node = registered(tmp_path) if what == "registered" else lambda_bytes
    config = json.loads(members_of(path_of(run))[CONFIG])
    PUT[place](config, node)
    with_members(run, config=json.dumps(config).encode())
    with pytest.raises(BadRequest, match="a stored"):
        keras.models.load_model(path_of(run))
    with pytest.raises(BadRequest, match="is another than in"):
        _ = run.model
    assert not (tmp_path / "mark").exists()


def test_control_keras_itself_builds_both(tmp_path, lambda_bytes):
    keras.saving.deserialize_keras_object(registered(tmp_path))
    assert (tmp_path / "mark").exists()
    (tmp_path / "mark").unlink()
    layer = keras.saving.deserialize_keras_object(lambda_bytes, safe_mode=False)
    layer(np.zeros((1, 2)))
    assert (tmp_path / "mark").exists()


def test_a_stored_layer_of_ours_takes_no_foreign_initializer(tmp_path):
    for name in ("UpsampledConv2D", "ChannelBias"):
        node = {"class_name": name, "registered_name": f"aecli>{name}", "module": "aecli",
                "config": {"filters": 1, "kernel_size": 3}}  # fmt: skip
        node["config"] = node["config"] if name == "UpsampledConv2D" else {}
        node["config"]["bias_initializer"] = registered(tmp_path)
        with pytest.raises((BadRequest, TypeError), match="a stored model may not hold"):
            keras.saving.deserialize_keras_object(node)
    assert not (tmp_path / "mark").exists()


def test_a_stored_model_of_billions_of_weights_is_refused(run):
    config = json.loads(members_of(path_of(run))[CONFIG])
    config["config"]["network"]["config"]["widths"] = [65536, 65536]
    with_members(run, config=json.dumps(config).encode())
    with pytest.raises(BadRequest, match="the model is too large"):
        keras.models.load_model(path_of(run))


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_changes_meanwhile_is_not_taken(run, whole):
    stored, model = WeightsFile(path_of(run)), build.model(run.config, (8, 8, 1))
    before = model.weights[0].numpy()
    if whole:
        other = path_of(run).with_name("other")
        shutil.copy(path_of(run), other)
        other.replace(path_of(run))
    else:
        path_of(run).write_bytes(b"another")
    with pytest.raises(BadRequest, match="damaged or of another model"):
        stored.give_to(model)
    np.testing.assert_array_equal(model.weights[0], before)


def with_a_hole(run, size):
    """best.keras with so many more bytes in its weights, none of them on the disk."""
    members = list(members_of(path_of(run)).items())
    with zipfile.ZipFile(path_of(run), "w") as archive:
        for name, data in members:
            if name != H5:
                archive.writestr(name, data)
        with archive.open(H5, "w", force_zip64=True) as member:
            member.write(dict(members)[H5])
        (info,) = [m for m in archive.infolist() if m.filename == H5]
        archive.fp.seek(archive.start_dir + size)
        archive.start_dir += size
        info.file_size = info.compress_size = info.file_size + size


def test_a_hole_is_not_read(run, capsys):
    with_a_hole(run, 6 * 2**30)
    assert path_of(run).stat().st_size > 6 * 2**30
    tracemalloc.start()
    with pytest.raises(BadRequest, match=r"its weights take 6,44.* bytes, too many"):
        run.model  # noqa: B018
    assert tracemalloc.get_traced_memory()[1] < 2**26
    tracemalloc.stop()


def test_a_list_of_members_is_not_read_however_long_it_says_it_is(run):
    """By the end record of four bytes, or by that of eight, which counts where it is there."""
    data = path_of(run).read_bytes()
    end = bytearray(data[-22:])
    end[12:16] = (2**31).to_bytes(4, "little")
    far = FAR_END.pack(b"PK\6\6", 44, 45, 45, 0, 0, 3, 3, 2**33, 0)
    locator = LOCATOR.pack(b"PK\6\7", 0, len(data) - 22, 1)
    for changed in (data[:-22] + end, data[:-22] + far + locator + data[-22:]):
        path_of(run).write_bytes(changed)
        with pytest.raises(BadRequest, match=r"truncated, or no \.keras file"):
            WeightsFile(path_of(run))
