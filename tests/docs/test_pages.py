"""The documentation builds without a warning, needs no network, and every page and link is found."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from helpers.pages import ROOT

pytest.importorskip("myst_nb", reason="make test-ci installs what the documentation needs")
pytestmark = pytest.mark.ci
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


class Page(HTMLParser):
    """What a page loads, where it links to, and the places in it that a link can name."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path, self.loads, self.links, self.places = path, list[str](), list[str](), set[str]()
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.places |= {given[name] for name in ("id", "name") if name in given}
        if tag in LOADS and LOADS[tag] in given:
            self.loads.append(given[LOADS[tag]])
        if tag == "a" and "href" in given:
            self.links.append(given["href"])

    def targets(self) -> Iterator[tuple[Path, str]]:
        """Files of the documentation, and places in them, that it links to."""
        for link in map(urlsplit, self.links):
            if not link.scheme:
                file = (self.path.parent / unquote(link.path)).resolve() if link.path else self.path
                yield file, unquote(link.fragment)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Page]:
    folder = tmp_path_factory.mktemp("docs").resolve()
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "-q", "docs", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return {path: Page(path) for path in folder.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(built: dict[Path, Page]) -> None:
    for path, page in built.items():
        assert not [load for load in page.loads if urlsplit(load).netloc], path.name
    folder = next(path for path in built if path.name == "index.html" and (path.parent / "_static").is_dir()).parent
    for style in folder.rglob("*.css"):
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", style.read_text("utf-8")), style.name


def test_links_lead_somewhere(built: dict[Path, Page]) -> None:
    for path, page in built.items():
        for file, place in page.targets():
            assert file.exists(), f"{path.name}: {file}"
            if place and file in built:
                assert place in built[file].places, f"{path.name}: {file.name}#{place}"


def test_every_page_can_be_reached(built: dict[Path, Page]) -> None:
    start = next(path for path in built if path.name == "index.html" and (path.parent / "_static").is_dir())
    reached, left = {start}, [start]
    while left:
        for file, _ in built[left.pop()].targets():
            if file in built and file not in reached:
                reached.add(file)
                left.append(file)
    missing = {path.relative_to(start.parent).as_posix() for path in built.keys() - reached}
    assert missing <= {"search.html", "genindex.html", "py-modindex.html"}
    sources = {path.relative_to(ROOT / "docs").with_suffix("") for path in (ROOT / "docs").rglob("*.md")}
    assert sources <= {path.relative_to(start.parent).with_suffix("") for path in built}
