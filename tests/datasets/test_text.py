"""dataset=text: tokens and back, the vocabulary of the training part, files as people have them."""

import gzip

import numpy as np
import pytest

from aecli.datasets import learnt_file
from aecli.datasets.text import Text
from aecli.datasets.vocabulary import Vocabulary, split
from aecli.errors import BadRequest

LINES = [f"the {a} {n} sees the {o}" for a in ("red", "old") for n in ("dog", "cat", "owl")
         for o in ("sea", "sun", "moor", "hill")]  # fmt: skip


@pytest.fixture
def written(tmp_path):
    def file(name: str, text: str | bytes = "\n".join(LINES)):
        path, data = tmp_path / name, text if isinstance(text, bytes) else text.encode()
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return str(path)

    return file


@pytest.mark.parametrize("unit", ["word", "character", "byte"])
@pytest.mark.parametrize(
    "line",
    [
        "he said: \"don't go (now)!\" at 3.5 o'clock, well-known.",
        "a caf\u00e9 for \u20ac5, \u201cso\u201d [they say]; 10% off?",
    ],
)
def test_a_line_comes_back(unit, line):
    tokens = split(line, unit, True)
    known = Vocabulary.of([tokens], 8000, 1, unit, True)
    assert known.sentences(known.rows([tokens], 100)) == [line]


def test_words_are_words_numbers_and_single_marks():
    assert split("Don't  pay 1,000.50 (now)...", "word", True) == [
        "don't", "pay", "1,000.50", "(", "now", ")", ".", ".", ".",
    ]  # fmt: skip
    assert split("Ab", "word", False) == ["Ab"]


def test_numbers_go_by_frequency_in_the_training_part(written):
    splits = Text(path=written("a.txt")).load()
    known = splits.learnt.vocabulary
    counts = {
        token: sum(line.split().count(token) for line in known.sentences(splits.train.x))
        for token in known.tokens
    }
    assert known.tokens[0] == "the"
    assert list(counts.values()) == sorted(counts.values(), reverse=True)
    assert min(counts.values()) > 0
    assert splits.spec.kind == "text"
    assert splits.train.x.shape[1:] == (1, 7, 1)  # six words and the end
    assert splits.learnt.gaps


def test_what_is_rare_or_beyond_the_vocabulary_is_unknown_and_said(written):
    splits = Text(path=written("a.txt"), vocabulary=4, validation_size="test").load()
    assert splits.learnt.vocabulary.tokens == ("the", "sees")
    assert "are not in the vocabulary" in " ".join(splits.notes)
    assert splits.learnt.vocabulary.sentences(splits.train.x)[0] == "the <unk> <unk> sees the <unk>"
    with pytest.raises(BadRequest, match="min_count=99 leaves no word"):
        Text(path=written("a.txt"), min_count=99).load()


def test_a_vocabulary_is_that_of_the_classes_that_are_asked_for(written):
    text = "label\tsentence\n" + "".join(f"{line.split()[2]}\t{line}\n" for line in LINES)
    splits = Text(path=written("a.tsv", text), classes=["dog", "owl"]).load()
    assert "cat" not in splits.learnt.vocabulary.tokens
    assert {"dog", "owl"} < set(splits.learnt.vocabulary.tokens)


def test_a_word_without_an_end_is_unknown(written):
    splits = Text(path=written("a.txt", "\n".join([*LINES, "the " + "x" * 100] * 3))).load()
    assert max(map(len, splits.learnt.vocabulary.tokens)) <= 64


def test_longer_sentences_are_cut_and_blank_ones_left_out_and_said(written):
    splits = Text(path=written("a.txt", "\n".join([*LINES, "", "  "])), length=4).load()
    assert splits.train.x.shape[1:] == (1, 5, 1)
    assert (splits.train.x[:, 0, 4] == 0).all()
    said = " ".join(splits.notes)
    assert "24 of 24 sentences are cut to their first 4 words" in said
    assert "2 blank sentences are left out" in said


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", "sentence,kind\n" + "".join(f'"{line}, yes",k\n' for line in LINES)),
        ("a.tsv", "kind\tsentence\n" + "".join(f"k\t{line}, yes\n" for line in LINES)),
        ("a.tsv.gz", "sentence\n" + "".join(f"{line}, yes\n" for line in LINES)),
        ("a.txt.gz", "".join(f"{line}, yes\r\n" for line in LINES)),
        ("a.csv", "words\n" + "".join(f'"{line}, yes"\n' for line in LINES)),
    ],
)
def test_files_of_one_meaning_give_one_thing(written, name, text):
    label = "kind" if "kind" in text[:20] else None
    splits = Text(path=written(name, text), label_column=label).load()
    plain = Text(path=written("b.txt", "\n".join(f"{line}, yes" for line in LINES))).load()
    np.testing.assert_array_equal(splits.train.x, plain.train.x)
    assert splits.learnt.vocabulary == plain.learnt.vocabulary
    assert splits.label_names == (None if label is None else ("k",))


