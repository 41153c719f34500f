"""Runs the console command as a process of its own."""

import os
import pathlib
import signal
import subprocess
import sys
import time

COMMAND = str(pathlib.Path(sys.executable).with_name("aecli"))


def aecli(*arguments: str, cwd, **kwargs) -> subprocess.CompletedProcess:
    return subprocess.run(
        [COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, check=False, **kwargs
    )


def start(*arguments: str, cwd, **kwargs) -> subprocess.Popen:
    return subprocess.Popen(
        [COMMAND, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        **kwargs,
    )  # fmt: skip


def when(process: subprocess.Popen, is_so) -> None:
    """Wait until is_so() or the process has ended."""
    while not is_so() and process.poll() is None:
        time.sleep(0.05)


def stop(process: subprocess.Popen, signum: int = signal.SIGTERM) -> tuple[int, str]:
    """-> exit code, stderr"""
    os.kill(process.pid, signum)
    return process.wait(), process.stderr.read()
