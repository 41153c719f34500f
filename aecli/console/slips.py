"""Slips of who types: blanks around =, commas between words. Standard library only."""

import re

from aecli import typed
from aecli.errors import BadRequest

KEY = r"[A-Za-z_][\w./@-]*"
BRACKETS = set("[](){}'\"")  # in these a comma belongs to the value


def refuse(words: list[str]) -> None:
    """Raises BadRequest, which says what was probably meant."""
    for i, word in enumerate(words):
        before, after = words[i - 1 : i], words[i + 1 : i + 2]
        if word.startswith("=") and before:
            parts = [*before, word, *(after if word == "=" else [])]
        elif re.fullmatch(f"{KEY}=", word) and after and re.match(r"[^-]", after[0]):
            parts = [word, *after] if "=" not in after[0] else []
        else:
            parts = []
        if parts:
            meant = "".join(parts)
            raise BadRequest(f"no blanks around =\ntype {typed.word(meant)}")
    divided = [part for word in words for part in _parts(word)]
    if divided != words:
        meant = " ".join(map(typed.word, divided))
        raise BadRequest(f"words are divided by blanks, without commas\ntype {meant}")


def _parts(word: str) -> list[str]:
    """model=vae,dataset=mnist in two; a word that is right as it is."""
    if not re.match(f"{KEY}=", word) or set(word) & BRACKETS:
        return [word]
    return re.split(rf",\s*(?={KEY}=)", word.rstrip(","))
