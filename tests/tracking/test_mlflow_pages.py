"""Every MLflow page that a ranking's description links to, opened in a real browser."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from helpers.rankings import finished_ranking
from mlflow import MlflowClient

from screening.tracking.address import TrackingSettings
from screening.tracking.rankings import log_ranking
from screening.tracking.run_file import RunRecord, read_record
from screening.tracking.runs import open_run
from screening.tracking.views import finalists_link, run_link

if TYPE_CHECKING:
    from playwright.sync_api import Page

    Open = Callable[[str], Page]

pytestmark = pytest.mark.slow
CHROMIUM = Path("/usr/bin/chromium")
SECONDS = 60_000  # ms that a page may take on a busy machine


@pytest.fixture(scope="module")
def ranking(mlflow_server: str, tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    """A ranking on the server: that in the folder $RANKING if it is set, else a small one."""
    folder = Path(os.environ.get("RANKING") or finished_ranking(tmp_path_factory.mktemp("ranking")))
    with open_run(TrackingSettings(mlflow_server, "pages"), folder, "magnets: my cifs", {}) as run:
        log_ranking(run, folder)
    record = read_record(folder)
    assert record is not None and run.recording
    return record


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(SECONDS)
        yield page
        browser.close()


@pytest.fixture
def opened(page: Page, mlflow_server: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Open]:
    """Opens an address within MLflow's page; saves a screenshot to $SCREENSHOTS at the end."""

    def go(address: str) -> Page:
        page.goto("about:blank")
        page.goto(f"{mlflow_server}/{address}")
        page.get_by_role("link", name="Experiments").or_(page.get_by_role("link", name="Runs")).first.wait_for()
        assistant = page.get_by_role("button", name="Close")
        if assistant.count():
            assistant.first.click()
        return page

    yield go
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(1000)
    page.screenshot(path=folder / f"mlflow_{request.node.name.removeprefix('test_')}.png")


def first_of(ranking: RunRecord, server: str) -> tuple[str, str]:
    """The best finalist's run and name."""
    run_id = next(iter(ranking.finalists.values()))
    return run_id, str(MlflowClient(tracking_uri=server).get_run(run_id).info.run_name)


def test_runs(opened: Open, ranking: RunRecord) -> None:
    page = opened(f"#/experiments/{ranking.experiment_id}/runs?workflowType=machine_learning")
    page.get_by_role("link", name="magnets: my cifs").wait_for()


def test_ranking(opened: Open, ranking: RunRecord) -> None:
    page = opened(run_link(ranking.experiment_id, str(ranking.run_id)))
    page.get_by_role("heading", name="Permanent magnets").wait_for()
    page.get_by_text("Show more").click()
    links = {name: page.get_by_role("link", name=name) for name in ("Open the report", "The best side by side")}
    assert str(links["Open the report"].get_attribute("href")).endswith(
        run_link(ranking.experiment_id, str(ranking.run_id), "report.html")
    )
    links["The best side by side"].scroll_into_view_if_needed()


def test_report(opened: Open, ranking: RunRecord) -> None:
    page = opened(run_link(ranking.experiment_id, str(ranking.run_id), "report.html"))
    page.frame_locator("iframe").get_by_role("heading").first.wait_for()


def test_table(opened: Open, ranking: RunRecord, mlflow_server: str) -> None:
    page = opened(run_link(ranking.experiment_id, str(ranking.run_id), "ranking.json"))
    page.get_by_text("View as table").wait_for()
    rank = page.get_by_role("columnheader", name="rank")
    if rank.count():
        rank.first.click()


def test_finalists(opened: Open, ranking: RunRecord, mlflow_server: str) -> None:
    page = opened(finalists_link(ranking.experiment_id, str(ranking.run_id)))
    page.get_by_role("link", name=first_of(ranking, mlflow_server)[1], exact=True).wait_for()
    page.get_by_text("review.decision").first.wait_for()
    page.get_by_text(f"{len(ranking.finalists)} matching runs").wait_for()


def test_charts(opened: Open, ranking: RunRecord) -> None:
    page = opened(f"{finalists_link(ranking.experiment_id, str(ranking.run_id))}&compareRunsMode=CHART")
    page.get_by_text("Model metrics").first.wait_for()
    page.locator(".js-plotly-plot").first.wait_for()


def test_finalist(opened: Open, ranking: RunRecord, mlflow_server: str) -> None:
    run_id, name = first_of(ranking, mlflow_server)
    page = opened(run_link(ranking.experiment_id, run_id))
    page.get_by_role("heading", name=name).first.wait_for()
    page.get_by_text("review.decision").first.wait_for()
    page.get_by_text("To decide").wait_for()


@pytest.mark.parametrize("file", ["card.html", "picture.png", "crystal.cif"])
def test_file(opened: Open, ranking: RunRecord, mlflow_server: str, file: str) -> None:
    page = opened(run_link(ranking.experiment_id, first_of(ranking, mlflow_server)[0], file))
    page.get_by_role("heading", name=file).or_(page.get_by_text(file)).first.wait_for()


def test_comparison(opened: Open, ranking: RunRecord) -> None:
    two = quote(str(list(ranking.finalists.values())[:2]).replace("'", '"'))
    page = opened(f'#/compare-runs?runs={two}&experiments=["{ranking.experiment_id}"]&workflowType=machine_learning')
    page.get_by_role("heading", name="Comparing 2 Runs").wait_for()
    page.get_by_role("link", name=re.compile("gate_strong_probability|BHmax")).first.scroll_into_view_if_needed()


def test_a_decision_made_in_the_page_is_read_back(opened: Open, ranking: RunRecord, mlflow_server: str) -> None:
    """Decide as a chemist does: click the pencil next to the tags, enter name and value, save."""
    run_id, _ = first_of(ranking, mlflow_server)
    page = opened(run_link(ranking.experiment_id, run_id))
    page.get_by_text("review.decision").first.wait_for()
    page.get_by_role("button", name="Edit tags").first.click()
    dialog = page.get_by_role("dialog")
    for name, value in (("review.decision", "approve"), ("review.by", "Анна")):
        dialog.get_by_role("combobox").fill(name)
        dialog.get_by_role("combobox").press("Enter")
        dialog.get_by_placeholder("Type a value").fill(value)
        dialog.get_by_role("button", name="Add tag").click()
    dialog.get_by_role("button", name="Save tags").click()
    dialog.wait_for(state="hidden")
    tags = MlflowClient(tracking_uri=mlflow_server).get_run(run_id).data.tags
    assert (tags["review.decision"], tags["review.by"]) == ("approve", "Анна")
