"""Permanent magnets, first version: magnetisation and energy product at 0 K, stability and supply.

The Curie temperature is the one that the table predicts, null where it does not; the sign of the anisotropy and the
working temperature are not estimated. `mu0_Ms_T` is the polarisation *if* the crystal orders ferro- or
ferrimagnetically; how likely that is stands in `ferro_or_ferrimagnetic_probability`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from screening.errors import RequestError
from screening.merit.composition import Floats, Mask, count_matrix, indicator
from screening.merit.magnetic_order import MagneticElements, MagneticOrder, order_prior, predicted_order
from screening.merit.rare_earths import four_f_change_muB, rare_earth_table, valence_4f_muB
from screening.merit.sampling import Distribution, common_scores, propagate
from screening.merit.supply import SupplySettings, supply_columns
from screening.merit.tables import flagged, floats, number_column, require_columns

TESLA_PER_MUB_A3 = 11.6541
"""µ0 µB / Å³: polarisation in T of 1 µB/Å³ (CODATA 2018)."""

BHMAX_KJ_M3_PER_T2 = 198.94
"""1 / 4µ0 in kJ/m³ per T²: the largest energy product of a magnet with polarisation 1 T (Skomski and Coey, Scripta
Mater. 112, 3 (2016)); it needs a coercivity above half the magnetisation."""

CURIE_COLUMNS = ("curie_temperature_K", "curie_temperature_K_lo", "curie_temperature_K_hi")
HOST_ELEMENTS = ("Mn", "Fe", "Co", "Ni")


@dataclass(frozen=True)
class MagnetSettings:
    """Settings of `evaluate`; energies in eV/atom.

    supply: prices and origin of the elements. ferrimagnetic_fraction: (median, 10th, 90th percentile) of net moment
    over the sum of moments in insulating ferrimagnets; Neel's collinear models give 0.17 (NiFe2O4), 0.20 (Y3Fe5O12),
    0.23 (CoFe2O4), 0.29 (Fe3O4) and 0.33 (M-type ferrites, MnFe2O4). insulator_gap_eV: a larger predicted gap means an
    insulator. least_magnetization_muB_per_A3: less is noise. host_moment_muB: moment per Mn, Fe, Co or Ni atom from
    which on it aligns 4f moments. stable_below, metastable_below: limits of the energy above the hull.
    """

    supply: SupplySettings = field(default_factory=SupplySettings)
    ferrimagnetic_fraction: tuple[float, float, float] = (0.25, 0.17, 0.33)
    insulator_gap_eV: float = 0.1
    least_magnetization_muB_per_A3: float = 0.01
    host_moment_muB: float = 0.3
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1
    n_samples: int = 255
    seed: int = 0

    def __post_init__(self) -> None:
        median, low, high = self.ferrimagnetic_fraction
        if not 0 <= low <= median <= high <= 1:
            raise RequestError("task.merit.ferrimagnetic_fraction: expected [median, low, high] within 0 and 1")
        if self.n_samples < 9:
            raise RequestError(f"task.merit.n_samples: expected at least 9, got {self.n_samples}")


def evaluate(table: pl.DataFrame, settings: MagnetSettings) -> pl.DataFrame:
    """The prediction table with `mu0_Ms_T` and `BHmax_kJ_per_m3` (with _lo and _hi), order, symmetry, supply, flags."""
    require_columns(table, ["cell_formula", "volume_A3", "magnetization_muB_per_A3", "energy_above_hull_eV_per_atom"])
    counts = count_matrix(table["cell_formula"].to_list())
    elements = MagneticElements.of(counts)
    magnetization = Distribution.from_table(table, "magnetization_muB_per_A3", lower=0.0)
    gap = Distribution.from_table(table, "band_gap_eV", lower=0.0)
    insulating = np.nan_to_num(gap.probability_above(settings.insulator_gap_eV), nan=0.0)
    insulating = np.where(elements.anionic, insulating, 0.0)
    moments = magnetization.probability_above(settings.least_magnetization_muB_per_A3)
    order, predicted = predicted_order(table, order_prior(elements, moments, insulating))
    shift, earth_flags = four_f_shift(counts, floats(table, "volume_A3"), magnetization.value, insulating, settings)
    reducible = elements.any & elements.anionic
    polarization = _polarization(magnetization, gap, shift, reducible, settings)
    supply, supply_flags = supply_columns(counts, settings.supply)
    flags = {
        "prediction_missing": np.isnan(magnetization.value),
        "no_magnetic_element": ~elements.any,
        "low_temperature_order": elements.any & ~elements.transition_metal,
        "order_prior": elements.any & (moments >= 0.5) & ~predicted,
        "ferrimagnetic_reduction": reducible & (insulating >= 0.5) & (moments >= 0.5),
        **earth_flags,
        **_stability_flags(table, settings),
        **supply_flags,
    }
    # null where nothing predicts it
    curie = [number_column(name, floats(table, name)) for name in CURIE_COLUMNS]
    columns = [*_magnetic_columns(polarization, order), *curie, uniaxial(table), *supply, flagged(table, flags)]
    return table.with_columns(columns)


def symmetry_matters(table: pl.DataFrame, settings: MagnetSettings) -> Mask:
    """Rows whose space group the ranking asks for, (B,): those that can be magnetic. Finding it costs milliseconds."""
    require_columns(table, ["cell_formula", "magnetization_muB_per_A3_hi"])
    magnetic = floats(table, "magnetization_muB_per_A3_hi") > settings.least_magnetization_muB_per_A3
    return MagneticElements.of(count_matrix(table["cell_formula"].to_list())).any & magnetic


def four_f_shift(
    counts: Floats, volume: Floats, magnetization: Floats, insulating: Floats, settings: MagnetSettings
) -> tuple[Floats, dict[str, Mask]]:
    """What the 4f shells add to the predicted magnetisation at 0 K, (B,), in µB/Å³, and the flags that say so.

    Only where a metallic host of Mn, Fe, Co or Ni has a moment that gives the shells their direction; in an insulator
    the 3d-4f exchange is too weak to align them at any useful temperature.
    """
    earths = rare_earth_table()
    with_4f = counts @ earths.magnetic > 0
    hosts = counts @ indicator(HOST_ELEMENTS)
    total = np.nan_to_num(magnetization * volume)
    needed = settings.host_moment_muB * hosts
    magnetic_host = (hosts > 0) & (insulating < 0.5) & (total >= needed)
    # A ferromagnetic total holds the f shell of Gd beside the host's moment. A smaller one is from a calculation that
    # found another order, and nothing can be said of it.
    unclear = magnetic_host & (total - valence_4f_muB(counts) < needed)
    applied = magnetic_host & ~unclear & with_4f
    shift = np.where(applied, four_f_change_muB(counts) / volume, 0.0)
    flags = {
        "rare_earth_moment_added": applied & (four_f_change_muB(counts) != 0),
        "rare_earth_moment_uncertain": magnetic_host & (unclear | (counts @ earths.uncertain > 0)),
        "rare_earth_moment_omitted": (counts @ earths.frozen > 0) & ~magnetic_host,
    }
    return shift, flags


def uniaxial(table: pl.DataFrame) -> pl.Series:
    """True for tetragonal, trigonal and hexagonal space groups (75 to 194), null where the group is not known.

    An ordered approximant has a lower symmetry than the crystal it stands for, so its group says nothing.
    """
    if "space_group_number" not in table.columns:
        return pl.Series("uniaxial", [None] * table.height, dtype=pl.Boolean)
    within = table["space_group_number"].is_between(75, 194)
    if "flags" in table.columns:
        approximant = table["flags"].fill_null("").str.split(";").list.contains("ordered_approximant")
        within = within.to_frame("w").select(pl.when(~approximant).then(pl.col("w"))).to_series()
    return within.alias("uniaxial")


def _polarization(
    magnetization: Distribution, gap: Distribution, shift: Floats, reducible: Mask, settings: MagnetSettings
) -> Floats:
    """Median, 10th and 90th percentile of µ0Ms in T, (3, B), given that there is a net moment."""
    of_magnetization, of_gap, of_fraction = common_scores(3, settings.n_samples, settings.seed)
    median, low, high = settings.ferrimagnetic_fraction
    share = Distribution(np.array([median]), np.array([low]), np.array([high]), 0.0, 1.0).at(of_fraction)

    def samples(rows: slice) -> Floats:
        moment = np.abs(magnetization.rows(rows).at(of_magnetization) + shift[rows, None])
        insulating = (gap.rows(rows).at(of_gap) > settings.insulator_gap_eV) & reducible[rows, None]
        return TESLA_PER_MUB_A3 * moment * np.where(insulating, share, 1.0)

    return propagate(len(shift), samples)


def _magnetic_columns(polarization: Floats, order: MagneticOrder) -> list[pl.Series]:
    columns = []
    # The energy product grows with the polarisation, so its percentiles are those of the polarisation transformed.
    for suffix, values in zip(("", "_lo", "_hi"), polarization, strict=True):
        columns.append(number_column(f"mu0_Ms_T{suffix}", values))
        columns.append(number_column(f"BHmax_kJ_per_m3{suffix}", BHMAX_KJ_M3_PER_T2 * values**2))
    return [
        *columns,
        order.label,
        number_column("magnetic_order_probability", order.probability),
        number_column("ferro_or_ferrimagnetic_probability", order.net),
    ]


def _stability_flags(table: pl.DataFrame, settings: MagnetSettings) -> dict[str, Mask]:
    hull = floats(table, "energy_above_hull_eV_per_atom")
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    return {"metastable": (hull > stable) & (hull <= metastable), "unstable": hull > metastable}
