"""The words of a search, what is proposed from them, and the journal that keeps it."""

import importlib.util
import json
import os

import pytest
from cli_script import python
from hydra.core.override_parser.overrides_parser import OverridesParser

from aecli import dispatch
from aecli.console.arguments import parse as parse_words
from aecli.errors import BadRequest
from aecli.tuning import engine, proposals, request, space, studies
from aecli.tuning.journal import FILE, Journal
from aecli.tuning.space import Param
from aecli.tuning.terms import Terms

pytest.importorskip("optuna", reason="the search is Optuna's: pip install 'aecli[tune]'")

RATE = "optimizer.learning_rate=interval(1e-4,1e-2)"


def parsed(override: str) -> Param | None:
    return space.parse(OverridesParser.create().parse_override(override), ["model", "callbacks"])


@pytest.mark.parametrize(
    ("override", "kind", "bounds", "log"),
    [
        ("a=interval(1e-4,1e-2)", "float", (1e-4, 1e-2, None), True),  # two decades
        ("a=interval(1e-4,9e-3)", "float", (1e-4, 9e-3, None), False),
        ("a=tag(linear,interval(1e-4,1e-2))", "float", (1e-4, 1e-2, None), False),
        ("a=tag(log,interval(1,9))", "float", (1.0, 9.0, None), True),
        ("a=interval(0,1000)", "float", (0.0, 1000.0, None), False),
        ("a=int(interval(2,32))", "int", (2, 32, 1), False),
        ("a=int(tag(log,interval(8,64)))", "int", (8, 64, 1), True),
        ("a=range(2,33)", "int", (2, 32, 1), False),
        ("a=range(3)", "int", (0, 2, 1), False),
        ("a=range(1,9,3)", "int", (1, 7, 3), False),
        ("a=range(9,1,-4)", "int", (5, 9, 4), False),
        ("a=range(0,1,0.25)", "float", (0.0, 0.75, 0.25), False),
    ],
)
def test_numbers(override, kind, bounds, log):
    param = parsed(override)
    assert (param.kind, (param.low, param.high, param.step), param.log) == (kind, bounds, log)
    assert param.distribution().log == log
    text = param.override(param.low)
    assert parsed(text) is None  # a plain override again
    assert OverridesParser.create().parse_override(text).value() == param.low


def test_choices():
    param = parsed("a=1,0.5,x,null,true")
    assert param.labels == param.texts == ("1", "0.5", "x", "null", "True")  # 1 == True
    assert parsed("a=1,0.5,x,null").labels == (1, 0.5, "x", None)
    assert [param.setting(label) for label in param.labels] == [1, 0.5, "x", None, True]
    param = parsed("a=[64],[128,64],{b:1}")
    assert param.labels == ("[64]", "[128,64]", "{b:1}")
    assert [param.setting(label) for label in param.labels] == [[64], [128, 64], {"b": 1}]
    assert parsed("a=choice(2,3,2)").labels == (2, 3)
    assert parsed("a='x,y',z").setting("x,y") == "x,y"
    assert parsed("model=ae,vae").is_group
    assert parsed("+callbacks=a,b").is_group
    assert Param.from_json(json.loads(json.dumps(vars(param)))) == param


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("a=interval(2,1)", "has no numbers in it"),
        ("a=range(2,2)", "has no numbers in it"),
        ("a=range(0,1,-0.5)", "has no numbers in it"),
        ("a=tag(log,interval(0,1))", "begins above 0; got 0"),
        ("a=tag(lin,interval(1,2))", "it can be log or linear"),
        ("a=tag(log,choice(1,2))", "is for an interval"),
        ("model=interval(1,2)", "takes the names of options"),
        ("model=range(3)", "takes the names of options"),
    ],
)
def test_what_cannot_be_searched(override, said):
    with pytest.raises(BadRequest, match=said):
        parsed(override)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "nothing to search"),
        (["model=vae"], "nothing to search"),
        (["n_trials=0", RATE], "n_trials must be a whole number of 1 or more; got 0"),
        (["n_trails=3", RATE], "did you mean 'n_trials'?"),
        (["model.latent_dimm=range(2,9)"], "did you mean 'model.latent_dim'?"),
        (["model=ae,vae", "model.beta=interval(1,4)"], "model=ae has no 'beta'"),
        (["model=ae,vea"], "did you mean 'vae'?"),
        (["model.latent_dim=interval(2,9)"], "take 'model.latent_dim=int(interval(2,9))'"),
        (["sampler=cmaes", RATE], "sampler must be tpe or random; got 'cmaes'"),
        (["pruner=mean", RATE], "pruner must be median or hyperband or none"),
        (["n_jobs=0", RATE], "n_jobs must be a whole number"),
        (["save=a/b", RATE], "save must be a name, as save=mine"),
        (["save=dense_mnist", RATE], "there is an experiment of that name"),
        (["-m", RATE], "does not take --multirun: it searches by itself"),
        (["resume=latest", RATE], "does not take resume"),
        (["metric=null", RATE], "metric must be a name, as metric=val_loss"),
        (["seed=3", "seed=4,5"], "seed is given twice"),
        (["hydra.run.dir=x", RATE], "does not take hydra.run.dir"),
        (["study=nowhere"], "study=nowhere is no study"),
        (["study=latest"], "no study under outputs/"),
        (["dataset=npz", "dataset.path=nowhere.npz", RATE], "nowhere.npz"),
        (["model=glob(*)", "optimizer=glob(*)", "noise=glob(*)"], "combinations of options"),
    ],
)
def test_a_bad_request_is_refused_and_leaves_nothing(tmp_path, monkeypatch, capsys, words, said):
    monkeypatch.chdir(tmp_path)
    assert dispatch.run("tune", words) == 2
    error = capsys.readouterr().err
    assert said in error
    assert len(error.splitlines()) <= 2
    assert list(tmp_path.iterdir()) == []


