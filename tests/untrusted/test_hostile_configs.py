"""The config of a run folder, and any other config, that somebody else wrote."""

import contextlib
import os
import time

import hydra.utils
import keras
import numpy as np
import pytest
import yaml
from attacks import (
    NODES,
    PLUGIN,
    payload,
    refused,
    run_folder,
    run_unprotected,
    stored_config,
    tiny_keras,
)
from omegaconf import OmegaConf

from aecli import build, limits, runs
from aecli.errors import BadRequest
from aecli.fit.plan import plan


@pytest.fixture
def mark(tmp_path, monkeypatch):
    """The file that a payload would make."""
    monkeypatch.chdir(tmp_path)
    return tmp_path / "mark"


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed package, which leaves "imported" behind once it is imported."""
    (tmp_path / "attack_plugin.py").write_text(
        PLUGIN + f"pathlib.Path({str(tmp_path / 'imported')!r}).touch()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "attack_plugin", raising=False)
    return "attack_plugin"


@pytest.mark.parametrize("name", NODES)
def test_control_each_payload_leaves_its_mark_when_nothing_stops_it(name, mark):
    run_unprotected(payload(name, mark))
    assert mark.exists()


@pytest.mark.parametrize("name", NODES)
def test_a_run_folder_runs_no_code(name, mark, capsys):
    config = stored_config() | {"dataset": payload(name, mark)}
    said = refused(capsys, "eval", f"run={run_folder(mark.parent / 'theirs', config)}")
    assert "dataset" in said
    assert not mark.exists()


PLACES = {
    "noise": (lambda c, node: c.update(noise=node), "eval"),
    "in_a_list": (lambda c, node: c["dataset"].update(classes=[1, {"a": [node]}]), "eval"),
    "in_an_argument": (lambda c, node: c["noise"].update(stddev={"x": node}), "eval"),
    "model": (lambda c, node: c.update(model=node), "plot-samples"),
    "network": (lambda c, node: c.update(network=node), "plot-samples"),
    "initializer": (lambda c, n: c["network"].update(kernel_initializer=n), "plot-manifold"),
    "loss": (lambda c, node: c.update(loss=node), "plot-latent"),
    "trainer": (lambda c, node: c.update(trainer=node | {"threads": None}), "plot-codes"),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_target_is_refused_wherever_it_hides(place, mark, capsys):
    config = stored_config()
    put, command = PLACES[place]
    put(config, payload("open", mark))
    folder = run_folder(mark.parent / "theirs", config)
    tiny_keras(folder / "checkpoints" / "best.keras")
    assert "_target_=builtins.open is not one of ours" in refused(capsys, command, f"run={folder}")
    assert not mark.exists()


@pytest.mark.parametrize(
    ("key", "target"),
    [
        ("noise", "aecli.losses.mse.MSE"),
        ("noise", "aecli.component.Component"),
        ("noise", "aecli.noise.gaussian.dataclasses.dataclass"),
        ("noise", "aecli..noise.none.NoNoise"),
        ("noise", "aecli.noise.none.NoNoise\n"),
        ("noise", " aecli.noise.none.NoNoise"),
        ("noise", "a\u0435cli.noise.none.NoNoise"),  # a Cyrillic e
        ("noise", "aecli.noise.__builtins__.open"),
        ("noise", "aecli.__main__.main"),
        ("noise", ""),
        ("noise", None),
        ("noise", 3),
        ("noise", ["os.system"]),
        ("noise", {"_target_": "os.system"}),
        ("model", "aecli.networks.mlp.MLP"),
        ("sampler", "aecli.models.ae.AE"),
        ("sampler", "keras.initializers.Zeros"),
        ("model", "keras.models.Sequential"),
        ("optimizer", "keras.src.optimizers.adam.Adam"),
        ("optimizer", "keras.optimizers.deserialize"),
        ("optimizer", "keras.initializers.Zeros"),
        ("callbacks.x", "keras.callbacks.CSVLogger"),
        ("callbacks.x", "keras.callbacks.RemoteMonitor"),
        ("callbacks.x", "keras.callbacks.BackupAndRestore"),
        ("network", "keras.layers.Lambda"),
        ("network", "keras.layers.TFSMLayer"),
        ("network", "keras.layers.StringLookup"),
        ("network", "keras.saving.load_model"),
        ("network", "keras.config.enable_unsafe_deserialization"),
    ],
)
def test_each_group_takes_its_own_kind_by_its_plain_name(key, target):
    with pytest.raises(BadRequest, match="_target_=") as refusal:
        build.component({"_target_": target}, key)
    assert len(str(refusal.value).splitlines()) <= 2


@pytest.mark.parametrize("name", ["EarlyStopping", "ReduceLROnPlateau", "TerminateOnNaN"])
def test_keras_callbacks_that_write_nothing_may_be_named(name):
    built = build.component({"_target_": f"keras.callbacks.{name}"}, "callbacks.x")
    assert isinstance(built, getattr(keras.callbacks, name))


@pytest.mark.parametrize("key", ["_partial_", "_args_", "_recursive_", "_convert_", "_x"])
def test_hydras_special_keys_are_not_for_configs(key):
    node = {"_target_": "aecli.noise.none.NoNoise", key: True}
    for wrong in (node, {"_target_": "aecli.noise.none.NoNoise", "a": [{key: True}]}):
        with pytest.raises(BadRequest, match=f"{key} is no key"):
            build.component(wrong, "noise")


def test_a_package_is_trusted_by_the_environment_alone(plugin, mark, monkeypatch):
    """Not imported before; then still only for classes of the kind that is asked for."""
    node = {"_target_": f"{plugin}.Marker", "path": str(mark)}
    with pytest.raises(BadRequest, match=f"AECLI_PLUGINS={plugin} in the environment"):
        build.component(node, "noise")
    assert not mark.with_name("imported").exists()
    monkeypatch.setenv("AECLI_PLUGINS", plugin)
    with pytest.raises(BadRequest, match="is not a class of the group noise"):
        build.component(node, "noise")
    assert mark.with_name("imported").exists()
    assert not mark.exists()
    run_unprotected(node)  # control
    assert mark.exists()


def test_own_options_may_name_the_classes_of_a_trusted_package(tmp_path, monkeypatch, compose):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fogs.py").write_text(
        "import dataclasses\nfrom aecli.noise.base import Noise\n\n"
        "@dataclasses.dataclass(frozen=True, kw_only=True)\nclass Fog(Noise):\n    depth: int\n"
    )
    (tmp_path / "configs" / "noise").mkdir(parents=True)
    (tmp_path / "configs" / "noise" / "fog.yaml").write_text("_target_: fogs.Fog\ndepth: 2\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    config = compose("noise=fog", "noise.depth=3")
    with pytest.raises(BadRequest, match="AECLI_PLUGINS=fogs"):
        build.component(config.noise, "noise")
    monkeypatch.setenv("AECLI_PLUGINS", "others, fogs")
    assert build.component(config.noise, "noise").depth == 3


def test_what_is_typed_passes_the_same_list(mark, capsys):
    node = f"{{_target_: builtins.open, file: {mark}, mode: w}}"
    for words in ([f"network.kernel_initializer={node}"], ["noise._target_=os.system"]):
        assert "is not one of ours" in refused(capsys, "train", *words, "outputs=x")
    assert not mark.exists()
    assert not mark.with_name("x").exists()


def test_an_initializer_is_named_and_never_deserialised(plugin, mark):
    __import__(plugin)
    stored = {"class_name": "Registered", "registered_name": "attack>Registered",
              "config": {"path": str(mark)}}  # fmt: skip
    node = stored_config()["network"]
    for wrong in (stored, "attack>Registered", "deserialize", "get", 3):
        with pytest.raises(BadRequest, match="is no Keras initializer"):
            build.component(node | {"kernel_initializer": wrong}, "network")
    assert not mark.exists()
    with contextlib.suppress(Exception):
        keras.initializers.get(stored)  # control
    assert mark.exists()


def test_what_is_resolved_once_is_not_resolved_again(mark):
    inner = f"{{_target_: builtins.open, file: {mark}, mode: w}}"
    node = OmegaConf.create(
        {"_target_": "aecli.noise.gaussian.Gaussian", "stddev": f"\\${{oc.create:'{inner}'}}"}
    )
    with pytest.raises(BadRequest, match="once it is resolved"):
        build.component(node, "noise")
    assert not mark.exists()
    with contextlib.suppress(Exception):
        hydra.utils.instantiate(build.plain(node))  # control
    assert mark.exists()


def test_a_stored_config_reads_no_environment_variable(mark, monkeypatch, capsys):
    monkeypatch.setenv("SECRET", "hunter2")
    config = stored_config()
    config["dataset"] |= {"path": "${oc.env:SECRET}", "_target_": "aecli.datasets.npz.Npz"}
    folder = run_folder(mark.parent / "theirs", config)
    said = refused(capsys, "eval", f"run={folder}")
    assert "dataset.path has ${...}" in said
    assert "hunter2" not in said
    control = OmegaConf.create(yaml.safe_load((folder / runs.CONFIG).read_text()))
    assert control.dataset.path == "hunter2"


def test_a_stored_config_has_no_tags(mark, capsys):
    text = f"model: !!python/object/apply:os.system ['touch {mark}']\n"
    folder = run_folder(mark.parent / "theirs", text)
    assert "tags such as" in refused(capsys, "plot-loss", f"run={folder}")
    assert not mark.exists()
    yaml.unsafe_load(text)  # control
    assert mark.exists()


LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{LAUGHS}model: *i\n", "anchors and aliases"),
        ("model: " + "[" * 90_000, "nested deeper than 20"),
        ("model: " + "{a: " * 20_000, "nested deeper than 20"),
        ("- " * 40_000, "nested deeper than 20"),
        ("model: " + "x" * 1_000_000, "more than 100,000 bytes"),
        ("model: " + "x" * 90_000, "longer than any text"),
        ("model: {}\nseed: " + "9" * 5_000, "is damaged"),
        ("model: {}\nmodel: {a: 1}\n", "duplicate key"),
        ("model: {<<: {a: 1}}\n", "must be plain text"),
        ('model: {a: "\\x1b]0;title\\x07"}\n', "control characters"),
        ("model: {}\ntrainer: {threads: 1000000000}\n", "threads must be"),
    ],
)
def test_a_bomb_is_refused_at_once(text, said, mark, capsys):
    folder = run_folder(mark.parent / "theirs", text)
    start = time.perf_counter()
    assert said in refused(capsys, "eval", f"run={folder}")
    assert time.perf_counter() - start < 5


def test_control_an_alias_bomb_does_expand():
    small = LAUGHS.splitlines()
    leaves = len(str(OmegaConf.create(yaml.safe_load("\n".join(small[:4])))))
    assert leaves > 8 * len(str(OmegaConf.create(yaml.safe_load("\n".join(small[:3])))))


@pytest.mark.parametrize(
    "overrides",
    [
        ["network.widths=[65536,65536]"],
        ["network=conv", "network.filters=[16384,16384]", "network.kernel_size=3"],
        ["network.widths=[30000]", "model.latent_dim=40000"],
    ],
)
def test_a_model_of_billions_of_weights_is_refused_before_it_is_made(compose, overrides):
    with pytest.raises(BadRequest, match="the model is too large: a layer of") as refusal:
        build.model(compose(*overrides), (8, 8, 1))
    assert "network.widths" in str(refusal.value)


def test_the_scores_of_attentions_are_counted_for_an_image_and_for_a_step(compose, tmp_path):
    with pytest.raises(BadRequest, match="the model is too large: a layer makes 144,000,000"):
        build.model(compose("network=transformer", "network.width=8"), (1, 6000, 1))
    model = build.model(compose("network=vit", "network.patch_size=2"), (64, 64, 1))
    parts = model.encoder, model.decoder
    with pytest.raises(BadRequest, match="batch_size=200 is too large") as refusal:
        limits.check_step(200, *parts)
    assert "12.5 GiB" in str(refusal.value)  # 4 attentions of 4 heads, 1024 x 1024 scores each
    assert "take trainer.batch_size=128 or" in str(refusal.value)
    limits.check_step(128, *parts)
    np.savez(tmp_path / "x.npz", x=np.zeros((300, 64, 64), "uint8"))
    words = [f"dataset.path={tmp_path}/x.npz", "network.patch_size=2", "trainer.batch_size=200"]
    config = compose("dataset=npz", "network=vit", *words)
    with pytest.raises(BadRequest, match="batch_size=200 is too large"):
        plan(config, build.component(config.dataset, "dataset").load())


def test_a_run_folder_may_ask_for_no_more_weights_than_it_brings(mark, capsys):
    config = stored_config("network.widths=[20000,20000]")
    folder = run_folder(mark.parent / "theirs", config)
    tiny_keras(folder / "checkpoints" / "best.keras")
    said = refused(capsys, "plot-samples", f"run={folder}")
    assert "best.keras is damaged or of another model: it has fewer weights than" in said


def test_a_run_folder_leads_nowhere_else(mark, capsys):
    folder = run_folder(mark.parent / "theirs", stored_config())
    (mark.parent / "elsewhere").mkdir()
    (folder / "eval").symlink_to(mark.parent / "elsewhere")
    assert "is a link; a run folder has none" in refused(capsys, "plot-loss", f"run={folder}")
    assert os.listdir(mark.parent / "elsewhere") == []
    runs.Run(folder).new_eval_folder()  # control
    assert len(os.listdir(mark.parent / "elsewhere")) == 1
