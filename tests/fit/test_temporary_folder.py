"""What commands leave in the temporary folder where their process is killed: nothing."""

import json
import signal
import sys

import pytest
from cli_script import run

SHORT = ["dataset.limit=150", "trainer.epochs=1", "trainer.jit_compile=false", "figures=[]"]
STREAMED = ["model=vae", "noise=gaussian", "dataset.binarize=dynamic", "trainer.feed=streaming"]
COMMANDS = [
    ["train", *SHORT],
    ["train", *SHORT, *STREAMED],
    ["eval", "card=full", "metrics.samples.steps=2"],
    ["encode"],
    ["generate"],
    ["detect"],
    ["finetune", "labels_per_class=2", "frozen_epochs=0", "epochs=1", "steps_per_epoch=0"],
    ["export", "format=saved_model", "parts=[encoder]"],
]
KILLED = """
import json, os, signal, sys

sys.argv = ["aecli"]
from aecli import cli

codes = [cli.dispatch(words) for words in json.load(open("commands.json"))]
print(codes, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.slow
def test_nothing_is_left_in_the_temporary_folder_by_a_process_that_is_killed(tmp_path):
    """AutoGraph deletes the files that it writes there at the end of a process alone."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    (tmp_path / "commands.json").write_text(json.dumps(COMMANDS))
    process = run([sys.executable, "-c", KILLED], tmp_path, TMPDIR=str(folder))
    assert process.returncode == -signal.SIGKILL
    assert str([0] * len(COMMANDS)) in process.stdout, process.stdout + process.stderr
    assert [path for path in folder.iterdir() if "autograph" in path.name] == []
    assert list(tmp_path.glob("outputs/*/*/eval/*/.*")) == []  # where converters work
