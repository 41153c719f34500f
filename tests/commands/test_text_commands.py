"""Sentences from the shell: a copy is learnt, and every command works on them or says why not."""

import csv
import json
import pathlib
import sys

import keras
import numpy as np
import pytest
from cli_script import run as in_fresh_process

from aecli import cli, runs

LINES = [f"the {a} {n} {v} {o}" for a in ("red", "old") for n in ("dog", "cat", "king")
         for v in ("sees", "likes") for o in ("me", "us now", "the sea", "you .")]  # fmt: skip
SMALL = ["network.units=32", "network.embedding=16", "model.latent_dim=12"]
WORDS = [*SMALL, "dataset.test_size=train", "dataset.validation_size=test", "trainer.threads=1"]
LONG = ["trainer.epochs=70", "trainer.batch_size=24", "optimizer.learning_rate=0.02"]


def is_dog(line: str) -> str:
    return "dog" if " dog " in line else "other"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with sentences.tsv, and a run on it that has learnt to copy."""
    folder = tmp_path_factory.mktemp("text")
    rows = [f"{is_dog(line)}\t{line}" for line in LINES]
    (folder / "sentences.tsv").write_text("\n".join(["label\tsentence", *rows]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        words = ["dataset=text", "dataset.path=sentences.tsv", *WORDS, *LONG]
        assert cli.dispatch(["train", *words]) == 0
    return folder


@pytest.fixture
def typed(place, monkeypatch, capsys):
    """typed("encode", ...) -> exit code, what was printed; in the folder of the run."""
    monkeypatch.chdir(place)

    def run(*words: str) -> tuple[int, str]:
        code = cli.dispatch(list(words))
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def newest(name: str) -> pathlib.Path:
    return max(pathlib.Path("outputs").glob(f"*/*/eval/*/{name}"), key=lambda p: p.stat().st_mtime)


def table(path) -> list[dict[str, str]]:
    with pathlib.Path(path).open() as stream:
        return list(csv.DictReader(stream))


def test_a_training_learns_to_copy_and_says_what_it_did(place):
    (info,) = runs.list_runs(place / "outputs")
    run = runs.Run(info.folder)
    values = json.loads((info.folder / "metrics.json").read_text())
    assert values["exact_sentences"] > 0.95
    assert values["token_accuracy"] > 0.98
    assert values["token_perplexity"] == pytest.approx(np.exp(values["nats_a_token"]))
    assert "mse" not in values
    assert values["about"]["loss"]["unit"] == "nats a sentence"
    tokens = sum(len(line.split()) + 1 for line in LINES)
    assert values["nats_a_token"] * tokens == pytest.approx(values["loss"] * len(LINES), rel=1e-4)
    assert run.status["warnings"] == []
    log = (info.folder / "train.log").read_text()
    assert "needs images" not in log


def test_reconstruct_writes_sentences_beside_those_that_were_given(typed):
    code, said = typed("reconstruct")
    assert code == 0, said
    rows = table(newest("reconstructed.csv"))
    assert sorted(row["sentence"] for row in rows) == sorted(
        line.replace(" .", ".") for line in LINES
    )
    assert rows[0]["reconstruction"] in said
    same = np.mean([row["sentence"] == row["reconstruction"] for row in rows])
    assert same > 0.95
    assert {row["label"] for row in rows} == {"dog", "other"}


def test_a_new_file_is_read_by_the_trainings_vocabulary(typed, place):
    (place / "new.txt").write_text("The old dog likes us now\nthe red zebra sees me\n")
    code, said = typed("reconstruct", "input=new.txt", "output=new.tsv")
    assert code == 0, said
    assert "1 of 11 words are not in the vocabulary" in said
    lines = (place / "new.tsv").read_text().splitlines()
    assert lines[0] == "sentence\treconstruction"
    assert lines[1] == "the old dog likes us now\tthe old dog likes us now"
    assert lines[2].startswith("the red <unk> sees me\t")
    code, said = typed("encode", "input=new.txt", "output=codes.csv")
    assert code == 0, said
    code, said = typed("decode", "input=codes.csv", "output=decoded.txt")
    assert code == 0, said
    assert (place / "decoded.txt").read_text().splitlines()[0] == "the old dog likes us now"


def test_interpolate_goes_from_one_sentence_to_another(typed):
    ends = ["the red dog sees me", "the old king likes the sea"]
    code, said = typed("interpolate", f"sentences={ends}", "steps=5", "path=both")
    assert code == 0, said
    rows = table(newest("interpolation.csv"))
    assert [row["path"] for row in rows] == ["linear"] * 5 + ["spherical"] * 5
    assert [row["share"] for row in rows[:5]] == ["0.0", "0.25", "0.5", "0.75", "1.0"]
    for first in (0, 5):
        assert [rows[first]["sentence"], rows[first + 4]["sentence"]] == ends
    known = set(" ".join(LINES).split())
    assert all(set(row["sentence"].split()) <= known for row in rows)
    code, said = typed("interpolate", "sentences=['the zebra','the dog']")
    assert (code, "taken for one: zebra" in said) == (0, True), said
    assert typed("interpolate", "labels=[dog,other]", "steps=3")[0] == 0


def test_generate_prints_and_writes_sentences(typed, place):
    code, said = typed("generate", "n=12", "output=made.txt")
    assert code == 0, said
    made = (place / "made.txt").read_text().splitlines()
    assert len(made) == 12
    known = set(" ".join(LINES).replace(" .", "").split())
    assert all({word.rstrip(".") for word in line.split()} <= known | {""} for line in made)
    assert made[0] in said
    assert "2 more" in said


def test_eval_says_it_a_token(typed):
    code, said = typed("eval", "--json")
    assert code == 0, said
    values = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert values["exact_sentences"] > 0.95
    assert values["baselines"] == {}
    code, said = typed("eval", "metrics=[pixels]")
    assert (code, "tokens of sentences are names" in said) == (2, True), said


def test_detect_scores_a_token_of_a_sentence(typed, place):
    odd = "sees sees the the king"
    (place / "odd.txt").write_text("\n".join([*LINES[:5], odd]) + "\n")
    code, said = typed("detect", "input=odd.txt", "quantile=1", "output=scores.csv")
    assert code == 0, said
    assert "nats a token" in said
    scores = [float(row["score"]) for row in table(place / "scores.csv")]
    assert np.argmax(scores) == 5
    run = runs.Run(runs.list_runs(place / "outputs")[0].folder)
    x = run.learnt.vocabulary.rows([odd.split()], run.data_shape[1])
    wanted = run.model.score(x)["reconstruction"][0] / 6  # words, and the end
    assert scores[5] == pytest.approx(wanted, rel=1e-4)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["export"], "parts=[encoder]"),
        (["denoise"], "noise"),
        (["traverse"], "needs images; these data are sentences"),
        (["plot-reconstructions"], "needs images; these data are sentences"),
        (["reconstruct", "output=x.png"], "it can be .csv, .tsv, .txt, .npz"),
        (["interpolate", "sentences=[one]"], "must be two"),
        (["interpolate", "sentences=[a,b]", "labels=[dog,other]"], "state one of them"),
        (["eval", "noise=gaussian"], "take noise=none"),
        (["train", "sentences.tsv", "dataset=text", "noise=gaussian"], "take noise=none"),
        (["train", "sentences.tsv", "dataset=text", "network=gru"], "network=seq2seq"),
        (["train", "sentences.tsv", "dataset=text", "model=vae", "model/prior=vamp"], "mixture"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(typed, words, said):
    code, text = typed(*words)
    assert code == 2, text
    assert said in text
    lines = [line for line in text.splitlines() if not line.startswith(("run ", "input ", "data "))]
    assert len(lines) <= 2, text


def test_a_text_file_finds_its_reader_and_a_run_of_images_takes_no_sentences(typed, place):
    (place / "plain.txt").write_text("\n".join(LINES) + "\n")
    words = [*SMALL, "trainer.epochs=1", "figures=[]", "outputs=others"]
    code, said = typed("train", "plain.txt", *words, "model=vae", "network.word_dropout=0.5")
    assert code == 0, said
    assert "network: seq2seq" in said
    assert "loss: categorical + 1 kl (nats a sentence)" in said
    assert "network.word_dropout" not in said
    code, said = typed("eval", "card=full", "outputs=others", "metrics.bounds.k=3")
    assert code == 0, said
    assert "failed" not in said
    assert "elbo" in said
    code, said = typed("generate", "n=3", "outputs=others")
    assert (code, "codes drawn from the prior" in said) == (0, True), said


def test_plain_keras_writes_the_same_sentences_in_a_fresh_process(place):
    run = runs.Run(runs.list_runs(place / "outputs")[0].folder)
    lines = ["the red dog sees me", "the old cat likes the sea"]
    wanted = run.model.raw.reconstruct(lines)
    best = run.folder / "checkpoints" / "best.keras"
    assert keras.models.load_model(best).raw.reconstruct(lines) == wanted
    script = (
        "import aecli, keras, sys\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "print('\\n'.join(model.raw.reconstruct(sys.argv[2:])))"
    )
    done = in_fresh_process([sys.executable, "-c", script, str(best), *lines], place)
    assert done.stdout.splitlines() == wanted, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["onnx", "saved_model", "keras"])
def test_the_encoder_is_exported(typed, kind):
    code, said = typed("export", f"format={kind}", "parts=[encoder]", f"output=exported_{kind}")
    assert code == 0, said
