"""The installed console script, as a user types it."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aecli import __version__
from aecli.app import catalog

SCRIPT = Path(sys.executable).with_name("aecli")
AECLI = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "aecli"]
PROJECT = str(Path(__file__).resolve().parents[1])


def aecli(*words, cwd, **environment):
    return subprocess.run(
        [*AECLI, *words],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PROJECT, **environment},
    )


def modules_after(cwd, *words):
    """The top-level modules that a command line imports."""
    code = (
        f"import sys; sys.argv = ['aecli', *{list(words)!r}]; from aecli.cli import main; main();"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PROJECT},
    )
    return set(done.stdout.rpartition("MODULES ")[2].split())


def make_run(folder, **status):
    (folder / ".hydra").mkdir(parents=True)
    (folder / ".hydra" / "config.yaml").write_text("model: {}\n")
    (folder / "status.json").write_text(json.dumps(status))


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"], ["help"]])
def test_help_names_every_command(tmp_path, words):
    done = aecli(*words, cwd=tmp_path)
    assert done.returncode == 0
    assert catalog.commands()
    for name, file in catalog.commands().items():
        assert f"  {name} " in done.stdout
        assert catalog.description(file) in done.stdout


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["trian"]])
def test_quick_answers_need_the_standard_library_alone(tmp_path, words):
    modules = modules_after(tmp_path, *words)
    assert "aecli" in modules
    assert not modules & {"hydra", "omegaconf", "yaml", "numpy", "keras", "tensorflow", "pydantic"}


@pytest.mark.parametrize(
    "words", [["list"], ["list", "model"], ["runs"], ["train", "--help"], ["train", "modle=vae"]]
)
def test_what_trains_nothing_imports_no_tensorflow(tmp_path, words):
    modules = modules_after(tmp_path, *words)
    assert "hydra" in modules
    assert not modules & {"tensorflow", "keras"}


def test_every_command_has_its_module():
    for name in catalog.commands():
        assert importlib.util.find_spec(f"aecli.commands.{name.replace('-', '_')}"), name


def test_every_option_and_command_says_what_it_is():
    files = list(catalog.commands().values())
    files += [option.file for group in catalog.groups() for option in catalog.options(group)]
    assert len(files) > 20
    assert [file for file in files if not catalog.description(file)] == []


def test_version(tmp_path):
    assert aecli("--version", cwd=tmp_path).stdout == f"aecli {__version__}\n"


def test_python_m(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "aecli", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PROJECT},
    )
    assert (done.stdout, done.stderr) == (f"aecli {__version__}\n", "")


def test_unknown_command(tmp_path):
    done = aecli("trian", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: unknown command 'trian': did you mean 'train'?\n"


def test_bad_key_is_one_line_and_leaves_nothing(tmp_path):
    done = aecli("train", "modle=vae", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: unknown key 'modle': did you mean 'model'?\n"
    assert list(tmp_path.iterdir()) == []


def test_command_help_shows_groups_and_keys_with_comments(tmp_path):
    done = aecli("train", "model=vae", "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "vae*" in done.stdout
    assert "beta: 1.0  " in done.stdout
    assert catalog.key_comments(catalog.package_configs() / "trainer/default.yaml")["epochs"] in (
        done.stdout
    )
    assert "_target_" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_cfg_job_prints_the_composed_config(tmp_path):
    done = aecli("train", "--cfg", "job", "model=vae", "seed=7", cwd=tmp_path)
    assert done.returncode == 0
    assert "seed: 7\n" in done.stdout
    assert "hydra" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_own_configs_add_options(tmp_path):
    folder = tmp_path / "configs" / "noise"
    folder.mkdir(parents=True)
    mine = folder / "rain.yaml"
    mine.write_text("# drops of rain\n_target_: mine.Rain\ndrops: 3\n")
    (folder / "gaussian.yaml").write_text("# mine\nstddev: 77\n")

    listed = aecli("list", "noise", cwd=tmp_path)
    assert f"drops of rain (yours: {mine})" in listed.stdout
    assert "gaussian.yaml has no effect" in listed.stderr
    composed = aecli("train", "noise=rain", "--cfg", "job", cwd=tmp_path)
    assert "drops: 3" in composed.stdout
    packaged = aecli("train", "noise=gaussian", "--cfg", "job", cwd=tmp_path)
    assert "_target_: aecli.noise" in packaged.stdout
    assert "77" not in packaged.stdout


def test_list_as_json(tmp_path):
    listed = json.loads(aecli("list", "--json", cwd=tmp_path).stdout)
    assert set(listed) == set(catalog.groups())
    assert [o["name"] for o in listed["model"] if o["default"]] == ["ae"]
    assert not any(option["yours"] for options in listed.values() for option in options)


def test_list_of_an_unknown_group(tmp_path):
    done = aecli("list", "modle", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown group 'modle': did you mean 'model'?\n")


def test_a_closed_pipe_is_no_error(tmp_path):
    command = " ".join([*AECLI, "list", "|", "true"])
    done = subprocess.run(
        ["bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PROJECT},
    )
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_no_runs_yet(tmp_path):
    done = aecli("runs", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "no runs under outputs; aecli train makes one\n"


def test_runs_in_a_pipe_are_plain_and_never_cut_short(tmp_path):
    name = "outputs/2026-01-02/03-04-05_" + "long" * 30
    make_run(
        tmp_path / name,
        state="done",
        model="vae",
        dataset="digits",
        epochs_done=20,
        val_loss=17.5,
        started="2026-01-02T03:04:05",
    )
    lines = aecli("runs", cwd=tmp_path, COLUMNS="40").stdout.splitlines()
    assert lines[0].split() == ["run", "model", "dataset", "epochs", "state", "val_loss"]
    assert lines[1].split() == [name, "vae", "digits", "20", "done", "17.5"]

    found = json.loads(aecli("runs", "--json", cwd=tmp_path).stdout)
    assert [(run["folder"], run["val_loss"]) for run in found] == [(name, 17.5)]


def test_tensorflow_says_nothing(tmp_path):
    code = (
        "import sys; sys.argv = ['aecli'];"
        "from aecli.app.quiet import import_tensorflow_quietly as quietly; quietly();"
        "import tensorflow as tf; print(float(tf.constant(2.0) + 1), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": PROJECT},
    )
    assert (done.stdout, done.stderr) == ("", "3.0\n")


def test_a_failed_tensorflow_import_shows_what_was_said(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'no such library\\n')\nraise ImportError('broken')\n"
    )
    code = (
        "import sys; sys.argv = ['aecli'];"
        "from aecli.app.quiet import import_tensorflow_quietly as quietly; quietly()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{PROJECT}"},
    )
    assert done.returncode == 1
    assert "no such library" in done.stderr
