"""The folder of a study that somebody else made."""

import json

import pytest
from attacks import refused
from test_hostile_writes import folder_link, link, pipe, second_name, victim  # noqa: F401

from aecli.console.arguments import parse
from aecli.tuning import compose, journal, request, studies

pytest.importorskip("optuna")


@pytest.fixture
def study(victim):  # noqa: F811
    """One that is to have a trial; none was begun."""
    words = ["noise=none,gaussian", "dataset.limit=100", "trainer.epochs=1", "n_trials=1"]
    made = compose.compose(request.read(parse("tune", words)))
    (victim.parent / "theirs").mkdir()
    study = studies.Study(victim.parent / "theirs", made, 1)
    studies.write(study)
    return study


WRITTEN = [(how, name) for name in ("journal.log", ".study") for how in (link, second_name, pipe)]
WRITTEN += [(folder_link, "figures"), (folder_link, "trials")]


@pytest.mark.parametrize(("how", "place"), WRITTEN, ids=lambda x: getattr(x, "__name__", x))
def test_a_study_is_not_written_through(how, place, study, victim, capsys):  # noqa: F811
    how(study.folder / place, victim)
    assert place in refused(capsys, "tune", f"study={study.folder}")


def sparse(place):
    with open(place, "wb") as file:
        file.truncate(10 * 2**30)


def one_line(place):
    with open(place, "wb") as file:
        file.truncate(200 * 2**20)


JOURNALS = {
    "sparse": sparse,
    "one_line": one_line,
    "deep": lambda place: place.write_text("[" * 200_000 + "]" * 200_000 + "\n"),
    "deep_trial": lambda place: place.write_text(
        '{"op_code": 0, "worker_id": "a", "study_name": "tune", "directions": '
        + "[" * 900 + "1" + "]" * 900 + "}\n"
    ),
    "large_number": lambda place: place.write_text('{"op_code": ' + "9" * 100_000 + "}\n"),
    "text": lambda place: place.write_text("no journal\n" * 3),
}  # fmt: skip


@pytest.mark.parametrize("name", JOURNALS)
def test_a_journal_that_is_none_is_refused_at_once(name, study, capsys):
    JOURNALS[name](study.folder / journal.FILE)
    assert "journal.log" in refused(capsys, "tune", f"study={study.folder}")
    assert not (study.folder / "trials").exists()


def changed(study, change):
    stored = json.loads((study.folder / studies.FILE).read_text())
    change(stored["terms"])
    (study.folder / studies.FILE).write_text(json.dumps(stored))


@pytest.mark.parametrize(
    "change",
    [
        lambda terms: terms["bases"][0]["choices"].update(noise="../../../payload"),
        lambda terms: terms["bases"][0]["choices"].update({"../../payload": "x"}),
        lambda terms: terms["bases"][0]["choices"].update(noise="none\n  - override /a: b"),
        lambda terms: terms["bases"][0]["choices"].update(callbacks=["csv_log", "/etc/x"]),
        lambda terms: terms["bases"][0]["choices"].update(noise=""),
        lambda terms: terms["params"][0].update(key="noise\nhydra: {}"),
        lambda terms: terms["params"][0].update(texts=["none", "\x1b[2Jgaussian"]),
        lambda terms: terms.update(metric="val_loss\nhydra: 1"),
        lambda terms: terms["overrides"].append("a=b\n# @package hydra.callbacks"),
    ],
)
def test_stored_choices_are_names(change, study, capsys):
    changed(study, change)
    assert "study.json is damaged" in refused(capsys, "tune", f"study={study.folder}")
