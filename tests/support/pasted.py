"""What was printed to be typed next, as a shell reads it."""

import re
import subprocess

ODD = 'it\'s a $HOME=1 "folder"'
SMALL = ["dataset.limit=100", "trainer.jit_compile=false", "figures=[loss_curve]"]
COMMAND = re.compile(r"\baecli ((?:train|eval|plot-|tune|compare|runs|list|report)[^\n]*)")
REMARK = re.compile(r" {4}|; | makes one")


def commands(text: str) -> list[list[str]]:
    """The words of every `aecli ...` in what was printed; four spaces begin a remark."""
    return [words(REMARK.split(line)[0]) for line in COMMAND.findall(text)]


def words(line: str) -> list[str]:
    """The words that a shell makes of a line; AssertionError where it makes none."""
    done = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), (line, done.stderr)
    return done.stdout.split("\0")[:-1]


def outputs(name: str = ODD) -> str:
    from aecli.typed import override

    return override("outputs", name)


def of(key: str, folder) -> str:
    from aecli.typed import override

    return override(key, folder)
