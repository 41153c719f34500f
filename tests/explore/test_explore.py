"""What aecli explore gathers, answers and serves, without a browser."""

import json
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
from figures_run import digits_run, series_run, table_run

from aecli.datasets.learnt import Learnt
from aecli.errors import BadRequest, NotApplicable
from aecli.explore import colours, document, gathered, plane
from aecli.explore.answers import STEPS, Answers
from aecli.io.given import Images


def gather(run, **options):
    run.model.kl_of_units = lambda x, label=None: None
    part = run.splits.test
    found = Images(part.pixels(), None, part.labels, None, None, "a test", factors=part.factors)
    return gathered.gather(run, found, **options)


def test_of_two_units_the_plane_is_the_codes():
    run = digits_run()
    found = gather(run)
    np.testing.assert_array_equal(found.plane.at, run.model.encode(run.splits.test.pixels()))
    assert found.plane.is_codes
    names = [by["name"] for by in found.colours]
    assert names == ["label", "reconstruction error", "factor digit", "factor ink"]
    assert len(found.colours[0]["legend"]) == 10
    assert all(view.count("<img") == 2 for view in found.views)


def test_larger_codes_are_projected_and_others_placed_where_they_would_be():
    codes = np.random.default_rng(0).normal(size=(50, 6)) * [5, 3, 1, 1, 1, 1]
    made = plane.of(codes)
    np.testing.assert_allclose(made.place(codes), made.at, atol=1e-9)
    assert not made.is_codes
    tsne = plane.of(codes, "tsne")
    np.testing.assert_array_equal(tsne.place(codes[3:4] + 1e-6)[0], tsne.at[3])


def test_codes_that_are_not_finite_have_no_plane():
    run = digits_run()
    run.model.encode = lambda x, label=None: np.full((len(x), 2), np.nan)
    run.model.reconstruct = lambda x, label=None: x
    with pytest.raises(NotApplicable, match="finite"):
        gather(run)


def test_a_scale_is_by_rank_and_names_have_a_colour_each():
    values = np.r_[np.arange(100.0), 1e6]
    by = colours.by_number("error", values, "nats")
    assert len(set(by["colours"])) > 95
    assert [text for _, text in by["scale"]] == ["0", "25", "50", "75", "1e+06"]
    assert by["scale"][-1][0] == by["colours"][-1]
    letters = list("ZYXWVUTSRQPONMLKJIHGFEDCBA")
    legend = colours.by_value("label", letters)["legend"]
    assert [text for _, text in legend] == sorted(letters)
    assert len({colour for colour, _ in legend}) == 26
    assert [text for _, text in colours.by_value("label", ["10", "9"])["legend"]] == ["9", "10"]


def test_units_are_in_the_order_of_their_kl():
    codes, kl = np.random.default_rng(0).normal(size=(9, 3)), np.tile([0.1, 2.0, 0.7], (9, 1))
    units = gathered.units_of(codes, kl, [0, 1, 2])
    told = [(unit["name"], unit["told"]) for unit in units]
    assert told == [("z[1]", "2"), ("z[2]", "0.7"), ("z[0]", "0.1")]
    assert units[0]["measure"] == "KL, nats"
    assert units[0]["low"] == codes[:, 1].min()


def test_series_are_lines():
    found = gather(series_run())
    assert found.views[0].count("<polyline") == 2
    assert "40 points" in found.shown.about


def test_a_row_is_a_table_and_the_way_between_two_is_one():
    run = table_run(features=3)
    columns = {"size": "number", "<b>": "number", "kind": "category"}
    run.learnt = Learnt(shape=(1, 3, 1), unit="other", range=(-9, 9), kind="table",
                        columns=columns)  # fmt: skip
    run.spec = run.model.spec = run.learnt.spec
    run.config.update(dataset={})
    found = gather(run)
    assert found.views[0].count("<svg") == 3
    assert "&lt;b&gt;" in found.views[0]
    (way,) = Answers(run, found).answer("interpolate", {"a": 0, "b": 1, "label": None})["views"]
    assert way.count("<tr>") == 4
    assert "25 %" in way


