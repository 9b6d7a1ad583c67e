"""Fitting the magnetization of metallic hosts, on calculations that kept their moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from screening.array_types import Floats
from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.chemistry.elements import N_ELEMENTS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.data.splits import DEFAULT_SALT, splits_of
from screening.data.store import Store
from screening.errors import RequestError
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.materials.magnets.moments.moment import HostMagnetization, metallic_hosts, moment_features
from screening.tabular.composition_features import Compositions, composition_features
from screening.tabular.interval_forest import ForestSettings, Rows, fit_interval_forest
from screening.tabular.release import FittedPart

FOREST = ForestSettings(n_trees=30, least_rows=2, tried=0.4)
LEAST_MOMENT_MUB = {"Cr": 0.3, "Mn": 0.6, "Fe": 0.6, "Co": 0.4, "Ni": 0.1}
"""Per atom; a calculation with less ended without moments, on the way there, or with opposite ones. The moments of
iron-rich metals have a gap there: of 586 calculations 187 have below 0.5 µB per atom, 22 between 0.5 and 1."""
_LABEL = "magnetization_muB_per_A3"
_LEARN = ("train", "validation")
# their f shell is in the valence of the calculations, so a total says nothing of the host
_VALENCE_F = ("Ce", "Eu", "Gd", "Yb", *ELEMENT_GROUPS["actinide"])
_BASELINE_TREES = 100


@dataclass(frozen=True)
class MomentFitSettings:
    """forest: sizes. n_seeds: fits that tell the spread; the first is kept."""

    forest: ForestSettings = FOREST
    seed: int = 0
    n_seeds: int = 3
    salt: str = DEFAULT_SALT


def fit_moment_part(store: Store, settings: MomentFitSettings) -> tuple[FittedPart, dict[str, Any]]:
    """The part that a release keeps and its errors on the test systems; raises RequestError when there are no rows."""
    rows, counts, without_moments = moment_rows(store)
    split = np.array(splits_of(rows.systems.tolist(), settings.salt))
    training = rows.take(np.flatnonzero(np.isin(split, _LEARN)))
    calibration = rows.take(np.flatnonzero(split == "calibration"))
    seeds = [settings.seed + i for i in range(settings.n_seeds)]
    fits = [HostMagnetization(fit_interval_forest(training, calibration, settings.forest, seed)[0]) for seed in seeds]
    report: dict[str, Any] = {
        "rows": {name: int((split == name).sum()) for name in np.unique(split)},
        "without_moments": without_moments,
        "seeds": seeds,
    }
    tested = np.flatnonzero(split == "test")
    if len(tested):
        composition = _composition_baseline(counts, rows, np.isin(split, _LEARN), tested, settings.seed)
        report["test"] = _scores(fits, rows.take(tested), float(np.median(training.target)), composition)
    return fits[0].to_part(), report


def moment_rows(store: Store) -> tuple[Rows, Floats, int]:
    """Metallic hosts with moments: what the forest learns, their counts (R, 119), and how many had no moments.

    The target is in µB/Å³: the sum of the site moments where the store has them, of all but 4f and 5f elements, else
    the total (without an f shell in the valence). Raises RequestError when there is none.
    """
    counts = store.crystals.element_counts()
    candidates = np.flatnonzero(metallic_hosts(counts))
    packed, counts = store.crystals.take(candidates), counts[candidates]
    host = _host_moments(store, candidates, counts)
    known = np.isfinite(host)
    least = sum(LEAST_MOMENT_MUB[symbol] * (counts @ indicator((symbol,))) for symbol in MAGNETIC_METALS)
    kept = known & (host > least)
    if not kept.any():
        raise RequestError("magnetization of hosts: the store holds no metal of Cr, Mn, Fe, Co or Ni with moments")
    rows = np.flatnonzero(kept)
    hosts = packed.take(rows)
    features = moment_features(hosts, Compositions.of(counts[rows])).astype(np.float32)
    systems = np.array(store.index["chemical_system"].to_list())[candidates[rows]]
    target = host[rows] / hosts.volume_A3
    return Rows(features, target, np.ones(len(rows)), systems), counts[rows], int((known & ~kept).sum())


def _host_moments(store: Store, rows: np.ndarray[Any, Any], counts: Floats) -> Floats:
    """(R,) µB in each cell of these rows of the store, NaN where nothing tells."""
    packed = store.crystals.take(rows)
    owner = packed.owner
    sites = [store.site_moment_muB[store.crystals.atoms(int(row))] for row in rows]
    site = np.concatenate([np.zeros(0, dtype=np.float32), *sites])
    sums = np.bincount(owner, np.abs(np.nan_to_num(site)) * _sides()[packed.numbers], len(rows))
    has_sites = np.bincount(owner, np.isfinite(site), len(rows)) > 0
    totals = store.labels([_LABEL])[rows, 0] * packed.volume_A3
    totals = np.where(counts @ indicator(_VALENCE_F) > 0, np.nan, totals)
    return np.where(has_sites, sums, totals)


def _sides() -> Floats:
    """(119,) how the moment that 3d neighbours induce in an atom stands to theirs; the store keeps sizes alone.

    Parallel in late metals, antiparallel in early ones and metalloids, whose states above the Fermi level hybridise
    with the minority spins (Campbell, J. Phys. F 2, L47 (1972)).
    """
    sides = -np.ones(N_ELEMENTS)
    sides += 2 * indicator((*MAGNETIC_METALS, *ELEMENT_GROUPS["late_metal"]))
    return np.asarray(sides * (indicator((*ELEMENT_GROUPS["open_4f"], *ELEMENT_GROUPS["actinide"])) == 0))


def _composition_baseline(counts: Floats, rows: Rows, learn: Any, tested: Any, seed: int) -> Floats:
    from sklearn.ensemble import ExtraTreesRegressor

    features = np.nan_to_num(composition_features(counts), nan=-1.0).astype(np.float32)
    forest = ExtraTreesRegressor(n_estimators=_BASELINE_TREES, min_samples_leaf=2, max_features=0.4, random_state=seed)
    forest.fit(features[learn], rows.target[learn])
    return np.asarray(forest.predict(features[tested]), dtype=np.float64)


def _scores(fits: list[HostMagnetization], rows: Rows, constant: float, composition: Floats) -> dict[str, Any]:
    """Errors in T of µ0M."""
    predicted = [fit.forest.predict(rows.features.astype(np.float64)) for fit in fits]
    value, width = predicted[0]

    def error(values: Floats | float) -> float:
        return float(TESLA_PER_MUB_PER_A3 * np.abs(values - rows.target).mean())

    return {
        "n": len(rows.target),
        "mae_T": [error(values) for values, _ in predicted],
        "mae_T_constant": error(constant),
        "mae_T_composition_trees": error(composition),
        "coverage": float((np.abs(value - rows.target) <= width).mean()),
        "width_T": float(TESLA_PER_MUB_PER_A3 * 2 * width.mean()),
    }


def moment_card(report: Mapping[str, Any]) -> str:
    """The section of a model card, from the report of `fit_moment_part`."""
    rows = ", ".join(f"{name} {n}" for name, n in report["rows"].items())
    least = ", ".join(f"{symbol} {moment}" for symbol, moment in LEAST_MOMENT_MUB.items())
    lines = [
        "## Magnetization of metallic hosts",
        "",
        "Extra trees on composition and bonds. Rows: metals (nitrides among them) with Cr, Mn, Fe, Co or Ni whose "
        f"calculation has at least {least} µB per atom, by split: {rows}; {report['without_moments']} more ended with "
        "less and are left out. The target is the sum of the site "
        "moments, or the total magnetization, without those of 4f and 5f shells.",
    ]
    if test := report.get("test"):
        maes = ", ".join(f"{mae:.3f}" for mae in test["mae_T"])
        lines += [
            "",
            f"On {test['n']} crystals of test systems: error of µ0M {maes} T by seed (constant "
            f"{test['mae_T_constant']:.3f}, extra trees on composition alone {test['mae_T_composition_trees']:.3f}); "
            f"the 80 % interval, on average {test['width_T']:.2f} T wide, covers {100 * test['coverage']:.0f} %.",
        ]
    return "\n".join(lines) + "\n"
