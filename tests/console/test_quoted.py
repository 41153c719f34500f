"""Texts of any kind reach a process through the shell and Hydra's grammar, and come back alike."""

import shlex

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from aecli import typed

TEXTS = [
    "a b", "it's", "a\\b", "a\\\\b", "end\\", "it\\'s", "a,b=[c]{d}(e)", "$x", "null", "~/a",
    "a'b!$(c)`d`", '"', "é", "-1", "1_000", "1e3", "inf", "True", "", "2026/1", "./1", "#a", "a:b",
    "outputs/2026-11-26/10-00-00_vae_digits", "12", "0x1", "a@b", "%", "+1", "._", ".", "x/null",
]  # fmt: skip


def read(override: str):
    parsed = OverridesParser.create().parse_override(override)
    assert not parsed.is_sweep_override()
    return parsed.value()


@pytest.mark.parametrize("text", TEXTS)
def test_hydra_reads_what_was_meant(text):
    assert read(f"resume={typed.quoted(text)}") == text
    assert read(typed.override("resume", text)) == text


@pytest.mark.parametrize("value", [*TEXTS, None, True, 0.001, 1e-05, [], [16, 8], ["a b", None]])
def test_the_shell_gives_hydra_what_was_meant(value):
    line = typed.command("train", "-m", resume=value, **{"trainer.epochs": 3})
    aecli, command, option, override, epochs = shlex.split(line)
    assert (aecli, command, option, epochs) == ("aecli", "train", "-m", "trainer.epochs=3")
    assert read(override) == value
    assert shlex.split(typed.setting("resume", value)) == [override]


@pytest.mark.parametrize("text", TEXTS)
def test_what_was_stated_is_read_without_its_quotes(text):
    overrides = [typed.override("a", text), f'b="{text}"', "c.d=[1,2]"]
    found = typed.stated(
        overrides if '"' not in text and not text.endswith("\\") else overrides[:1]
    )
    assert found["a"] == text
    if "b" in found:
        assert found["b"] == read(overrides[1]) == text
        assert found["c.d"] == "[1,2]"


@pytest.mark.parametrize(
    ("value", "line"),
    [("outputs/10-00-00_ae", "resume=outputs/10-00-00_ae"), ("a b", "\"resume='a b'\""),
     ([16, 8], "'resume=[16,8]'"), (12, "resume=12")],
)  # fmt: skip
def test_what_needs_no_quotes_gets_none(value, line):
    assert typed.setting("resume", value) == line
