"""From decisions in MLflow to files for the laboratory: complete, with checksums and a list of what is missing."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import openpyxl
import pytest
from helpers.reviews import ReviewStore, cif_of, review_store, rock_salt
from pymatgen.core import Structure

from screening.errors import RequestError
from screening.export.approved import export_approved
from screening.tracking import child_runs
from screening.tracking.reviews import Review, read_review

pytestmark = [pytest.mark.ci, pytest.mark.xdist_group("reviews")]

FORMULA = "=cmd|' /C calc'!A0"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ReviewStore:
    return review_store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def review(store: ReviewStore) -> Review:
    """Approved: FeO, CoO with a charged end, and three that cannot be exported in full; NiO rejected, VO open."""
    parent = store.ranking()
    whole = {"crystal.cif": cif_of(rock_salt())}
    both = {"crystal.cif": cif_of(rock_salt("Co")), "charged.cif": cif_of(rock_salt("Mn"))}
    figures = {"score": 0.9, "mu0_Ms_T": 1.5, "mu0_Ms_T_lo": 1.2}
    said = {"decision": "approve", "comment": "<b>=1+1</b>", "by": "@ann"}
    store.finalist(parent, "../../escape", rank=1, metrics=figures, files=whole, **said)
    store.finalist(parent, "a/b\\c", "CoO", rank=2, files=both, decision="Approve ")
    store.finalist(parent, "cut", rank=3, files={"crystal.cif": whole["crystal.cif"][:-150]}, decision="approve")
    store.finalist(parent, "hostile", FORMULA, rank=4, files=whole, decision="approve")
    store.finalist(parent, "no files", "NiO", rank=5, decision="approve")
    store.finalist(
        parent, "polonium", "PoO", rank=6, files={"crystal.cif": cif_of(rock_salt("Po"))}, decision="approve"
    )
    store.finalist(parent, "refused", "NiO", rank=7, files=whole, decision="reject", comment=FORMULA)
    store.finalist(parent, "undecided", "VO", rank=None, files=whole)
    return read_review(store.settings, parent)


@pytest.fixture(scope="module")
def out(review: Review, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    done = export_approved(review, folder, "relax")
    assert done.folders == ("01-FeO", "02-CoO", "06-PoO")
    named = [problem.split(" (run ")[0] for problem in done.problems]
    assert named == ["FeO cut", f"{FORMULA} hostile", "NiO no files", "PoO polonium"]
    assert "no potential for Po" in done.problems[3]
    return folder


def test_each_candidate_has_a_folder_of_its_own(out: Path) -> None:
    files = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    inputs = {"INCAR", "KPOINTS", "POSCAR", "POTCAR.spec"}
    assert files == {
        "candidates.xlsx", "synthesis.csv", "SHA256SUMS", "approved.zip",
        *(f"{name}/{file}" for name in ("01-FeO", "02-CoO", "06-PoO") for file in ("crystal.cif", "POSCAR")),
        *(f"{name}/vasp/{file}" for name in ("01-FeO", "02-CoO") for file in inputs),
        "02-CoO/charged.cif", *(f"02-CoO/vasp-charged/{file}" for file in inputs),
    }  # fmt: skip
    assert Structure.from_file(out / "01-FeO" / "POSCAR").matches(rock_salt())
    assert Structure.from_file(out / "02-CoO" / "charged.cif").matches(rock_salt("Mn"))
    assert Structure.from_file(out / "02-CoO" / "vasp-charged" / "POSCAR").matches(rock_salt("Mn"))


def test_the_spreadsheet_has_decisions_and_figures(out: Path) -> None:
    book = openpyxl.load_workbook(out / "candidates.xlsx")
    assert book.sheetnames == ["Approved", "Synthesis", "Decisions", "Columns"]
    heading, first, *others = book["Approved"].values
    row = dict(zip(heading, first, strict=True))
    assert row["Candidate"] == "../../escape" and row["µ0Ms (T)"] == 1.5 and row["µ0Ms 10 % (T)"] == 1.2
    assert (row["Review"], row["By"], row["Comment"]) == ("approve", "@ann", "<b>=1+1</b>")
    assert len(others) == 2
    decisions = [row[2:5] + row[8:] for row in book["Decisions"].values]
    assert decisions[0] == ("Formula", "Review", "By", "Not exported")
    assert [row[:2] for row in decisions[1:]] == [
        ("FeO", "approve"), ("CoO", "approve"), ("FeO", "approve"), (FORMULA, "approve"), ("NiO", "approve"),
        ("PoO", "approve"), ("NiO", "reject"), ("VO", "open"),
    ]  # fmt: skip
    assert [bool(row[3]) for row in decisions[1:]] == [False, False, True, True, True, True, False, False]
    synthesis = list(book["Synthesis"].values)
    assert {row[1] for row in synthesis[1:]} == {"../../escape", "a/b\\c", "polonium"}
    assert all(cell.data_type != "f" for page in book for row in page.iter_rows() for cell in row)


def test_checksums_hold_and_the_archive_stays_inside_its_folder(out: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(out / "approved.zip") as packed:
        assert all(name.startswith("approved/") and ".." not in name for name in packed.namelist())
        packed.extractall(tmp_path)
    for folder in (out, tmp_path / "approved"):
        checked = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=folder, capture_output=True)
        assert checked.returncode == 0, checked.stderr
        assert len(checked.stdout.splitlines()) == 21
    assert not list(out.rglob("POTCAR"))


def test_the_same_review_makes_the_same_bytes(review: Review, out: Path, tmp_path: Path) -> None:
    export_approved(review, tmp_path, "relax")
    for path in out.rglob("*"):
        assert path.is_dir() or path.read_bytes() == (tmp_path / path.relative_to(out)).read_bytes(), path


def test_a_decision_taken_back_leaves_the_folder(store: ReviewStore, tmp_path: Path) -> None:
    parent = store.ranking()
    files = {"crystal.cif": cif_of(rock_salt())}
    first = store.finalist(parent, "a", files=files, decision="approve")
    store.finalist(parent, "b", files=files, decision="approve")
    assert export_approved(read_review(store.settings, parent), tmp_path, "none").folders == ("01-FeO", "01-FeO-2")
    (tmp_path / "notes.txt").write_text("mine")
    store.client.set_tag(first, "review.decision", "hold")
    assert export_approved(read_review(store.settings, parent), tmp_path, "none").folders == ("01-FeO",)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "01-FeO", "SHA256SUMS", "approved.zip", "candidates.xlsx", "notes.txt", "synthesis.csv"
    ]  # fmt: skip
    assert sorted(path.name for path in (tmp_path / "01-FeO").iterdir()) == ["POSCAR", "crystal.cif"]
    (tmp_path / "synthesis.csv").write_text("filled in by hand")
    with pytest.raises(RequestError, match=r"synthesis\.csv was changed"):
        export_approved(read_review(store.settings, parent), tmp_path, "none")
    assert (tmp_path / "synthesis.csv").read_text() == "filled in by hand"


def test_nothing_approved_is_a_wrong_request(store: ReviewStore, tmp_path: Path) -> None:
    parent = store.ranking()
    store.finalist(parent, decision="hold")
    with pytest.raises(RequestError, match=r"none of the 1 candidates is approved.*review\.decision"):
        export_approved(read_review(store.settings, parent), tmp_path / "new", "none")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_over_a_server_with_more_finalists_than_fit_a_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from helpers.mlflow_server import serving

    monkeypatch.setattr(child_runs, "_PAGE", 5)

    with serving(tmp_path / "server") as uri:
        store = ReviewStore(tmp_path, uri)
        parent = store.ranking()
        for rank in range(2, 13):
            store.finalist(parent, f"c{rank}", rank=rank)
        whole = {"crystal.cif": cif_of(rock_salt())}
        child = store.finalist(parent, "../c1", files=whole, metrics={"score": 0.5})
        store.client.set_tag(child, "review.decision", "approve")
        review = read_review(store.settings, child)
        assert [entry.rank for entry in review.entries] == list(range(1, 13))
        done = export_approved(review, tmp_path / "out", "relax")
    assert done.folders == ("01-FeO",) and not done.problems
    assert (tmp_path / "out" / "01-FeO" / "crystal.cif").read_bytes() == whole["crystal.cif"]
