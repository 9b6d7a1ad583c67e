"""Charging the best electrodes: voltage over charge, and whether the frame is kept once both ends are relaxed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.crystals.crystal import Crystal
from screening.crystals.standard_cell import standard_cell
from screening.materials.base import CloserLook, Curve, Finalists
from screening.materials.electrodes.electrode_predictor import ElectrodePredictor
from screening.materials.electrodes.end_members.frames import framework_kept, with_ends
from screening.materials.electrodes.end_members.orderings import partly_charged
from screening.materials.electrodes.end_members.pair import ElectrodePair
from screening.materials.electrodes.end_members.pair_search import find_pair
from screening.materials.electrodes.end_members.profile import Profile, State, voltage_profile
from screening.materials.electrodes.phases.phase_curves import drawn, phase_curves
from screening.materials.electrodes.phases.phase_kinds import CARBON_KIND
from screening.materials.electrodes.phases.phase_rows import ORIGIN
from screening.materials.electrodes.voltage.voltage import VoltagePredictor
from screening.relaxation.relaxation import RelaxationSettings, Relaxed, relax

RELAXATION = RelaxationSettings(max_steps=200)
"""Ends that have not converged after these steps get a remark."""
_SMALL = 1e-6
_SLIVER = 0.03
"""Share of the practical range that is not drawn as a step of its own: relaxed states are that close to its end."""


def charging(finalists: Finalists) -> list[CloserLook]:
    """The closer looks at N electrodes: both ends, the voltage over charge, and whether the frame is kept.

    The key `profile_states` gives the number of states of charge that are relaxed together with both ends (0: only the
    ends); each is the symmetry-distinct ordering of lowest Coulomb energy. With None nothing is relaxed: the curve is
    one plateau, and the frame is not checked. Curves span the practical range, and their mean is the `voltage_V` of
    the table.
    """
    rows, n_states = finalists.table.to_dicts(), finalists.keys.get("profile_states")
    predictor = finalists.predictors.get("voltage")
    if not isinstance(predictor, ElectrodePredictor):
        return [CloserLook() for _ in rows]
    found = [_pair(crystal, row, predictor.working_ion) for crystal, row in zip(finalists.crystals, rows, strict=True)]
    curves = phase_curves(finalists.crystals, rows, predictor.lines) if predictor.lines is not None else {}
    profiles: dict[int, _Look] = {}
    if n_states is not None and isinstance(predictor.voltage, VoltagePredictor):
        pairs = {index: pair for index, pair in enumerate(found) if pair is not None}
        profiles = _closer(pairs, predictor.voltage, n_states)
    return [
        CloserLook(curve=curves.get(index)) if pair is None else _described(pair, crystal, row, profiles.get(index))
        for index, (pair, crystal, row) in enumerate(zip(found, finalists.crystals, rows, strict=True))
    ]


@dataclass(frozen=True)
class _Look:
    """The result of a relaxation; profile: None if an end could not be relaxed or frames cannot be compared."""

    profile: Profile | None
    remarks: tuple[str, ...]


def _pair(crystal: Crystal, row: Mapping[str, Any], working_ion: str | None) -> ElectrodePair | None:
    """The pair as in the table, which has standard cells."""
    if row.get("electrode_origin") in (None, ORIGIN):
        return None
    pair = find_pair(standard_cell(crystal), working_ion or row.get("working_ion"))
    return pair if isinstance(pair, ElectrodePair) else None


def _described(pair: ElectrodePair, crystal: Crystal, row: Mapping[str, Any], look: _Look | None) -> CloserLook:
    steps = None if look is None or row.get("electrode_kind") == CARBON_KIND else look.profile
    curve = _plateau(row) if steps is None else _staircase(steps, row)
    return CloserLook(_other_ends(pair, crystal), curve, look.remarks if look else ())


def _other_ends(pair: ElectrodePair, crystal: Crystal) -> dict[str, Crystal]:
    """The ends beside the crystal as given: in its own cell where the ion leaves, else in the standard cell."""
    if pair.origin == "given" and crystal.charged is not None:
        return {"charged": crystal.charged}
    if pair.origin == "topotactic":
        stays = crystal.numbers != ATOMIC_NUMBERS[pair.working_ion]
        return {"charged": replace(crystal, numbers=crystal.numbers[stays], frac=crystal.frac[stays])}
    ends = {"discharged": pair.discharged}
    enlarged = pair.charged.n_atoms > crystal.n_atoms
    return {"charged": pair.charged, **ends} if enlarged else ends


def _plateau(row: Mapping[str, Any]) -> Curve | None:
    """The expected average over the practical range."""
    return drawn((0.0, 1.0), (0.0, 0.0), row)


def _staircase(profile: Profile, row: Mapping[str, Any]) -> Curve | None:
    """Plateaus of the potential in the order of charging, up to the practical capacity."""
    usable, total = (row.get(f"capacity_{name}mAh_per_g") for name in ("practical_", ""))
    if not usable or not total:
        return None
    scale = total / profile.capacity_mAh_per_g
    x: list[float] = []
    y: list[float] = []
    taken = 0.0
    for step in reversed(profile.steps):
        if taken < usable - _SMALL:
            last = taken + scale * step.capacity_mAh_per_g
            last = last if last < (1 - _SLIVER) * usable else float(usable)
            x += [taken, last]
            y += [step.voltage_V, step.voltage_V]
            taken = last
    return drawn(x, y, row)


def _closer(pairs: Mapping[int, ElectrodePair], voltage: VoltagePredictor, n_states: int) -> dict[int, _Look]:
    """Relax all states of all electrodes together, to use all cores."""
    states = [
        replace(crystal, candidate_id=f"{index} {number}", charged=None)
        for index, pair in pairs.items()
        for number, crystal in enumerate([pair.discharged, pair.charged, *_between(pair, n_states)])
    ]
    relaxed: dict[int, dict[int, Relaxed]] = {index: {} for index in pairs}
    for end in relax(voltage.potential, states, RELAXATION):
        index, number = map(int, end.crystal.candidate_id.split())
        relaxed[index][number] = end
    return {index: _look(pair, relaxed[index], voltage) for index, pair in pairs.items()}


def _between(pair: ElectrodePair, n_states: int) -> list[Crystal]:
    """States within the practical range, including its end if that is not the charged crystal."""
    usable = min(pair.n_ions_removed, pair.n_ions_practical) if pair.n_ions_practical > 0 else pair.n_ions_removed
    shares = [step / (n_states + 1) for step in range(1, n_states + 2)] if n_states else []
    wanted = [share * usable for share in shares if share * usable < pair.n_ions_removed - _SMALL]
    return [crystal for removed in wanted for crystal in partly_charged(pair, removed)]


def _look(pair: ElectrodePair, relaxed: Mapping[int, Relaxed], voltage: VoltagePredictor) -> _Look:
    if any(relaxed[number].failure for number in (0, 1)):
        return _Look(None, ("relaxation_failed",))
    ends = with_ends(pair, relaxed[0].crystal, relaxed[1].crystal)
    kept = "frame_kept" if framework_kept(ends) else "frame_changes"
    moving = () if all(relaxed[number].converged for number in (0, 1)) else ("relaxation_unfinished",)
    states = [State(end.crystal, end.energy_eV) for end in relaxed.values() if not end.failure]
    metal = float(voltage.metals[ATOMIC_NUMBERS[pair.working_ion]])
    try:
        profile = voltage_profile(states, pair.working_ion, metal)
    except ValueError:  # the frames differ in composition, so voltages are null
        profile = None
    return _Look(profile, (kept, *moving))
