"""Sentences of your own, of a text file or a column of a CSV, as words, characters or bytes."""

import dataclasses
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from aecli.datasets import text_file
from aecli.datasets.base import Dataset, Source, Split, TestSize
from aecli.datasets.labels import labels
from aecli.datasets.learnt import Learnt
from aecli.datasets.source_file import needed_file, shown
from aecli.datasets.vocabulary import MOST, Unit, Vocabulary, split
from aecli.errors import BadRequest

OPTION = "text"
UNITS = {"word": "words", "character": "characters", "byte": "bytes"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Text(Dataset):
    """One example a sentence, [1, T, 1]: the numbers of its tokens, the end, then NaN.

    The vocabulary is that of the training part. test_size applies where no test_path is given.
    """

    scale: Literal["none"] = "none"
    scale_per: Literal["feature"] = "feature"
    binarize: Literal["none"] = "none"
    path: Annotated[str | None, Field(description="a text file, CSV or TSV, plain or .gz")] = None
    test_path: Annotated[str | None, Field(description="a second one of the same kind")] = None
    column: Annotated[str | None, Field(description="the name of the sentences' column")] = None
    label_column: Annotated[
        str | None, Field(description="a column's name, 'auto': the one called label, or null")
    ] = "auto"
    unit: Unit = "word"
    lower: bool = True
    vocabulary: Annotated[
        int, Field(ge=3, le=MOST, description="tokens, end and unknown included")
    ] = 8000
    min_count: Annotated[int, Field(ge=1, description="times that a token must be there")] = 1
    length: Annotated[int, Field(ge=1, le=2**12, description="tokens of a sentence")] = 32
    test_size: TestSize = 0.2

    def read(self) -> Source:
        files = [needed_file(self.path, "path", OPTION)]
        if self.test_path is not None:
            files.append(needed_file(self.test_path, "test_path", OPTION))
        columns = self.column, self.label_column, *self.usual
        found = [text_file.read(file, *columns) for file in files]
        if len({one.label is None for one in found}) > 1:
            raise BadRequest(
                f"{files[1]} and dataset.path: one has a label column, the other has none"
            )
        named = [
            (f"{file}: label", one.labels)
            for file, one in zip(files, found, strict=True)
            if one.labels is not None
        ]
        numbered, label_names = labels(named, [len(texts) for _, texts in named])
        unit, lower = self.tokens_are
        pieces = [[split(line, unit, lower) for line in one.lines] for one in found]
        known = self.known(pieces, numbered, label_names)
        points = self.points(pieces)
        parts = [
            Split(known.rows(one, points), numbered[i] if numbered else None)
            for i, one in enumerate(pieces)
        ]
        first = found[0]
        return Source(
            parts[0],
            (*parts, None)[1],
            str(files[0]) + _described(first),
            label_names,
            reader={"option": OPTION, "column": first.column, "label_column": first.label},
            kind="text",
            notes=tuple(self.notes(known, pieces, points, sum(one.blank for one in found))),
            vocabulary=known,
        )

    @property
    def usual(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What the columns of sentences and of labels are called where nothing is stated."""
        return text_file.COLUMNS, text_file.LABELS

    @property
    def tokens_are(self) -> tuple[Unit, bool]:
        """(unit, lower)"""
        return self.unit, self.lower

    def known(
        self,
        pieces: list[list[list[str]]],
        numbered: list[np.ndarray],
        label_names: tuple[str, ...] | None,
    ) -> Vocabulary:
        """The vocabulary of what will be the training part. Raises BadRequest."""
        empty = [
            Split(np.empty((len(part), 1, 1, 1)), numbered[i] if numbered else None)
            for i, part in enumerate(pieces)
        ]
        rows = self._chosen(Source(empty[0], (*empty, None)[1], str(self.path), label_names)).train
        of_training = (pieces[0][row] for row in rows)
        made = Vocabulary.of(of_training, self.vocabulary, self.min_count, self.unit, self.lower)
        if not made.tokens:
            raise BadRequest(
                f"dataset.min_count={self.min_count} leaves no {self.unit} of {self.path}; "
                "take dataset.min_count=1"
            )
        return made

    def points(self, pieces: list[list[list[str]]]) -> int:
        """T, as long as the longest sentence, with its end."""
        return 1 + min(self.length, max(len(one) for part in pieces for one in part))

    def notes(self, known: Vocabulary, pieces, points: int, blank: int) -> list[str]:
        """What became of the sentences."""
        what = UNITS[known.unit]
        return [f"vocabulary of {len(known.tokens):,} {what}", *_lost(known, pieces, points, blank)]

    def like(self, learnt: Learnt) -> "Text":
        """The training's vocabulary, length and columns; a file may lack the label."""
        if learnt.vocabulary is None:
            return self
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(Text)}
        return AsTrained(**own, of=learnt)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AsTrained(Text):
    """The reader of another file of a run whose data these were like."""

    of: Learnt

    @property
    def usual(self):
        columns, names = super().usual
        reader = self.of.reader if self.of.reader.get("option") == OPTION else {}
        first, label = ((reader[k],) if reader.get(k) else () for k in ("column", "label_column"))
        return (*first, *columns), (*label, *names)

    @property
    def tokens_are(self):
        return self.trained.unit, self.trained.lower

    @property
    def trained(self) -> Vocabulary:
        assert self.of.vocabulary is not None  # it was looked at
        return self.of.vocabulary

    def known(self, pieces, numbered, label_names):
        return self.trained

    def points(self, pieces):
        return self.of.shape[1]

    def notes(self, known, pieces, points, blank):
        return _lost(known, pieces, points, blank)


def _described(found: text_file.Sentences) -> str:
    if found.column is None:
        return ""
    label = "no label" if found.label is None else f"label {shown(found.label)}"
    return f" (column {shown(found.column)}; {label})"


def _lost(known: Vocabulary, pieces, points: int, blank: int) -> list[str]:
    """What of the sentences is not among the tokens, a line each."""
    sentences = [one for part in pieces for one in part]
    counted = sum(map(len, sentences))
    what, notes = UNITS[known.unit], []
    if unknown := sum(token not in known.numbers for one in sentences for token in one):
        notes.append(
            f"{unknown:,} of {counted:,} {what} are not in the vocabulary and count as one, <unk>"
        )
    if cut := sum(len(one) >= points for one in sentences):
        notes.append(
            f"{cut:,} of {len(sentences):,} sentences are cut to their first {points - 1} {what}: "
            "dataset.length"
        )
    if blank:
        notes.append(f"{blank:,} blank sentences are left out")
    return notes
