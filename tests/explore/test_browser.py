"""aecli explore in headless Chromium: real clicks, drags and keys. About 15 seconds."""

import shutil
import signal
import subprocess

import fresh_run
import pytest
from cli_process import COMMAND

CHROMIUM = shutil.which("chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, of the extra dev")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs the system's chromium"),
]


@pytest.fixture(scope="module")
def served(compose, tmp_path_factory):
    """The address of a run of two codes on digits."""
    root = tmp_path_factory.mktemp("explored")
    folder = fresh_run.folder(compose, root, "model=vae", "model.latent_dim=2")
    words = [COMMAND, "explore", f"run={folder}", "open=false", "port=0"]
    process = subprocess.Popen(
        words, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out == ""


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(params=[(390, "light"), (390, "dark"), (1280, "light"), (1280, "dark")], ids=str)
def page(request, browser, served, tmp_path):
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page, asked, wrong = context.new_page(), [], []
    page.on("request", lambda r: asked.append(r.url))
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    page.goto(served)
    page.wait_for_selector("body[data-ready]")
    page.wait_for_selector("#way img")
    yield page
    assert wrong == []
    assert all(url.startswith((served, "data:", "blob:")) for url in asked), asked
    context.close()


def place(page):
    box = page.locator("#plane canvas").first.bounding_box()
    assert box is not None
    return box


def at_point(page, i):
    """Where a point of the plane is on the screen."""
    return page.evaluate(
        """i => {
        const view = Bokeh.index.get_by_id ? Bokeh.index.get_by_id(plot.id) : Bokeh.index[plot.id]
        const {x_scale, y_scale} = view.frame
        const box = document.querySelector("#plane").firstElementChild.shadowRoot
            .querySelector(".bk-Canvas").getBoundingClientRect()
        const {x, y} = points.data
        return [box.x + x_scale.compute(x[i]), box.y + y_scale.compute(y[i])]
    }""",
        i,
    )


def until(page, is_so, given=None):
    """The page's own policy forbids the eval of wait_for_function."""
    for _ in range(100):
        if page.evaluate(is_so, given):
            return
        page.wait_for_timeout(100)
    raise AssertionError(is_so)


def lasso(page):
    box = place(page)
    x0, y0, w, h = box["x"] + 100, box["y"] + 50, box["width"] - 120, box["height"] - 120
    page.mouse.move(x0, y0)
    page.mouse.down()
    for a, b in ((1, 0), (1, 1), (0, 1), (0, 0)):
        page.mouse.move(x0 + a * w, y0 + b * h, steps=4)
    page.mouse.up()


def test_all_of_it(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    lasso(page)
    page.wait_for_selector("#selected button img")
    count = page.evaluate("points.selected.indices.length")
    assert count > 1
    assert page.locator("#count").inner_text().startswith(f"{count} selected")
    assert page.locator("#selected button").count() == min(60, count)

    page.mouse.move(*at_point(page, 5))
    hint = page.locator("#hint")
    hint.wait_for()
    assert hint.locator("img").count() == 2
    box = hint.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]

    page.mouse.click(*at_point(page, 7))
    chosen = int(page.locator("#example").input_value())  # 7, or what lies nearer
    assert page.evaluate("points.selected.indices.join()") == str(chosen)
    assert page.evaluate("ring.data.x[0]") == page.evaluate("i => points.data.x[i]", chosen)
    assert page.locator("#b").input_value() == str(chosen)

    before = page.locator("#decoded").inner_html()
    slider = page.locator("[data-unit]").first
    page.locator("#mean").focus()
    page.keyboard.press("Tab")
    assert slider.evaluate("e => e === document.activeElement")
    assert slider.evaluate("e => getComputedStyle(e).outlineStyle") == "solid"
    was = slider.input_value()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() != was
    until(page, "was => document.querySelector('#decoded').innerHTML !== was", before)

    way = page.locator("#way").inner_html()
    page.locator("#a").fill("3")
    page.locator("#b").fill("11")
    until(page, "was => document.querySelector('#way').innerHTML !== was", way)
    assert page.locator("#way img").count() == 9

    box = page.locator("#canvas").bounding_box()
    page.locator("#canvas").scroll_into_view_if_needed()
    box = page.locator("#canvas").bounding_box()
    page.mouse.move(box["x"] + 70, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 70, box["y"] + 120, steps=8)
    page.mouse.up()
    page.wait_for_selector("#encoded img")
    drawn = page.locator("#encoded").inner_html()
    page.evaluate(
        """async () => {
        const c = Object.assign(document.createElement("canvas"), {width: 8, height: 8})
        c.getContext("2d").fillRect(0, 0, 4, 8)
        const blob = await new Promise(done => c.toBlob(done))
        const transfer = new DataTransfer()
        transfer.items.add(new File([blob], "a.png", {type: "image/png"}))
        document.querySelector("h1").dispatchEvent(
            new DragEvent("drop", {dataTransfer: transfer, bubbles: true, cancelable: true}))
    }"""
    )
    until(page, "was => document.querySelector('#encoded').innerHTML !== was", drawn)
    assert page.locator("#problem").inner_text() == ""

    place_now = page.evaluate("now.data.x[0]")
    page.locator("#plane").scroll_into_view_if_needed()
    box = place(page)
    page.mouse.dblclick(box["x"] + 110, box["y"] + 60)
    until(page, "was => now.data.x[0] !== was", place_now)