def test_a_quote_is_a_mark_in_a_tsv(written):
    text = "sentence\n" + "".join(f'"{line}\n' for line in LINES)
    assert '"' in Text(path=written("a.tsv", text)).load().learnt.vocabulary.tokens


def test_another_file_is_read_by_the_trainings_vocabulary(written, tmp_path):
    text = "kind\ttale\n" + "".join(f"{line[4:7]}\t{line}\n" for line in LINES)
    reader = Text(path=written("a.tsv", text), column="tale", label_column="kind")
    splits = reader.load()
    path = tmp_path / "data.json"
    learnt_file.write(path, splits.learnt)
    learnt = learnt_file.read(path, splits.learnt.shape)
    assert learnt == splits.learnt
    again = reader.load(learnt)
    np.testing.assert_array_equal(again.test.x, splits.test.x)
    new = Text(
        path=written("new.txt", "The blue dog, sees\nthe old owl sees the sea and the sun\n")
    )
    source = new.like(learnt).read()
    assert learnt.vocabulary.sentences(source.train.x) == [
        "the <unk> dog <unk> sees", "the old owl sees the sea",
    ]  # fmt: skip
    text = "tale,other\nthe old dog,1\n"  # the column of the training, and no label
    source = Text(path=written("new.csv", text)).like(learnt).read()
    assert learnt.vocabulary.sentences(source.train.x) == ["the old dog"]


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.txt", b"good\nbad \xff\xfe\n", "not a text file in UTF-8.*line 2"),
        ("a.txt", "good\nb\0d\n", "a.txt:2: a character NUL"),
        ("a.txt", "good\n" + "x" * 70_000, "a.txt:2: 70,000 characters in one sentence"),
        ("a.txt", "", "is empty"),
        ("a.txt", "\n \n", "has no sentences"),
        ("a.csv", "a,b\nx,y\n", r"which column has the sentences\? it has a, b"),
        ("a.tsv", "kind\tsentence\nk\tgood\nbad\n", "a.tsv:3: 1 columns, where 2 are needed"),
        ("a.csv", 'sentence\n"not closed\n', "a.csv:2: a quote is not closed"),
        ("a.tsv", "label\tsentence\n\tgood\n", "a.tsv:2: the label is empty"),
    ],
)
def test_a_broken_file_is_refused_with_its_place(written, name, text, said):
    with pytest.raises(BadRequest, match=said) as refusal:
        Text(path=written(name, text)).load()
    assert len(str(refusal.value).splitlines()) <= 2


def test_a_misspelt_column_gets_its_neighbour(written):
    path = written("a.csv", "sentence,kind\nwell,k\n")
    with pytest.raises(BadRequest, match="did you mean 'sentence'"):
        Text(path=path, column="sentense").load()
    with pytest.raises(BadRequest, match="did you mean 'kind'"):
        Text(path=path, label_column="kinds").load()
    with pytest.raises(BadRequest, match="taken for a sentence a line"):
        Text(path=written("a.txt"), column="x").load()


@pytest.mark.parametrize(
    "change",
    [
        {"tokens": []}, {"tokens": ["a", "a"]}, {"tokens": [1]}, {"tokens": ["a"] * 200_000},
        {"unit": "syllable"}, {"lower": 1}, {"tokens": ["x" * 5000]}, {"further": []},
    ],
)  # fmt: skip
def test_a_damaged_vocabulary_is_refused(written, change):
    stored = learnt_file.plain(Text(path=written("a.txt")).load().learnt)
    stored["vocabulary"] |= change
    with pytest.raises(BadRequest, match=r"data\.json"):
        learnt_file.from_plain(stored, "data.json")
    for kind, vocabulary in (("image", stored["vocabulary"]), ("text", None)):
        with pytest.raises(BadRequest, match=r"data\.json"):
            learnt_file.from_plain(stored | {"kind": kind, "vocabulary": vocabulary}, "data.json")