def test_the_separator_is_for_the_reader():
    words = ["n_trials=3", "--", "model=vae", RATE]
    requests = [request.read(parse_words("tune", w)) for w in (words, [*words[2:], words[0]])]
    assert requests[0] == requests[1]
    assert (requests[0].fixed, requests[0].stated) == (["model=vae"], {"n_trials"})


def test_another_search_on_an_old_study_is_refused():
    params = [parsed("a=interval(0,1)")]
    terms = Terms(["b=1"], params, "val_loss", "tpe", "median", 0, [])
    terms.check_same([], [], {})
    terms.check_same(["b=1"], [parsed("a=interval(0.0,1.0)")], {"sampler": "tpe"})
    for asked, said in (
        ((["b=2"], params, {}), "b: 1, asked 2"),
        (([], params, {}), "b: 1, asked without it"),
        ((["b=1"], [parsed("a=interval(0,2)")], {}), "a: 0 to 1, asked 0 to 2"),
        (([], [], {"metric": "mse"}), "metric: val_loss, asked mse"),
    ):
        with pytest.raises(BadRequest, match=said):
            terms.check_same(*asked)


def test_a_stored_study_is_read_with_care(tmp_path):
    for text in ("", "[]", "{}", '{"format": 2}', '{"format": 1, "terms": []}', "[" * 9999):
        (tmp_path / studies.FILE).write_text(text)
        with pytest.raises(BadRequest, match="damaged or of another format"):
            studies.find(tmp_path)


# ---- proposals --------------------------------------------------------------------------------


def search(folder, params, sampler, count, stops=()):
    """The points of a search in one process, the journal opened anew at each of `stops`."""
    folder.mkdir()
    journal, points = Journal(folder, "minimize"), []
    for number in range(count):
        if number in stops:
            journal = Journal(folder, "minimize")
        point = proposals.propose(journal, params, sampler, engine.pruner("none", 9), 4)
        if point is None:
            break
        assert journal.begin(params, point) == number
        journal.tell(number, "COMPLETE", float(len(repr(point))), None)
        points.append(point)
    return points


@pytest.mark.parametrize("sampler", engine.SAMPLERS)
def test_every_point_once_whatever_the_sampler_prefers(tmp_path, sampler):
    params = [parsed("a=1,2,3"), parsed("b=range(0,2)"), parsed("c=range(0,1,0.25)")]
    points = search(tmp_path / "study", params, sampler, 99)
    assert len(points) == space.size(params) == 24
    assert len({tuple(point.values()) for point in points}) == 24


@pytest.mark.parametrize("sampler", engine.SAMPLERS)
def test_a_search_that_was_stopped_proposes_what_it_would_have(tmp_path, sampler):
    params = [parsed("a=interval(1e-4,1e-2)"), parsed("b=x,y")]
    points = search(tmp_path / "one", params, sampler, 15)
    assert search(tmp_path / "other", params, sampler, 15, stops=(3, 11, 12)) == points
    assert len({repr(point) for point in points}) == 15


# ---- the journal ------------------------------------------------------------------------------


def test_half_a_line_of_a_killed_process_is_cut(tmp_path):
    params = [parsed("a=interval(0,1)")]
    journal = Journal(tmp_path, "minimize")
    journal.begin(params, {"a": 0.5})
    with open(tmp_path / FILE, "a") as file:
        file.write('{"op_code": 7, "trial')
    assert [trial.params for trial in Journal(tmp_path, "minimize").trials] == [{"a": 0.5}]
    journal.report(0, 1, 3.0)
    journal.tell(0, "FAIL", None, "why")
    (trial,) = Journal(tmp_path, "minimize").trials
    assert (trial.state.name, trial.user_attrs) == ("FAIL", {"reason": "why"})
    assert trial.intermediate_values == {1: 3.0}


def test_a_damaged_journal_is_refused(tmp_path):
    Journal(tmp_path, "minimize")
    text = (tmp_path / FILE).read_text()
    (tmp_path / FILE).write_text("{}\n" + text)
    with pytest.raises(BadRequest, match="is damaged, or no journal of Optuna's"):
        Journal(tmp_path, "minimize")


def test_without_optuna_it_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "optuna" else found(name, *a)
    )
    assert dispatch.run("tune", [RATE]) == 2
    assert capsys.readouterr().err == "error: aecli tune needs Optuna: pip install 'aecli[tune]'\n"
    assert os.listdir(tmp_path) == []


def test_help_needs_neither_tensorflow_nor_optuna(tmp_path):
    code = (
        f"sys.argv += ['tune', {RATE!r}, '--help']; from aecli.cli import main; main();"
        "print('MODULES', *{name.partition('.')[0] for name in sys.modules})"
    )
    said = python(code, tmp_path).stdout
    assert "n_trials=20" in said
    assert not {"tensorflow", "keras", "optuna"} & set(said.rpartition("MODULES")[2].split())
