"""Fitting the magnetization of metallic hosts to calculations that kept their moments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from screening.array_types import Floats
from screening.chemistry.constants import TESLA_PER_MUB_PER_A3
from screening.chemistry.elements import N_ELEMENTS, indicator
from screening.chemistry.families import ELEMENT_GROUPS
from screening.data.splits import splits_of
from screening.data.store import Store
from screening.errors import RequestError
from screening.materials.magnets.carriers import MAGNETIC_METALS
from screening.materials.magnets.moments.moment import HostMagnetization, metallic_hosts, moment_features
from screening.tabular.composition_features import Compositions, composition_features
from screening.tabular.fit_settings import ForestFitSettings
from screening.tabular.interval_forest import ForestSettings, Rows, fit_interval_forest
from screening.tabular.release import FittedPart

FOREST = ForestSettings(n_trees=30, least_rows=2, tried=0.4)
LEAST_MOMENT_MUB = {"Cr": 0.3, "Mn": 0.6, "Fe": 0.6, "Co": 0.4, "Ni": 0.1}
"""Per atom. Calculations with less ended without moments, were losing them, or have opposed ones. The moments of
iron-rich metals have a gap there: of 586 calculations 187 have less than 0.5 µB per atom and 22 between 0.5 and 1."""
_LABEL = "magnetization_muB_per_A3"
_LEARN = ("train", "validation")
# the calculations treat their f shell as valence, so a total does not show the moment of the host
_VALENCE_F = ("Ce", "Eu", "Gd", "Yb", *ELEMENT_GROUPS["actinide"])
_BASELINE_TREES = 100


def fit_moment_part(store: Store, settings: ForestFitSettings) -> tuple[FittedPart, dict[str, Any]]:
    """Fit the part of a release.

    Returns:
        The part, and its errors on the test systems.

    Raises:
        RequestError: The store has no metallic host with moments.
    """
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
    """The R metallic hosts with moments.

    The target, in µB/Å³, is the sum of the site moments of all elements except 4f and 5f ones where the store has site
    moments, otherwise the total of crystals without f electrons in the valence.

    Returns:
        The rows to learn from, their atoms of each element (R, 119), and the number of hosts without moments.

    Raises:
        RequestError: The store has no such crystal.
    """
    counts = store.crystals.element_counts()
    candidates = np.flatnonzero(metallic_hosts(counts))
    packed, counts = store.crystals.take(candidates), counts[candidates]
    host = _host_moments(store, candidates, counts)
    known = np.isfinite(host)
    least = sum(LEAST_MOMENT_MUB[symbol] * (counts @ indicator((symbol,))) for symbol in MAGNETIC_METALS)
    kept = known & (host > least)
    if not kept.any():
        raise RequestError("magnetization of hosts: the store has no metal of Cr, Mn, Fe, Co or Ni with moments")
    rows = np.flatnonzero(kept)
    hosts = packed.take(rows)
    features = moment_features(hosts, Compositions.of(counts[rows])).astype(np.float32)
    systems = np.array(store.index["chemical_system"].to_list())[candidates[rows]]
    target = host[rows] / hosts.volume_A3
    return Rows(features, target, np.ones(len(rows)), systems), counts[rows], int((known & ~kept).sum())


def _host_moments(store: Store, rows: np.ndarray[Any, Any], counts: Floats) -> Floats:
    """Moments of the hosts in these rows of the store in µB per cell, (R,); NaN where they are unknown."""
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
    """Sign of the moment that 3d neighbours induce in an atom, (119,): 1 or -1, 0 for f elements.

    The store has only the sizes of moments. The sign is parallel in late metals and antiparallel in early metals and
    metalloids, whose states above the Fermi level hybridise with the minority spins (Campbell, J. Phys. F 2, L47
    (1972)).
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
    """Errors of µ0M in T."""
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
    """The section in Markdown, from the report of `fit_moment_part`."""
    rows = ", ".join(f"{name} {n}" for name, n in report["rows"].items())
    least = ", ".join(f"{symbol} {moment}" for symbol, moment in LEAST_MOMENT_MUB.items())
    lines = [
        "## Magnetization of metallic hosts",
        "",
        "Extra trees on composition and bonds. Rows are metals (including nitrides) with Cr, Mn, Fe, Co or Ni whose "
        f"calculation has at least {least} µB per atom. By split: {rows}. Left out: {report['without_moments']} with "
        "smaller moments. The target is the sum of the site moments, or the total magnetization, without 4f and 5f "
        "moments.",
    ]
    if test := report.get("test"):
        maes = ", ".join(f"{mae:.3f}" for mae in test["mae_T"])
        lines += [
            "",
            f"On {test['n']} crystals of test systems the error of µ0M is {maes} T by seed (constant "
            f"{test['mae_T_constant']:.3f}, extra trees on composition alone {test['mae_T_composition_trees']:.3f}). "
            f"The 80 % interval, on average {test['width_T']:.2f} T wide, covers {100 * test['coverage']:.0f} %.",
        ]
    return "\n".join(lines) + "\n"
