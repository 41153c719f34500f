"""aecli study: designs as data, what its trainings tell, and how one is gone on with."""

import csv
import json

import numpy as np
import pytest
from compared import Maker
from options import options
from scipy import stats

from aecli import build
from aecli.console.wanted import wanted
from aecli.errors import BadRequest
from aecli.files import write_json
from aecli.study import folder, report
from aecli.study.design import Cell, of_plain, read
from aecli.study.results import results

TINY = """# Two dependences on letters
source: nobody
minutes: 0.2
train:
  - dataset=glyphs
  - dataset.limit=60
  - network.widths=[8]
  - trainer.steps=2
  - trainer.jit_compile=false
  - figures=[]
  - metrics=[mig,modularity]
  - metrics.mig.n=200
  - metrics.modularity.n=200
arms:
  light: {words: [model=vae], strength: model.beta, values: [1, 4]}
  heavy:
    words: [model=dip_vae]
    strength: model.lambda_od
    values: [2]
    beside: {model.lambda_d: 10}
seeds: 2
scores: [mig, modularity]
criteria: [mse, kl]
"""
PLAIN = {
    "source": "nobody", "train": ["dataset=glyphs", "dataset.limit=60", "trainer.epochs=2"],
    "arms": {
        "a": {"words": ["model=vae"], "strength": "model.beta", "values": [1, 4]},
        "b": {"words": ["model=dip_vae"], "strength": "model.lambda_od", "values": [0.5],
              "beside": {"model.lambda_d": 10}},
    },
    "seeds": 2, "scores": ["mig", "sap"], "criteria": ["mse"], "minutes": 1,
}  # fmt: skip


@pytest.fixture
def made(tmp_path):
    """made({(arm, strength, seed): figures}) -> Results of a study that reached them."""

    def make(values: dict[tuple, dict]):
        design = of_plain(PLAIN)
        sweep = Maker(tmp_path).sweep(
            [design.words(cell) for cell in design.cells],
            [values.get((c.arm, c.strength, c.seed), {"val_loss": 1.0}) for c in design.cells],
            "03-04-05_sweep",
        )
        write_json(sweep / folder.FILE, {"format": 1, "study": "tiny", "design": design.as_plain()})
        return results(folder.find(str(sweep), "outputs"))

    return make


# ---- designs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", options("design"))
def test_a_design_composes_and_its_models_are_built(name):
    design = read(name)
    assert design.about
    known = set()
    for cell in design.cells[:: design.seeds]:
        one = wanted(design.words(cell), [], None)
        assert build.model(one.config, (16, 16, 1), 3, train_count=100).count_params() > 0
        assert one.config.seed == cell.seed
        known |= {n for m in build.components(one.config.metrics, "metrics").values()
                  for n in m.about}  # fmt: skip
    assert {*design.scores, *design.criteria} <= known


def test_what_is_trained():
    design = of_plain(PLAIN)
    assert design.cells == [
        Cell("a", 1, 0), Cell("a", 1, 1), Cell("a", 4, 0), Cell("a", 4, 1),
        Cell("b", 0.5, 0), Cell("b", 0.5, 1),
    ]  # fmt: skip
    assert design.words(design.cells[-1])[-4:] == [
        "model=dip_vae", "model.lambda_od=0.5", "model.lambda_d=5", "seed=1",
    ]  # fmt: skip
    fewer = design.narrowed(["b"], 1, ["dataset=digits", "trainer.epochs=3"])
    assert fewer.cells == [Cell("b", 0.5, 0)]
    assert fewer.train == ["dataset=digits", "trainer.epochs=3"]  # the limit was of other data


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"arms": {}}, "one model at least"),
        ({"arms": {"a": {"words": []}}}, "needs strength, values"),
        ({"train": ["hydra.run.dir=/"]}, "may not state"),
        ({"train": ["outputs=/"]}, "may not state"),
        ({"seeds": 0}, "seeds must be"),
        ({"scores": []}, "scores must"),
        ({"other": 1}, "no 'other'"),
        ({"seeds": 1000, "arms": {str(i): PLAIN["arms"]["a"] for i in range(9)}}, "trainings"),
    ],
)
def test_a_strangers_design_is_refused_in_a_line(change, said):
    with pytest.raises(BadRequest, match=said):
        of_plain(PLAIN | change)


# ---- what the trainings tell ---------------------------------------------------------------------


def scored(rng) -> dict[tuple, dict]:
    found = {}
    for cell in of_plain(PLAIN).cells:
        a = float(rng.normal())
        found[(cell.arm, cell.strength, cell.seed)] = {
            "val_loss": 1.0, "mse": a + 0.3 * float(rng.normal()), "mig": -a,
            "sap": float(rng.normal()),
        }  # fmt: skip
    return found


