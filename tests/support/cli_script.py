"""Run the installed console script, and Python beside it, in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

from places import ROOT

SCRIPT = Path(sys.executable).with_name("aecli")
AECLI = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "aecli"]
PROJECT = str(ROOT)


def run(words, cwd, **environment):
    """-> CompletedProcess with text; aecli can be imported from any working directory."""
    environment = {**os.environ, "PYTHONPATH": PROJECT, **environment}
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, env=environment)


def aecli(*words, cwd, **environment):
    return run([*AECLI, *words], cwd, **environment)


def python(code, cwd, **environment):
    """Run code as the console script would: `import aecli` is cheap there."""
    return run(
        [sys.executable, "-c", f"import sys; sys.argv = ['aecli']; {code}"], cwd, **environment
    )
