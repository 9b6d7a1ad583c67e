"""The page in a real browser: it opens by itself, responds, rotates a structure, and fits a phone.

SCREENSHOTS names a folder that keeps the pictures taken.
"""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from report.conftest import HOSTILE, finalist_of, ranking_of

from screening.report.page import ReportContent, write_report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = [
    pytest.mark.ci,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
    pytest.mark.xdist_group("browser"),
]
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
ROWS = 120


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--enable-unsafe-swiftshader"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write the page in a language: hostile names first, three finalists, 120 candidates."""
    ids = [*HOSTILE, *(f"c{n}" for n in range(ROWS - len(HOSTILE)))]
    ranking = ranking_of(ids).with_columns(
        formula=pl.when(pl.col("rank") > 6).then(pl.lit("SmCo5")).otherwise(pl.col("formula")),
        limiting_gate=pl.when(pl.col("rank") < 5).then(pl.lit("stability")).otherwise(pl.lit("magnetization")),
        mu0_Ms_T=2.0 - pl.col("rank") / 100,
    )
    task = {"name": "magnets", "report": {"title": "Permanent magnets", "scatter": ["mu0_Ms_T", "score"]}}
    rejected = pl.DataFrame(schema=dict.fromkeys(("candidate_id", "source", "stage", "reason"), pl.String))
    finalists = [finalist_of(name) for name in ids[:3]]
    content = ReportContent(ranking, rejected, ranking_of(["known"]), {}, task, finalists)
    folder = tmp_path_factory.mktemp("page")

    def write(language: str) -> Path:
        path = folder / f"{language}.html"
        if not path.exists():
            write_report(path, replace(content, language=language))
        return path

    return write


@contextmanager
def opened(browser: Browser, path: Path) -> Iterator[Page]:
    """The page; it must not have requested anything or logged an error by the end."""
    context = browser.new_context(viewport=DESK)
    page = context.new_page()
    requested: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(path.as_uri())
    try:
        yield page
        assert not wrong
        assert [url for url in requested if not url.startswith(("data:", "blob:")) and url != path.as_uri()] == []
    finally:
        context.close()


@pytest.fixture(scope="module")
def english(browser: Browser, page_file: Callable[[str], Path]) -> Iterator[Page]:
    with opened(browser, page_file("en")) as page:
        yield page


@pytest.fixture
def page(english: Page) -> Page:
    """The English page as it opens: loading it anew for every test would take a second or two."""
    english.evaluate("() => document.getElementById('by-hand').close()")
    for button in ("#reset", "#columns-first"):
        english.locator(button).evaluate("button => button.click()")
    rank = english.locator("#table th[data-name=rank]")
    while rank.get_attribute("aria-sort") != "ascending":
        rank.locator("button").click()
    return english


def until(page: Page, expression: str) -> None:
    """Wait until it is true; Playwright's own way evaluates text within the page, which the page's policy forbids."""
    deadline = time.monotonic() + 30
    while not page.evaluate(expression):
        assert time.monotonic() < deadline, expression
        page.wait_for_timeout(50)


def cells(page: Page, column: int) -> list[str]:
    return page.locator(f"#table tbody tr td:nth-child({column})").all_inner_texts()


def test_the_table_filters_sorts_and_turns_pages(page: Page) -> None:
    assert len(cells(page, 1)) == 50 and cells(page, 2)[:6] == HOSTILE
    assert page.locator("#table .interval").nth(1).inner_text() == "−0.010 to 0.040"
    page.locator("#next").click()
    assert cells(page, 1)[0] == "51" and page.locator("#page").inner_text() == "page 2 of 3"
    page.fill("#filter-elements", "Fe −Nd")
    assert cells(page, 2) == [HOSTILE[1], HOSTILE[4]]
    page.fill("#filter-elements", "fe, -nd")
    assert cells(page, 2) == [HOSTILE[1], HOSTILE[4]]
    page.fill("#filter-elements", "")
    page.fill("#filter", "c11")
    assert cells(page, 2) == ["c11", "c110", "c111", "c112", "c113"]
    assert page.locator("#shown").inner_text() == "5 of 120 rows"
    page.locator("#table th[data-name=mu0_Ms_T] button").press("Enter")
    assert cells(page, 2)[0] == "c113"
    assert page.locator("#table th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.locator("#reset").click()
    page.select_option("#filter-flag", "+<i>odd</i>")
    assert page.locator("#shown").inner_text() == "60 of 120 rows"
    page.select_option("#filter-flag", "")
    page.select_option("#filter-gate", label="stability")
    assert page.locator("#shown").inner_text() != "120 rows"
    page.select_option("#filter-gate", "-gate_stability_probability")
    assert sorted(cells(page, 1)) == ["1", "2", "3", "4"]
    page.fill("#filter", "nothing like it")
    assert "Nothing matches" in page.locator("#table tbody").inner_text()


def test_columns_are_chosen_and_copied(page: Page) -> None:
    page.locator("#chooser summary").click()
    before = page.locator("#table th").count()
    page.locator("#choices input[name=gate_stability_probability]").check()
    assert page.locator("#table th").count() == before + 1
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    page.evaluate("() => { document.execCommand = () => false; }")
    page.locator("#copy").click()
    lines = page.locator("#by-hand textarea").input_value().replace("\r\n", "\n").split("\n")
    names = lines[0].split(",")
    assert "energy_above_hull_eV_per_atom_lo" in names and "gate_stability_probability" in names
    assert lines[2].startswith('2,"\'=cmd|""/c calc""!A0"')
    assert len(lines) == ROWS + 1
    page.keyboard.press("Escape")
    assert not page.locator("#by-hand").is_visible()


def test_a_structure_rotates_and_is_released(page: Page, pictures: Path) -> None:
    camera = "document.querySelector('#card-1 .structure').layout?.scene?.camera?.eye"
    view = page.locator("#card-1 .structure")
    view.scroll_into_view_if_needed()
    page.wait_for_selector("#card-1 .structure canvas")
    until(page, camera)
    before = page.evaluate(camera)
    box = view.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 30, steps=5)
    page.mouse.up()
    until(page, f"Math.abs({camera}.x - {before['x']}) > 0.05")
    turned = page.evaluate(camera)
    page.locator("#card-1 .turning button", has_text="a").first.focus()
    page.locator("#card-1 .turning button[aria-label='Turn left']").press("Enter")
    until(page, f"Math.abs({camera}.x - {turned['x']}) > 0.01")
    page.screenshot(path=pictures / "card.png")
    page.locator("#card-1 .ends button", has_text="charged").click()
    page.locator("#reading").scroll_into_view_if_needed()
    page.wait_for_selector("#card-1 .structure canvas", state="detached")