def test_rank_correlations_are_scipys_turned_to_what_is_better(made):
    values = scored(np.random.default_rng(0))
    found = made(values)
    columns = {name: [v[name] for v in values.values()] for name in ("mse", "mig", "sap")}
    known = stats.spearmanr(columns["mig"], columns["sap"]).statistic
    turned = stats.spearmanr(-np.array(columns["mse"]), columns["mig"]).statistic
    both = found.correlations(["mig", "mse"], ["mig", "sap"])
    np.testing.assert_allclose(both[0], [1, known])
    np.testing.assert_allclose(both[1, 0], turned)
    assert turned > 0.5  # the worse the error, the worse the score


def test_the_best_strength_and_what_a_criterion_wins(made):
    values = {
        ("a", 1, 0): {"val_loss": 1.0, "mse": 0.1, "mig": 0.2},
        ("a", 1, 1): {"val_loss": 1.0, "mse": 0.1, "mig": 0.4},
        ("a", 4, 0): {"val_loss": 1.0, "mse": 0.3, "mig": 0.5},
        ("a", 4, 1): {"val_loss": 1.0, "mse": 0.2, "mig": 0.9},
    }
    found = made(values)
    strength, one = found.best("a", "mig")
    assert strength == 4
    assert one.mean == pytest.approx(0.7)
    assert found.best("a", "mse")[0] == 1
    np.testing.assert_allclose(found.spread("a", "mig"), [0.35, 0.45, 0.6])
    (chosen,) = [c for c in found.chosen() if c.arm == "a"]
    assert (chosen.criterion, chosen.score, chosen.strength) == ("mse", "mig", 1)
    assert (chosen.reached, chosen.best, chosen.any_strength) == pytest.approx((0.3, 0.7, 0.5))
    every = {row[0]: row[1] for row in report.tables(found, {"mig": 0.95})[report.EVERY][1]}
    assert every["a beta=4"] == "0.700 ± 2.541"
    headers, rows = report.tables(found, {"mig": 0.95})[report.CHOICE]
    assert headers[1:] == ["mig"]
    assert rows == [["mse", "-1.00"]]  # the way from 0.5 to 0.7, backwards
    headers, rows = report.tables(found, {"mig": 0.95})[report.BEST]
    assert rows[0][:2] == ["a", "0.700 ± 2.541 (4)"]
    assert rows[-1] == ["the true factors", "0.950"]


# ---- the command ---------------------------------------------------------------------------------


def test_designs_are_listed(typed):
    code, said = typed("study")
    assert code == 0
    assert "disentanglement" in said
    code, said = typed("study", "--json")
    assert {*json.loads(said)} == {*options("design")}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["disentangle"], "did you mean 'disentanglement'"),
        (["disentanglement", "models=[vae]"], "it has: beta_vae"),
        (["disentanglement", "seds=2"], "did you mean 'seeds'"),
        (["disentanglement", "trainer.stpes=5"], "did you mean 'trainer.steps'"),
        (["disentanglement", "model=vae"], "the study itself states model"),
        (["disentanglement", "model.beta=3"], "the study itself states model.beta"),
        (["disentanglement", "seed=3"], "the study itself states seed"),
        (["disentanglement", "sweep=latest"], "takes nothing of a new one"),
        (["sweep=latest"], "no study under"),
        (["sweep=."], "is no study"),
    ],
)
def test_a_mistake_is_a_line_and_nothing_is_made(typed, tmp_path, words, said):
    code, found = typed("study", *words)
    assert code == 2
    assert said in found
    assert not list(tmp_path.rglob("design.json"))


@pytest.mark.slow
def test_a_study_is_trained_gone_on_with_and_told(typed, tmp_path):
    (tmp_path / "configs" / "design").mkdir(parents=True)
    (tmp_path / "configs" / "design" / "tiny.yaml").write_text(TINY)
    code, said = typed("study", "tiny", "seeds=1")
    assert code == 0, said
    (place,) = tmp_path.glob("outputs/*/*_tiny")
    assert "3 of 3 trainings" in said
    assert "the true factors" in said
    rows = list(csv.DictReader((place / "scores.csv").open()))
    assert [(row["model"], row["strength"], row["seed"]) for row in rows] == [
        ("light", "1", "0"), ("light", "4", "0"), ("heavy", "2", "0"),
    ]  # fmt: skip
    assert (place / "figures" / "rank_correlations.png").is_file()
    before = (place / "02" / "metrics.json").read_bytes()
    (place / "01" / "status.json").write_text(
        (place / "01" / "status.json").read_text().replace('"done"', '"interrupted"')
    )
    code, said = typed("study", "sweep=latest", "draw=false")
    assert code == 0, said
    assert "1 to train" in said
    assert "3 of 3 trainings" in said
    assert (place / "02" / "metrics.json").read_bytes() == before
