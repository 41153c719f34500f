"""What the pages of docs/ tell to type, made short, ends well; the site is built of whole pages."""

import os
import re
import shutil

import pytest
from pages import NEEDS_NO_RUN, ROOT, Typed, carry_out, furnish, reason, run_python, steps

DOCS = ROOT / "docs"
PAGES = sorted(
    p.relative_to(DOCS).as_posix() for p in DOCS.rglob("*.md") if "reference" not in p.parts
)


@pytest.fixture(scope="module")
def furnished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("furnished")
    furnish(folder)
    return folder


def with_blocks() -> list[str]:
    return [page for page in PAGES if steps((DOCS / page).read_text())]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_reached_and_what_it_links_to_is_there(page):
    name = page.removesuffix(".md")
    index = (DOCS / "index.md").read_text()
    assert page == "index.md" or re.search(rf"^{re.escape(name)}$", index, re.MULTILINE), page
    text = (DOCS / page).read_text()
    for link in re.findall(
        r"\]\(([^)#]+?)(?:#[\w-]+)?\)", re.sub(r"```.*?```", "", text, flags=re.S)
    ):
        if not link.startswith(("http", "reference/")):
            assert ((DOCS / page).parent / link).exists(), f"{page}: {link}"


@pytest.mark.slow
@pytest.mark.parametrize("page", with_blocks())
def test_what_a_page_says_ends_well(page, furnished, tmp_path, monkeypatch, capsys):
    if not os.environ.get("AECLI_DATA_DIR"):
        pytest.skip("AECLI_DATA_DIR, for MNIST and the series, is not set")
    place = tmp_path / "place"
    shutil.copytree(furnished, place)
    monkeypatch.chdir(place)
    found = steps((DOCS / page).read_text())
    if isinstance(found[0], Typed) and found[0].words[0] not in NEEDS_NO_RUN:
        for model in ("ae", "vae"):
            carry_out(Typed(["train", f"model={model}", "dataset=mnist"]), capsys)
    names: dict = {"__name__": "page"}
    for step in found:
        if isinstance(step, str):
            run_python(step, names)
        elif not reason(step.words):
            carry_out(step, capsys)
