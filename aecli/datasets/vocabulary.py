"""Vocabulary: sentences as rows of token numbers, and back."""

import collections
import dataclasses
import functools
import re
from collections.abc import Iterable
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from aecli.component import check_arguments
from aecli.errors import BadRequest

Unit = Literal["word", "character", "byte"]
END, UNKNOWN = 0, 1  # numbers; those of tokens follow, the most frequent one first
SPECIAL = 2
MOST = 2**17  # tokens
LONGEST = 64  # characters of a token that is known
UNKNOWN_TEXT = "<unk>"
WORD = re.compile(r"\d+(?:[.,]\d+)*|\w+(?:['\u2019-]\w+)*|[^\w\s]")
NO_SPACE_BEFORE = frozenset(".,;:!?%)]}\u2019\u201d\u2026")
NO_SPACE_AFTER = frozenset("([{$\u00a3\u20ac\u2018\u201c")


@dataclasses.dataclass(frozen=True)
class Vocabulary:
    """What tokens a training knows: tokens[i] has the number i + 2; 0 is the end, 1 unknown.

    unit: what a token is. word: words, numbers and single marks, without the spaces between them;
    byte: of UTF-8, each as the character of its number. lower: whether capitals become small.
    """

    tokens: tuple[str, ...]
    unit: Unit = "word"
    lower: bool = True

    @classmethod
    def of(
        cls, sentences: Iterable[list[str]], most: int, min_count: int, unit: Unit, lower: bool
    ) -> "Vocabulary":
        """Of the most frequent tokens of split sentences, the special two among the `most`."""
        counts = collections.Counter(token for sentence in sentences for token in sentence)
        kept = [t for t, count in counts.items() if count >= min_count and len(t) <= LONGEST]
        kept.sort(key=lambda token: (-counts[token], token))
        return cls(tuple(kept[: most - SPECIAL]), unit, lower)

    @property
    def size(self) -> int:
        """How many numbers there are, the special two included."""
        return len(self.tokens) + SPECIAL

    @functools.cached_property
    def numbers(self) -> dict[str, int]:
        return {token: i for i, token in enumerate(self.tokens, SPECIAL)}

    def rows(self, sentences: list[list[str]], points: int) -> np.ndarray:
        """Split sentences -> [N, 1, points, 1] float32: numbers, the end, then NaN.

        One of more than points - 1 tokens is cut to them.
        """
        x = np.full((len(sentences), points), np.nan, np.float32)
        for row, sentence in zip(x, sentences, strict=True):
            known = [self.numbers.get(token, UNKNOWN) for token in sentence[: points - 1]]
            row[: len(known)] = known
            row[len(known)] = END
        return x[:, None, :, None]

    def split(self, sentence: str) -> list[str]:
        return split(sentence, self.unit, self.lower)

    def sentences(self, x: np.ndarray) -> list[str]:
        """Rows [N, 1, T, 1] as a model takes or makes them -> a line of text each."""
        return [self._joined(row) for row in np.asarray(x).reshape(len(x), -1)]

    def plain(self) -> dict[str, Any]:
        """As `from_plain` takes it."""
        return {"tokens": list(self.tokens), "unit": self.unit, "lower": self.lower}

    @classmethod
    def from_plain(cls, values: dict[str, Any], path: str) -> "Vocabulary":
        """path: where it was found, for messages. Raises BadRequest."""
        if sorted(values) != ["lower", "tokens", "unit"]:
            raise BadRequest(f"{path} is damaged: its vocabulary lacks tokens, unit or lower")
        check_arguments(_stored, values, "data.vocabulary", path)
        if len(set(values["tokens"])) < len(values["tokens"]):
            raise BadRequest(f"{path} is damaged: its vocabulary has a token twice")
        return cls(tuple(values["tokens"]), values["unit"], values["lower"])

    def _joined(self, row: np.ndarray) -> str:
        ends = np.flatnonzero(np.isnan(row) | (row == END))
        numbers = row[: ends[0] if len(ends) else len(row)].astype(int)
        tokens = [
            self.tokens[i - SPECIAL] if SPECIAL <= i < self.size else UNKNOWN_TEXT for i in numbers
        ]
        if self.unit == "word":
            return _spaced(tokens)
        if self.unit == "character":
            return "".join(tokens)
        parts = [UNKNOWN_TEXT.encode() if len(t) > 1 else t.encode("latin-1") for t in tokens]
        return b"".join(parts).decode("utf-8", "replace")


def _stored(
    tokens: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=LONGEST)]],
        Field(min_length=1, max_length=MOST),
    ],
    unit: Unit,
    lower: bool,
): ...


def split(sentence: str, unit: Unit, lower: bool) -> list[str]:
    """The tokens of a sentence; white space is one space, and of words none."""
    text = " ".join(sentence.split())
    text = text.lower() if lower else text
    if unit == "word":
        return WORD.findall(text)
    return list(text) if unit == "character" else [chr(byte) for byte in text.encode()]


def _spaced(tokens: list[str]) -> str:
    """Words as a line: marks stand where they do in English; straight quotes open and close."""
    line, glued, is_open = "", True, False
    for token in tokens:
        closes = token in NO_SPACE_BEFORE or (token == '"' and is_open)
        line += token if glued or closes else f" {token}"
        is_open = is_open ^ (token == '"')
        glued = token in NO_SPACE_AFTER or (token == '"' and is_open)
    return line
