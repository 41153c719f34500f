"""Text and tables on a terminal that is narrower than their lines."""

import io
import re
import sys

import pytest

from aecli.console import catalog, streams
from aecli.console.arguments import parse
from aecli.console.folding import folded
from aecli.console.help import command_help
from aecli.console.table import show_table

RUN = "outputs/2026-11-28/09-36-10_vq_vae_fashion_mnist"
TABLES = {
    "prose": [["row", "what"], ["ae", "a plain autoencoder, " * 4], ["vae", "Gaussian codes " * 9]],
    "runs": [
        ["run", "model", "dataset", "state", "val_loss (nats an image)"],
        [RUN, "vq_vae", "fashion_mnist", "done", "27.0571"],
        ["outputs/mine", "ae", "digits", "interrupted", "27.1"],
    ],
    "wide": [[f"column{i}" for i in range(20)], [f"binary_crossentropy{i}" for i in range(20)]],
}


@pytest.fixture
def terminal(monkeypatch):
    """What is printed on a terminal of so many columns."""

    def printed(columns, show):
        screen = streams.Visible(io.BytesIO(), encoding="utf-8", write_through=True)
        monkeypatch.setattr(screen, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("COLUMNS", str(columns))
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stdout", screen)
            show()
        return re.sub(r"\x1b\[[0-9;]*m", "", screen.buffer.getvalue().decode())

    return printed


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_fits_and_no_word_of_it_breaks(terminal, name, columns):
    headers, *rows = TABLES[name]
    said = terminal(columns, lambda: show_table(headers, rows))
    assert max(map(len, said.splitlines())) <= columns
    words = [word for row in (headers, *rows) for cell in row for word in cell.split()]
    assert sorted(said.split()) == sorted(words)


def test_what_is_folded_stands_below_its_column(terminal):
    headers, *rows = TABLES["runs"]
    wide = terminal(120, lambda: show_table(headers, rows)).splitlines()
    assert len(wide) == 3
    assert wide[1].index("done") == wide[2].index("interrupted") == wide[0].index("state")
    narrow = terminal(80, lambda: show_table(headers, rows)).splitlines()
    assert narrow[2] == RUN  # whole, to be copied; the others below it
    assert narrow[3].index("done") == narrow[1].index("state") == narrow[5].index("interrupted")
    prose = terminal(60, lambda: show_table(*[TABLES["prose"][0], TABLES["prose"][1:]]))
    assert {line[:5] for line in prose.splitlines()} == {"row  ", "ae   ", "vae  ", "     "}


def test_a_pipe_has_whole_lines(capsys):
    headers, *rows = TABLES["runs"]
    show_table(headers, rows)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 3
    assert said[1].split("  ")[0] == RUN


def test_a_line_goes_on_below_its_text(terminal):
    line = "fit     50 epochs x 21 steps   batch 64   adam 0.001   float32   early stop: val_loss"
    assert folded(line, 60).splitlines() == [
        "fit     50 epochs x 21 steps   batch 64   adam 0.001",
        "        float32   early stop: val_loss",
    ]
    key = "  name: null            # of the folder; null: by day, time, model and data"
    assert folded(key, 60).splitlines()[1].startswith(" " * 26 + "model")
    assert folded("error: " + "word " * 20, 60).splitlines()[1].startswith(" " * 7 + "word")
    assert terminal(60, lambda: print(line)) == folded(line, 60) + "\n"
    assert terminal(60, lambda: print(f'{{"a": "{line}"}}')) == f'{{"a": "{line}"}}\n'
    assert line in terminal(60, lambda: print("a", line))  # a line that has begun


def test_a_command_stays_one_that_can_be_copied():
    command = "aecli train dataset.path=/a/long/path model=vae trainer.epochs=5 seed=1"
    first, second = folded(f"next    {command}", 60).splitlines()
    assert first.endswith(" \\")
    assert " ".join([first.removesuffix(" \\"), second.strip()]) == f"next    {command}"
    short = "aecli train dataset.path=/a/long/path model=vae"
    said = folded(f"stopped after a while, and what is left is trained by {short}", 60)
    assert short in said.splitlines()


@pytest.mark.parametrize("command", ["train", "tune", "detect"])
def test_every_help_fits(command):
    text = command_help(parse(command, ["--help=all"]))
    assert max(map(len, folded(text, 80).splitlines())) <= 80
    known = catalog.comment_lines(catalog.commands()[command])
    assert all(line.split()[-1] in text for line in known if line.startswith("  aecli"))
