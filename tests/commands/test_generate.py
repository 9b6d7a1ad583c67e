"""`screening generate` as a user runs it: the file it writes, what it says, what it refuses."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from conftest import RunScreening

import screening
from screening.commands import generate
from screening.configuration import load_config
from screening.crystals import Crystal, ReadSettings, read_crystals
from screening.errors import RequestError

pytestmark = pytest.mark.ci


def run(output: Path, *overrides: str) -> list[dict[str, Any]]:
    generate.run(load_config("generate", [f"output={output}", *overrides]))  # type: ignore[arg-type]
    data = output.read_bytes()
    text = gzip.decompress(data) if output.suffix == ".gz" else data
    return [json.loads(line) for line in text.splitlines()]


def test_thousands_of_candidates_that_the_readers_take(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "new" / "all.jsonl.gz"
    rows = run(file)
    assert 3000 < len(rows) < 8000
    said = capsys.readouterr().out
    assert f"{len(rows)} candidates in {file}" in said
    assert "combinations left out: charges do not add up to zero" in said
    read = [item for item in read_crystals(file, ReadSettings(workers=0)) if isinstance(item, Crystal)]
    assert [item.candidate_id for item in read] == [row["id"] for row in rows]
    assert len({row["id"] for row in rows}) == len(rows)
    assert {"Nd2Fe14B__Nd2Fe14B", "CaCu5__SmCo5", "Magnetoplumbite__BaFe12O19"} <= {row["id"] for row in rows}


def test_rows_say_where_they_come_from(tmp_path: Path) -> None:
    lists = {"rare_earth": "Sm", "transition_metal": "Co", "second_transition_metal": "Fe", "small_stabiliser": ""}
    rows = run(
        tmp_path / "few.jsonl", "prototypes=[CaCu5]", *(f"elements.{role}=[{texts}]" for role, texts in lists.items())
    )
    assert [row["id"] for row in rows] == ["CaCu5__SmCo5", "CaCu5__SmCo3Fe2__2c-Fe", "CaCu5__SmFe3Co2__2c-Co"]
    assert rows[2]["formula"] == "SmFe3Co2"
    assert (rows[2]["prototype"], rows[2]["parent"]) == ("CaCu5", "YCo5")
    assert rows[2]["occupants"] == {"1a": "Sm", "2c": "Co", "3g": "Fe"}


def test_ordered_stand_ins_say_so(tmp_path: Path) -> None:
    file = tmp_path / "few.jsonl"
    rows = run(file, "prototypes=[ThMn12,ThMn12M2]", "elements.rare_earth=[Nd]")
    assert {row["prototype"]: row.get("parent_space_group") for row in rows} == {"ThMn12": None, "ThMn12M2": 139}
    for item in read_crystals(file, ReadSettings(workers=0)):
        assert isinstance(item, Crystal)
        stand_in = item.candidate_id.startswith("ThMn12M2")
        assert item.parent_space_group == (139 if stand_in else None)
        assert item.flags == (("ordered_approximant",) if stand_in else ())


def test_the_same_request_makes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.jsonl.gz", "two.jsonl.gz"):
        run(tmp_path / name, "prototypes=[NiAs,L1_0-MnAl]")
    assert (tmp_path / "one.jsonl.gz").read_bytes() == (tmp_path / "two.jsonl.gz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.jsonl.gz", "two.jsonl.gz"]


def test_a_limit_spreads_over_all_prototypes(tmp_path: Path) -> None:
    names = [
        row["prototype"] for row in run(tmp_path / "a.jsonl", "prototypes=[NiAs,D0_22,Ni2In]", "max_candidates=40")
    ]
    assert len(names) == 40
    assert set(names) == {"NiAs", "D0_22", "Ni2In"}


def test_without_rare_earths(tmp_path: Path) -> None:
    rows = run(tmp_path / "a.jsonl", "elements=rare_earth_free")
    earths = {"Sc", "Y", "La", "Ce", "Pr", "Nd", "Sm", "Gd", "Tb", "Dy", "Ho", "Er"}
    assert len(rows) > 1000
    assert not any(earths & set(row["species"]) for row in rows)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["prototypes=[Nd2Fe14C]"], "prototypes: there is no 'Nd2Fe14C'; did you mean Nd2Fe14B"),
        (["elements.rare_earth=[Nd,Qq]"], "elements.rare_earth: 'Qq' is not an element"),
        (["elements.rare_eart=[Nd]"], "elements.rare_earth"),
        (["elements.rare_earth=Nd"], "elements.rare_earth"),
        (["prototypes=[CaCu5]", "elements.rare_earth=[]"], "no candidate can be made .* elements.rare_earth"),
        (["elements.rare_earth=[Xe]"], "Xe: datasets/elements/metallic_radii.csv has no radius"),
        (["max_candidates=0"], "max_candidates"),
    ],
)
def test_wrong_requests_are_refused_and_write_nothing(tmp_path: Path, overrides: list[str], message: str) -> None:
    with pytest.raises(RequestError, match=message):
        run(tmp_path / "a.jsonl", *overrides)
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_name_or_place_for_the_output(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"ends in .jsonl.gz or .jsonl"):
        run(tmp_path / "a.csv")
    (tmp_path / "b.jsonl").mkdir()
    with pytest.raises(RequestError, match="that is a folder"):
        run(tmp_path / "b.jsonl", "prototypes=[NiAs]")


def test_a_failure_while_writing_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("old\n")
    monkeypatch.setattr(Path, "write_bytes", lambda self, data: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        run(file, "prototypes=[NiAs]")
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]
    assert file.read_text() == "old\n"


def test_from_the_command_line(screening: RunScreening, tmp_path: Path) -> None:
    done = screening("generate", "output=a.jsonl.gz", "prototypes=[NiAs]")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == "27 candidates in a.jsonl.gz"
    wrong = screening("generate", "output=a.jsonl.gz", "prototypes=[NiAz]")
    assert wrong.returncode == 2
    assert "did you mean NiAs" in wrong.stderr


def test_solid_solutions_are_rows_that_are_read_back(tmp_path: Path) -> None:
    found = screening.generate(
        tmp_path / "alloys.jsonl", prototypes=["CuAl2"], x=[0.25, 0.5],
        elements={"magnetic_metal": ["Fe", "Co"], "metalloid": ["B"]},
    )  # fmt: skip
    assert [member.formula for member in found.members] == ["Fe2B", "Co2B", "Fe1.5Co0.5B", "FeCoB"]
    read = list(read_crystals(tmp_path / "alloys.jsonl"))
    assert [crystal.formula for crystal in read] == found.table["formula"].to_list()
    assert [crystal.digest for crystal in read] == [crystal.digest for crystal in found]


@pytest.mark.parametrize("share", [-0.1, 1.5])
def test_a_share_out_of_range_is_a_wrong_request(share: float) -> None:
    with pytest.raises(screening.RequestError, match="expected shares from 0 to 1"):
        screening.generate(prototypes=["CuAl2"], x=[share])