def test_max_points_are_taken_at_random_and_known_by_their_row():
    run = digits_run()
    found = gather(run, points=40)
    assert len(found.rows) == len(found.views) == 40
    np.testing.assert_array_equal(found.x, run.splits.test.pixels()[found.rows])


def test_answers():
    run = digits_run()
    found = gather(run)
    answers = Answers(run, found)
    asked = {"start": 3, "units": {"1": 0.5}, "label": None}
    said = answers.answer("decode", asked)
    np.testing.assert_allclose(said["at"], [[found.codes[3, 0], 0.5]], rtol=1e-6)
    way = answers.answer("interpolate", {"a": 3, "b": 4, "label": None})
    assert len(way["views"]) == STEPS
    np.testing.assert_allclose(way["at"][-1], found.codes[4], rtol=1e-5)


@pytest.mark.parametrize(
    ("question", "asked", "words"),
    [
        ("delete", {}, "no such question"),
        ("decode", {"start": 3}, "decode takes"),
        ("decode", {"start": 10**6, "units": {}, "label": None}, "counted from 0"),
        ("decode", {"start": [1.0], "units": {}, "label": None}, "a code has 2 numbers"),
        ("decode", {"start": 0, "units": {"7": 1.0}, "label": None}, "no unit 7"),
        ("decode", {"start": 0, "units": {"0": float("nan")}, "label": None}, "units"),
        ("encode", {"data": "data:,???", "label": None}, "no picture"),
    ],
)
def test_what_cannot_be_answered_is_refused(question, asked, words):
    run = digits_run()
    with pytest.raises(BadRequest, match=words):
        Answers(run, gather(run)).answer(question, asked)


def test_the_page_obeys_no_name_and_loads_nothing():
    pytest.importorskip("bokeh", reason="needs the extra explore")
    run = digits_run()
    run.title = "<script>alert(1)</script>"
    html = document.page(run, gather(run), is_live=False)
    assert "<script>alert" not in html
    assert "default-src 'none'" in html
    assert ' src="http' not in html
    assert 'type="range"' not in html  # asks the model
    assert 'type="range"' in document.page(run, gather(run), is_live=True)


@pytest.fixture
def served():
    pytest.importorskip("tornado", reason="needs the extra explore")
    import asyncio

    from aecli.explore.server import Server

    ready, kept = threading.Event(), []

    def serve():
        asyncio.set_event_loop(asyncio.new_event_loop())
        from tornado.ioloop import IOLoop

        run = digits_run()
        first = Server("the page", Answers(run, gather(run)), 0)
        port = int(first.host.rpartition(":")[2])
        kept.extend([first, Server("other", Answers(run, gather(run)), port), IOLoop.current()])
        ready.set()
        first.run()

    thread = threading.Thread(target=serve)
    thread.start()
    assert ready.wait(60)
    yield kept[0], kept[1]
    kept[2].add_callback(kept[2].stop)
    thread.join()


def status(url, data=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(
        url, None if data is None else json.dumps(data).encode(), named
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_only_who_has_the_address_is_answered(served):
    server, other = served
    origin, asked = f"http://{server.host}", {"a": 0, "b": 1, "label": None}
    ask = server.address + "interpolate"
    assert server.address.startswith("http://127.0.0.1:")
    assert status(server.address) == 200
    assert status(ask, asked, Origin=origin) == 200
    assert status(ask, asked) == 403
    assert status(ask, asked, Origin="http://evil.example") == 403
    assert status(server.address, Host="evil.example") == 403
    assert status(f"{origin}/wrong/") == 403
    assert status(f"{origin}/wrong/interpolate", asked, Origin=origin) == 403
    assert status(f"{origin}/") == 404
    assert status(server.address + "delete", asked, Origin=origin) == 400
    assert other.host != server.host
    assert "another was taken" in other.note
