"""The generic ASE adapter, with a calculator that ASE carries and ones that misbehave."""

from __future__ import annotations

import logging
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.calculator import Calculator, PropertyNotImplementedError
from ase.calculators.emt import EMT
from helpers.crystals import cubic

from screening.crystals import Crystal
from screening.crystals.packed import pack
from screening.errors import RequestError, ScreeningError
from screening.potentials.registry import load_potential

COPPER, SILVER = cubic(29, 3.6, "F"), cubic(47, 4.1, "F")


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> types.ModuleType:
    """A module of the user's own, importable as `mine`."""
    made = types.ModuleType("mine")
    monkeypatch.setitem(sys.modules, "mine", made)
    return made


def test_an_ase_calculator_without_a_file() -> None:
    potential = load_potential("ase:ase.calculators.emt.EMT", "cpu")
    found = potential.energies(pack([COPPER, SILVER]))
    for index, (symbol, a) in enumerate((("Cu", 3.6), ("Ag", 4.1))):
        atoms = bulk(symbol, a=a, cubic=True)
        atoms.calc = EMT()
        assert found.energy_eV[index] == pytest.approx(atoms.get_potential_energy(), abs=1e-9)
        assert found.stress_eV_per_A3 is not None
        np.testing.assert_allclose(found.stress_eV_per_A3[index], atoms.get_stress(voigt=False), atol=1e-9)
    assert found.forces_eV_per_A is not None
    assert found.forces_eV_per_A.shape == (8, 3)
    assert potential.energies(pack([COPPER]), forces=False).forces_eV_per_A is None


def test_the_checkpoint_goes_by_position_or_by_name(module: types.ModuleType, tmp_path: Path) -> None:
    calls = []

    def by_position(file: str, device: str = "") -> Calculator:
        calls.append((file, device))
        return EMT()

    def by_name(load_path: str = "") -> Calculator:
        calls.append((load_path, None))
        return EMT()

    module.by_position, module.by_name = by_position, by_name  # type: ignore[attr-defined]
    file = tmp_path / "weights=a:b.pth"
    file.write_bytes(b"")
    load_potential(f"ase:mine.by_position:{file}", "cpu")
    load_potential(f"ase:mine.by_name:load_path={file}", "cpu")
    assert calls == [(str(file), "cpu"), (str(file), None)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("chgnett", "potential=chgnett: not known; did you mean chgnet"),
        ("mace", "potential=mace: not known; known: ase, chgnet"),
        ("chgnet:0.3.0", "chgnet takes nothing after its name"),
        ("ase:EMT", "potential=ase:EMT: expected ase:package.module.Class:CHECKPOINT"),
        ("ase:no_such_package.Thing:x.pt", "no_such_package cannot be imported .* is it installed"),
        ("ase:ase.calculators.emt.Emt", "has no class or function Emt"),
        ("ase:ase.calculators.emt.EMT:missing.pt", "no such checkpoint: missing.pt"),
        ("ase:ase.build.bulk", "failed: TypeError"),
        ("ase:builtins.dict", "made a dict, not an ASE calculator"),
    ],
)
def test_wrong_names_are_refused_with_what_was_expected(name: str, message: str) -> None:
    with pytest.raises(RequestError, match=message) as caught:
        load_potential(name, "cpu")
    assert name in str(caught.value)


def test_a_crystal_that_the_calculator_fails_on_leaves_the_others(caplog: pytest.LogCaptureFixture) -> None:
    unknown = Crystal.from_arrays("U", np.eye(3) * 3, [92], [[0, 0, 0]])
    potential = load_potential("ase:ase.calculators.emt.EMT", "cpu")
    with caplog.at_level(logging.WARNING, "screening"):
        found = potential.energies(pack([COPPER, unknown, SILVER]))
    assert np.isfinite(found.energy_eV).tolist() == [True, False, True]
    assert "NotImplementedError" in caplog.text


def test_a_calculator_without_stress_is_refused(module: types.ModuleType) -> None:
    class NoStress(EMT):  # type: ignore[misc]
        def get_stress(self, atoms: object = None) -> None:
            raise PropertyNotImplementedError("stress")

    module.NoStress = NoStress  # type: ignore[attr-defined]
    potential = load_potential("ase:mine.NoStress", "cpu")
    with pytest.raises(ScreeningError, match="gives no stress"):
        potential.energies(pack([COPPER]))
