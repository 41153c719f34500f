"""A tracker is told of the training, and can neither stop nor slow it."""

import importlib.util
import json
import logging
import threading
import time

import pytest

from aecli import build
from aecli.errors import BadRequest
from aecli.fit import tracking
from aecli.training.callbacks import tracker
from aecli.training.callbacks.tensorboard import TensorBoard
from aecli.training.callbacks.tracker import Ended, Told, Tracker


class Kept(Tracker):
    """Remembers what it was told; `broken` fails, `stuck` never returns."""

    called, package = "Kept", "numpy"  # one that is there

    def __init__(self, folder, broken=False, stuck=None):
        super().__init__(str(folder))
        self.broken, self.stuck, self.heard = broken, stuck, []
        self.told = Told("a run", None, {"seed": 0})

    def open(self, known):
        self.heard.append(known)
        if self.stuck is not None:
            self.stuck.wait()
        if self.broken:
            raise ConnectionError("no server\nat all")
        return known or "abcdef12"

    def tell_epoch(self, epoch, values, seen):
        self.heard.append((epoch, values))

    def close(self, ended):
        self.heard.append(ended.state)


def carried_out(one, folder, state="done"):
    one.on_train_begin()
    one.on_epoch_end(0, {"loss": 2.0})
    one.on_epoch_end(1, {"loss": 1.0})
    one.end(Ended(state, {"mse": 0.1}, folder / "config.yaml", []))
    return one.heard


def test_it_is_told_in_order_and_a_resume_goes_on_in_its_run(tmp_path):
    rows = [(1, {"loss": 2.0}), (2, {"loss": 1.0})]
    assert carried_out(Kept(tmp_path), tmp_path) == [None, *rows, "done"]
    assert carried_out(Kept(tmp_path), tmp_path) == ["abcdef12", *rows, "done"]


@pytest.mark.parametrize("content", ["[", '{"run": "../../x"}', '{"run": 3}', "{}"])
def test_a_run_of_theirs_that_is_none_is_begun_anew(content, tmp_path):
    (tmp_path / "trackers").mkdir()
    (tmp_path / "trackers" / "numpy.json").write_text(content)
    assert carried_out(Kept(tmp_path), tmp_path)[0] is None


def test_one_that_fails_is_one_warning(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "aecli"):
        assert carried_out(Kept(tmp_path, broken=True), tmp_path) == [None]
    assert [r.getMessage() for r in caplog.records] == [
        "Kept was told no more of this run: no server"
    ]


def test_one_that_hangs_is_not_waited_for(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(tracker, "WAIT", 0.2)
    stuck, start = threading.Event(), time.monotonic()
    with caplog.at_level(logging.WARNING, "aecli"):
        carried_out(Kept(tmp_path, stuck=stuck), tmp_path)
    stuck.set()
    assert time.monotonic() - start < 5
    assert len(caplog.records) == 1


@pytest.mark.parametrize("name", ["mlflow", "wandb"])
def test_a_package_that_is_missing_is_said_before_the_training(name, compose, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    config = compose(f"callbacks={name}")
    with pytest.raises(BadRequest, match=rf"pip install 'aecli\[{name}\]'"):
        build.components(config.callbacks, "callbacks", folder="")


def test_nobody_is_asked_for_a_login(compose, monkeypatch, tmp_path):
    monkeypatch.setattr(tracker, "_is_installed", lambda package: True)
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    config = compose("callbacks=wandb", "callbacks.wandb.mode=online")
    with pytest.raises(BadRequest, match="wandb login") as refusal:
        build.components(config.callbacks, "callbacks", folder="")
    assert "callbacks.wandb.mode" in str(refusal.value)
    config.callbacks.wandb.mode = None
    assert build.components(config.callbacks, "callbacks", folder="")


def test_settings_are_dotted_and_classes_named():
    config = {
        "model": {"_target_": "aecli.models.vae.VAE", "beta": 1.0, "prior": None},
        "callbacks": {"x": {"_target_": "a.B"}},
        "seed": 3,
    }
    assert tracking.settings(config) == {"model": "VAE", "model.beta": 1.0, "seed": 3}


def test_tensorboard_changes_no_number_and_has_images(lab):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    plain = lab.train("trainer.epochs=2")
    watched = lab.train(
        "trainer.epochs=2", "+callbacks=tensorboard", "callbacks.tensorboard.image_epochs=1"
    )
    for name in ("metrics.json",):
        assert json.loads((plain / name).read_text()) == json.loads((watched / name).read_text())
    found = EventAccumulator(str(watched / "tensorboard" / "validation")).Reload()
    assert "epoch_loss" in found.Tags()["tensors"]
    assert "reconstructions" in found.Tags()["tensors"]
    root = EventAccumulator(str(watched / "tensorboard")).Reload()
    assert "_hparams_/session_start_info" in root.summary_metadata
    assert "test_mse" in root.Tags()["tensors"]


def test_its_own_settings_are_checked():
    with pytest.raises(BadRequest):
        build.component(
            {"_target_": f"{TensorBoard.__module__}.TensorBoard", "image_epochs": -1},
            "callbacks.tensorboard",
            folder="",
        )
