"""The commands and Python of README and docs do what the pages say: they run, or the page says why they do not."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.pages import PAGES, ROOT, Block, blocks, write_inputs

from screening import cli
from screening.configuration import load_config
from screening.configuration.registry import COMMANDS

ALL = [block for page in PAGES for block in blocks(page)]
RUN = [block for block in ALL if block.language in {"bash", "python"} and block.reason is None]
SHOWN = {"json", "text", "toml", "yaml"}
"""Languages of blocks that hold no command."""


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def test_every_block_is_run_or_marked() -> None:
    for block in ALL:
        directive = block.language.startswith("{")
        assert directive or block.language in {"bash", "python", *SHOWN}, f"{_name(block.page)}: {block.language!r}"
        assert block.reason is None or block.language == "bash", _name(block.page)
    for block in RUN:
        if block.language == "bash":
            programs = {words[0] for words in block.commands}
            assert programs == {"screening"}, f"{_name(block.page)}: mark it as not run: {programs}"


@pytest.mark.ci
def test_what_is_not_run_is_a_right_request_all_the_same() -> None:
    for block in (block for block in ALL if block.language == "bash" and block.reason):
        for program, *arguments in block.commands:
            if program == "screening":
                _check(block, arguments)


def _check(block: Block, arguments: list[str]) -> None:
    command, *rest = arguments
    if any(argument.startswith("-") for argument in rest):
        return
    overrides, values = COMMANDS[command].sort(rest)
    load_config(command, overrides, values)


@pytest.mark.ci
@pytest.mark.parametrize("page", dict.fromkeys(block.page for block in RUN), ids=_name)
def test_the_page_runs(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    for block in (block for block in RUN if block.page == page):
        if block.language == "python":
            exec(compile(block.text, _name(page), "exec"), {})
            continue
        for _, *arguments in block.commands:
            status = cli.main(arguments)
            assert status == 0, f"screening {' '.join(arguments)}\n{capsys.readouterr().err}"
