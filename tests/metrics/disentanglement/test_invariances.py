"""What changes each score and what does not: the table of docs/disentanglement.md, measured."""

import functools

import numpy as np
import pytest
from places import ROOT
from represented import SCORES, made

SIZES = (4, 4, 4)
ROTATED = ("identity", "constant", "rotated", "twice")  # figures; then what may change nothing
KEPT = ("order", "sign", "scale", "scale of all")
TOLERANCE = 0.02  # that is no change
NOISE = np.random.default_rng(1).normal(size=(64, 4))
MIX = np.array([[1.0, 0.3, 0.1, 0.3], [0.2, 0.9, 0.1, -0.5], [0.1, 0.2, 0.7, 0.6]])
HALF = np.array([[1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, np.sqrt(2)]]) / np.sqrt(2)
SCALE = np.array([0.02, 5.0, 1.0, 20.0])


def mixed(v: np.ndarray) -> np.ndarray:
    """Four units of three factors, each of its own mixture and with its own share of noise."""
    places = np.ravel_multi_index(np.rint(v * np.std(np.arange(4)) + 1.5).astype(int).T, SIZES)
    return v @ MIX + 0.4 * NOISE[places]


CODES = {
    "identity": lambda v: v,
    "constant": lambda v: np.full((len(v), 3), 0.1),
    "rotated": lambda v: v @ HALF,
    "twice": lambda v: np.concatenate([v, v], axis=1),
    "order": lambda v: mixed(v)[:, [2, 0, 3, 1]],
    "sign": lambda v: mixed(v) * np.array([-1, 1, -1, 1]),
    "scale": lambda v: mixed(v) * SCALE,
    "scale of all": lambda v: mixed(v) * 5.0,
}


def score(name: str, codes: str) -> float:
    metric, figure = SCORES[name]
    return float(figures(metric, codes)[figure])


@functools.cache
def figures(metric, codes: str) -> dict:
    made_by = mixed if codes == "mixed" else CODES[codes]
    of = made(SIZES, made_by)
    if codes in KEPT and "scale" in codes:  # a posterior is as wide as its mean is long
        of = widened(of, SCALE if codes == "scale" else 5.0)
    return metric.score(of)


def widened(of, scale):
    def posterior(values):
        mean, log_var = of.posterior(values)
        return mean, log_var + 2 * np.log(scale)

    return type(of)(of.names, of.sizes, of.codes, posterior)


def row(name: str) -> list[str]:
    """The cells of a score's row."""
    figures = [f"{score(name, codes):.2f}".replace("-0.00", "0.00") for codes in ROTATED]
    gaps = [abs(score(name, codes) - score(name, "mixed")) for codes in KEPT]
    return [*figures, *("yes" if gap <= TOLERANCE else "no" for gap in gaps)]


@functools.cache
def document() -> dict[str, list[str]]:
    """{score: cells} of the table below its head."""
    lines = (ROOT / "docs" / "disentanglement.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    start = next(i for i, cells in enumerate(rows) if cells[1:] == [*ROTATED, *KEPT])
    found = {}
    for cells in rows[start + 2 :]:
        if len(cells) < 2:
            break
        found[cells[0].strip("`")] = cells[1:]
    return found


@pytest.mark.parametrize("name", SCORES)
def test_the_document_has_what_is_measured(name):
    assert document()[name] == row(name)


@pytest.mark.parametrize("name", sorted(set(SCORES) - {"sap", "sap, scaled=true", "explicitness"}))
def test_factors_as_codes_score_1(name):
    slack = 0.04 if "posterior" in name else 0.02  # the entropies are of draws
    assert score(name, "identity") == pytest.approx(1, abs=slack)


BY_CHANCE = {"beta_vae_score": 1 / 3, "explicitness": 0.5}


@pytest.mark.parametrize("name", SCORES)
def test_constant_codes_score_0_or_by_chance(name):
    by_chance = BY_CHANCE.get(name, 0)
    slack = 0.06 if by_chance else 0.04 if "posterior" in name else 0
    assert score(name, "constant") == pytest.approx(by_chance, abs=slack)


@pytest.mark.parametrize(
    "name", sorted(set(SCORES) - {"explicitness"})
)  # which asks for no unit alone
def test_a_rotation_by_45_degrees_lowers_it(name):
    assert score(name, "rotated") < score(name, "identity") - 0.1


@pytest.mark.parametrize("name", [name for name in SCORES if name.startswith(("mig", "sap"))])
def test_a_code_twice_leaves_no_gap(name):
    assert score(name, "twice") == pytest.approx(0, abs=1e-9 if "post" not in name else 0.02)


@pytest.mark.parametrize("change", KEPT)
@pytest.mark.parametrize("name", ["mig", "modularity", "sap, factors=continuous"])
def test_what_is_of_information_or_correlation_knows_neither_order_nor_scale(name, change):
    exact = 1e-9 if change != "sign" else TOLERANCE  # a value on an edge changes its bin
    assert score(name, change) == pytest.approx(score(name, "mixed"), abs=exact)


def test_sap_knows_the_scale_of_a_code_unless_it_is_scaled():
    assert score("sap", "scale") != pytest.approx(score("sap", "mixed"), abs=0.005)
    scaled = "sap, scaled=true"
    assert score(scaled, "scale") == pytest.approx(score(scaled, "mixed"), abs=1e-9)
