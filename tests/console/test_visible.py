"""Nothing that somebody else named or wrote steers the user's terminal."""

import io
import json
import re
import sys

from fresh_run import folder as fresh
from tqdm import tqdm

from aecli import cli, runs
from aecli.console import logs, streams
from aecli.console.table import show_table
from aecli.visible import in_a_line, visible

ODD = "\x1b]0;x\x07\x1b[2J\x9b2J\u202eevil\ud800\r"
STEERS = ["\x1b", "\x07", "\x9b", "\u202e", "\r"]


class Terminal:
    """sys.stdout and sys.stderr as the command line has them, into memory; of one test's body."""

    def __init__(self, monkeypatch):
        self._bytes = io.BytesIO()
        text = streams.Visible(self._bytes, encoding="utf-8", write_through=True)
        monkeypatch.setattr(sys, "stdout", text)
        monkeypatch.setattr(sys, "stderr", text)

    def taken(self) -> str:
        text = self._bytes.getvalue().decode()
        self._bytes.seek(0)
        self._bytes.truncate()
        return text


def test_text_is_shown_but_for_what_steers():
    assert visible("a\tb\n" + ODD) == "a\tb\n?]0;x??[2J?2J?evil??"
    assert visible("é 中 👩\u200d💻 \xa0") == "é 中 👩\u200d💻 \xa0"
    assert in_a_line("a\nb\x1b") == "a?b?"


def test_every_command_shows_odd_names_as_text(compose, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(monkeypatch)
    odd = "o\x1b]0;x\x07\x1b[2J\u202eo"
    made = [fresh(compose, tmp_path / "outputs" / odd, "model=ae", f"seed={s}") for s in (0, 1)]
    for folder in made:
        (folder / ".hydra" / "overrides.yaml").write_text('["seed=\\e[2J"]')
        (folder / "history.csv").write_text("epoch,loss,val_loss\n1,2.0,2.0\n")
        (folder / "metrics.json").write_text('{"loss": 2.0, "\\u001b[2Jx": 1.0}')
    bad = made[1].parent / "bad"
    bad.mkdir()
    (bad / ".hydra").mkdir()
    (bad / "status.json").write_text(json.dumps({"state": "failed", "error": ODD[:-2]}))
    (bad / ".hydra" / "config.yaml").write_text("a: 1\n")
    (tmp_path / "configs" / "noise").mkdir(parents=True)
    (tmp_path / "configs" / "noise" / "mine.yaml").write_text(
        '# it is \x9b2J mine\n_target_: "a\\eb"\n'
    )
    for words in (
        ["runs"], ["compare", "outputs", "draw=false"], ["list", "noise"], ["train", "noise=mine"],
        ["eval", f"run={made[0]}", "dataset=npz", f"dataset.path={odd}.npz"], ["train", odd],
        ["report", f"run={made[0]}"], [odd], ["encode", f"input={odd}.png", f"run={made[1]}"],
    ):  # fmt: skip
        cli.dispatch(words)
        said = terminal.taken()
        assert said.strip(), words
        assert not [c for c in STEERS if c in said], (words, said)


def test_a_table_on_a_terminal_has_our_styles_alone(monkeypatch):
    terminal = Terminal(monkeypatch)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    show_table(["run", "[link=x]a[/link][/b]"], [[ODD, "two\nlines"]])
    said = terminal.taken()
    assert "\x1b[1m" in said  # the head is bold
    plain = re.sub(r"\x1b\[[01]m", "", said)
    assert not [c for c in STEERS if c in plain], said
    head, row = plain.splitlines()
    assert head.split() == ["run", "[link=x]a[/link][/b]"]
    assert row.split() == ["?]0;x??[2J?2J?evil??", "two?lines"]


def test_a_progress_bar_still_moves(monkeypatch):
    terminal = Terminal(monkeypatch)
    with tqdm(total=2, file=sys.stderr, mininterval=0, ascii=True) as outer:
        for _ in tqdm(range(2), file=sys.stderr, mininterval=0, desc="in\x1b[2Jner", leave=False):
            outer.update()
    said = terminal.taken()
    assert "\r" in said
    assert "\x1b[A" in said
    assert "\x1b[2J" not in said


def test_a_log_is_text(tmp_path):
    with logs.run_log(tmp_path, bar=True) as log:
        log.warning("of a file: %s", ODD.replace("\ud800", ""))  # which pytest cannot pass on
    assert not [c for c in STEERS if c in (tmp_path / "train.log").read_text()]
    assert runs.list_runs(tmp_path) == []