def test_pictures_lead_to_rows(page: Page) -> None:
    page.locator("#elements").scroll_into_view_if_needed()
    box = page.locator("#elements").bounding_box()
    assert box is not None
    page.wait_for_selector("#elements .main-svg")
    iron = page.evaluate("document.getElementById('elements')._fullLayout.xaxis.d2p(7)")
    height = page.evaluate("document.getElementById('elements')._fullLayout.yaxis.d2p(3)")
    page.mouse.click(box["x"] + iron, box["y"] + height)
    until(page, "document.getElementById('filter-elements').value === 'Fe'")
    page.evaluate("report.showRank(100)")
    assert cells(page, 1) == ["100"]


def test_links_open_cards(page: Page) -> None:
    assert page.locator("#card-2 .inside").is_hidden()
    page.locator("#table a[href='#card-2']").click()
    assert page.locator("#card-2 .inside").is_visible()
    page.locator("#close-all").click()
    assert page.locator(".inside:visible").count() == 0


@pytest.mark.parametrize("language", ["en", "ru"])
def test_it_fits_and_follows_the_scheme(
    browser: Browser, page_file: Callable[[str], Path], pictures: Path, language: str
) -> None:
    ink = "document.getElementById('scatter').layout.font.color"
    with opened(browser, page_file(language)) as page:
        assert page.locator("html").get_attribute("lang") == language
        page.evaluate("dispatchEvent(new Event('beforeprint'))")  # draws what is far below the window too
        for place in ("#scatter", "#elements", "#card-1 .curve >> nth=0", "#card-1 .curve >> nth=1"):
            page.locator(place).locator(".main-svg").first.wait_for(state="attached")
        assert page.locator("#card-2 .curve .main-svg").count() == 0  # its card is closed
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            for scheme, colour in (("light", "#1c2430"), ("dark", "#e6eaf0")):
                page.emulate_media(color_scheme=scheme)
                until(page, f"{ink} === '{colour}'")
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                page.screenshot(path=pictures / f"report-{language}-{size['width']}-{scheme}.png", full_page=True)


def test_a_script_from_elsewhere_does_not_run(browser: Browser, page_file: Callable[[str], Path]) -> None:
    """Even if text ever got into the page as markup."""
    written = page_file("en")
    opened_up = written.with_name("hole.html")
    evil = '<img src="x" onerror="window.evil = 1"><script>window.evil = 1</script><script src="data:,evil=1"></script>'
    opened_up.write_text(written.read_text(encoding="utf-8").replace("<header>", f"{evil}<header>"), encoding="utf-8")
    holed = browser.new_page()
    holed.goto(opened_up.as_uri())
    assert holed.locator("#table tbody tr").count() == 50
    assert holed.evaluate("window.evil") is None
    holed.close()


_REFUSED = re.compile("Not allowed|Content Security Policy")
VIEWER = """<iframe sandbox="allow-scripts" style="width: 1200px; height: 800px"></iframe><script>
fetch("en.html").then((answer) => answer.blob())
  .then((page) => {
    const frame = document.querySelector("iframe");
    frame.onload = () => URL.revokeObjectURL(frame.src);
    frame.src = URL.createObjectURL(page);
  });
</script>"""


@pytest.fixture
def served(page_file: Callable[[str], Path]) -> Iterator[str]:
    """The address of a viewer that shows the English page as MLflow shows an artifact."""
    folder = page_file("en").parent
    (folder / "viewer.html").write_text(VIEWER, encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/viewer.html"
        server.shutdown()


def test_it_works_in_the_frame_of_a_viewer(browser: Browser, served: str) -> None:
    """In a frame that may only run scripts: no storage, no clipboard, no files beside it."""
    page = browser.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if _REFUSED.search(message.text) else None)
    page.goto(served)
    frame = page.frame_locator("iframe")
    frame.locator("#table tbody tr").first.wait_for()
    frame.locator("#filter").fill("c11")
    assert frame.locator("#table tbody tr").count() == 5
    frame.locator("#filter").fill("")
    frame.locator("#table a[href='#card-2']").click()
    assert frame.locator("#card-2 .inside").is_visible()
    frame.locator("nav a[href='#ranking']").click()
    frame.locator("#filter").fill("c11")
    frame.locator("#copy").click()
    assert frame.locator("#shown").inner_text() == "5 rows copied" or frame.locator("#by-hand").is_visible()
    assert frame.locator("#card-1 .files a").count() == 0 and frame.locator("#card-1 .files code").count() == 2
    assert not wrong
    page.close()
