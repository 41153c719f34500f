"""The installed console script, as a user types it."""

import errno
import importlib.util
import sys
import types

import pytest
from cli_script import AECLI, aecli, python, run

from aecli import __version__, cli, runs
from aecli.console import catalog, streams
from aecli.console.arguments import parse
from aecli.console.help import command_help
from aecli.errors import BadRequest
from aecli.training import state as states


def modules_after(cwd, *words):
    """The top-level modules that a command line imports."""
    code = (
        f"sys.argv += {list(words)!r}; from aecli.cli import main; main();"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    )
    return set(python(code, cwd).stdout.rpartition("MODULES ")[2].split())


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
    "words",
    [["list"], ["list", "model"], ["runs"], ["train", "--help"], ["train", "modle=vae"],
     ["reproduce"]],
)  # fmt: skip
def test_what_trains_nothing_imports_no_tensorflow(tmp_path, words):
    modules = modules_after(tmp_path, *words)
    assert "hydra" in modules
    assert not modules & {"tensorflow", "keras"}


def test_every_command_has_its_module():
    for name in catalog.commands():
        file = name.partition("-")[0]  # the plot-* commands share one
        assert importlib.util.find_spec(f"aecli.commands.{file}"), name


def test_every_option_and_command_says_what_it_is():
    files = list(catalog.commands().values())
    files += [option.file for group in catalog.groups() for option in catalog.options(group)]
    assert len(files) > 20
    assert [file for file in files if not catalog.description(file)] == []


def test_version(tmp_path):
    assert aecli("--version", cwd=tmp_path).stdout == f"aecli {__version__}\n"


def test_python_m(tmp_path):
    done = run([sys.executable, "-m", "aecli", "--version"], tmp_path)
    assert (done.stdout, done.stderr) == (f"aecli {__version__}\n", "")


def test_unknown_command(tmp_path):
    done = aecli("trian", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == "error: unknown command 'trian': did you mean 'train'?\n"


def test_a_deleted_folder_is_one_line(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    for command in ("train", "runs", "encode"):
        assert cli.dispatch([command]) == 2
        assert capsys.readouterr().err.startswith("error: the current folder was deleted\n")


def test_bad_key_is_one_line_and_leaves_nothing(tmp_path):
    done = aecli("train", "modle=vae", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: unknown key 'modle': did you mean 'model'?\n"
    assert list(tmp_path.iterdir()) == []


def test_command_help_shows_groups_and_keys_with_comments(tmp_path):
    done = aecli("train", "model=vae", "--help=all", cwd=tmp_path)
    assert done.returncode == 0
    assert "vae*" in done.stdout
    assert "beta: 1.0  " in done.stdout
    assert catalog.key_comments(catalog.package_configs() / "trainer/default.yaml")["epochs"] in (
        done.stdout
    )
    assert "_target_:" not in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_help_of_train_has_the_everyday_keys_and_those_of_what_is_chosen():
    plain = command_help(parse("train", ["--help"]))
    shown = catalog.everyday(catalog.commands()["train"])
    assert len(shown) == 10
    assert all(key in plain for key in [*shown.values(), "model=ae ", "trainer.epochs=50 "])
    assert "--help=all" in plain
    assert "patience" not in plain
    chosen = command_help(parse("train", ["model=vae", "--help"]))
    assert "  model=vae " in chosen
    assert "    beta: 1.0 " in chosen
    assert "patience" not in chosen
    assert len(plain.splitlines()) < 40
    everything = command_help(parse("train", ["--help=all"]))
    assert "patience: 10" in everything
    with pytest.raises(BadRequest, match="--help=all for every key"):
        parse("train", ["--help=most"])


def test_cfg_job_prints_the_composed_config(tmp_path):
    done = aecli("train", "--cfg", "job", "model=vae", "seed=7", cwd=tmp_path)
    assert done.returncode == 0
    assert "seed: 7\n" in done.stdout
    assert "hydra" not in done.stdout
    assert list(tmp_path.iterdir()) == []


FULL = "error: cannot write standard output: No space left on device\n"


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        ("| true", 141, ""),  # as of other programs whose reader has gone
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">/dev/full", 5, FULL),
        (">/dev/full 2>&1", 5, ""),
    ],
)
def test_a_result_that_cannot_be_printed(tmp_path, where, code, said):
    command = " ".join([*AECLI, "list", where])
    done = run(["bash", "-c", f"{command}; echo $PIPESTATUS >code"], tmp_path)
    assert (tmp_path / "code").read_text() == f"{code}\n"
    assert done.stderr == said


def test_a_training_goes_on_when_nobody_listens(tmp_path):
    words = ["train", "dataset.limit=150", "figures=[loss_curve]", "trainer.jit_compile=false"]
    command = " ".join([*AECLI, *words, "trainer.epochs=2", "2>&-", "|", "true"])
    done = run(["bash", "-c", f"{command}; echo $PIPESTATUS"], tmp_path)
    assert (done.stdout, done.stderr) == ("0\n", "")
    (info,) = runs.list_runs(tmp_path)
    assert (info.state, info.epochs_done) == ("done", 2)
    assert states.read(info.folder / "checkpoints").epoch == 2
    assert "epoch 2/2" in (info.folder / "train.log").read_text()


def test_a_training_whose_words_are_lost_says_so(capsys):
    out = types.SimpleNamespace(lost=OSError(errno.ENOSPC, "No space left on device"))
    assert streams.exit_code(0, "train", out) == 0
    assert capsys.readouterr().err == FULL.replace("error", "warning")
    assert streams.exit_code(3, "eval", out) == 3
