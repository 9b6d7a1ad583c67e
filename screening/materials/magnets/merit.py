"""Figures of merit of permanent magnets: polarization and anisotropy at the working temperature, and supply.

Predictions enter as distributions: one set of samples runs through moments, order, Curie temperature and anisotropy,
and each result is a median with an 80 % interval. If a net moment is most probable, the figures assume it;
`ferro_or_ferrimagnetic_probability` gives its probability. `hardness_kappa` and `anisotropy_field_T` assume an easy
axis; `axial_probability` gives its probability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, fields, replace
from typing import Any

import numpy as np
import polars as pl

from screening.array_types import Floats, Mask
from screening.chemistry.compositions import count_matrix
from screening.errors import RequestError
from screening.materials.arrays import (
    flagged,
    floats,
    interval_columns,
    names_with_interval,
    number_column,
    require_columns,
)
from screening.materials.magnets.figures import anisotropy_constant as anisotropy
from screening.materials.magnets.figures import grains, polarization
from screening.materials.magnets.figures.anisotropy_constant import AnisotropyFigures, find_anisotropy
from screening.materials.magnets.figures.easy_directions import (
    AXIS,
    CONE,
    EasyDirections,
    easy_directions,
    easy_labels,
)
from screening.materials.magnets.figures.magnetic_order import (
    MagneticElements,
    MagneticOrder,
    order_prior,
    predicted_order,
)
from screening.materials.magnets.figures.polarization import Moments, find_moments
from screening.materials.magnets.reasons import magnet_reasons
from screening.materials.sampling import Distribution, common_scores, propagate
from screening.materials.supply import SupplySettings, supply_columns
from screening.settings import settings_class

BHMAX_KJ_M3_PER_T2 = 198.94
"""1 / 4µ0 in kJ/m³ per T²: the largest energy product of a magnet with a polarization of 1 T (Skomski and Coey, Scripta
Mater. 112, 3 (2016)); reaching it takes a coercivity above half the magnetization."""

_OF_AN_EASY_AXIS = (
    "hardness_kappa",
    "anisotropy_field_T",
    "coercivity_ideal_kA_per_m",
    "coercivity_attainable_kA_per_m",
    "BHmax_attainable_kJ_per_m3",
)
"""Figures without a meaning where the axis is not easy."""
_DIRECTIONS = tuple(each.name for each in fields(EasyDirections))


@settings_class
class MagnetSettings:
    """Settings of `evaluate`.

    Attributes:
        temperature_K: The working temperature, for polarization and anisotropy.
        supply: Prices and origin of the elements.
        ferrimagnetic_fraction: Median, 10th and 90th percentile of the net moment over the sum of moments in
            ferrimagnets of 3d moments. Néel's collinear models give 0.17 (NiFe2O4), 0.20 (Y3Fe5O12), 0.23 (CoFe2O4),
            0.29 (Fe3O4) and 0.33 (M-type ferrites, MnFe2O4).
        insulator_gap_eV: Crystals with a larger predicted gap are insulators.
        least_magnetization_muB_per_A3: Smaller values are noise.
        host_moment_muB: Least moment per Mn, Fe, Co or Ni atom of a host that aligns 4f moments.
        magnetization_model_error: Difference between calculated and measured moments of hosts, as the relative
            half-width of its 80 % interval; it widens the predicted interval. Calculations lack orbital moments of 0.05
            to 0.15 µB per Fe or Co atom.
        stable_below_eV_per_atom: Limit of the energy above the hull for stable crystals.
        metastable_below_eV_per_atom: The same for metastable crystals.
        n_samples: Samples of each distribution.
        seed: Of the samples.
    """

    temperature_K: float = 300.0
    supply: SupplySettings = field(default_factory=SupplySettings)
    ferrimagnetic_fraction: tuple[float, float, float] = (0.25, 0.17, 0.33)
    insulator_gap_eV: float = 0.1
    least_magnetization_muB_per_A3: float = 0.01
    host_moment_muB: float = 0.3
    magnetization_model_error: float = 0.08
    stable_below_eV_per_atom: float = 0.05
    metastable_below_eV_per_atom: float = 0.1
    n_samples: int = 255
    seed: int = 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.temperature_K) and self.temperature_K >= 0):
            raise RequestError(f"temperature_K={self.temperature_K}: expected a temperature in K, at least 0")
        median, low, high = self.ferrimagnetic_fraction
        if not 0 <= low <= median <= high <= 1:
            raise RequestError("task.merit.ferrimagnetic_fraction: expected [median, low, high] between 0 and 1")
        if self.n_samples < 9:
            raise RequestError(f"task.merit.n_samples: expected at least 9, got {self.n_samples}")


def evaluate(table: pl.DataFrame, settings: MagnetSettings) -> pl.DataFrame:
    """The prediction table with polarization, anisotropy, figures of merit, order, supply and flags.

    Raises:
        RequestError: A column is missing.
    """
    require_columns(table, ["cell_formula", "volume_A3", "magnetization_muB_per_A3", "energy_above_hull_eV_per_atom"])
    counts = count_matrix(table["cell_formula"].to_list())
    elements = MagneticElements.of(counts)
    magnetization = Distribution.from_table(table, "magnetization_muB_per_A3", lower=0.0)
    insulating = _insulating(table, elements, settings)
    present = magnetization.probability_above(settings.least_magnetization_muB_per_A3)
    order, predicted = predicted_order(table, order_prior(elements, present, insulating))
    share, least = settings.ferrimagnetic_fraction, settings.host_moment_muB
    moments, earth_flags = find_moments(table, counts, elements, order, insulating, share, least)
    moments = replace(moments, host=moments.host.widened(settings.magnetization_model_error))
    found = find_anisotropy(table)
    figures = _figures(moments, found, settings)
    directions = EasyDirections(*(figures.pop(name) for name in _DIRECTIONS))
    easy, sure = easy_labels(found, directions)
    magnet = (np.array(easy) == AXIS) & (figures["mu0_Ms_T"][0] > 0)
    figures["hardness_kappa_if_axial"] = figures["hardness_kappa"]
    for name in _OF_AN_EASY_AXIS:
        figures[name] = np.where(magnet, figures[name], np.nan)
    no_estimate = magnet & (figures["coercivity_attainable_kA_per_m"][0] <= 0)
    for name in ("coercivity_attainable_kA_per_m", "BHmax_attainable_kJ_per_m3"):
        figures[name] = np.where(no_estimate, np.nan, figures[name])
    # samples without K1 do not count in the one and do in the other
    bound, attainable = figures["BHmax_kJ_per_m3"], figures["BHmax_attainable_kJ_per_m3"]
    figures["BHmax_attainable_kJ_per_m3"] = np.minimum(attainable, bound)
    supply, supply_flags = supply_columns(counts, settings.supply)
    curie = floats(table, "curie_temperature_K")
    flags = {
        "prediction_missing": np.isnan(moments.host.value),
        "no_magnetic_element": ~elements.any,
        "low_temperature_order": elements.any & ~elements.transition_metal,
        "order_prior": elements.any & (present >= 0.5) & ~predicted,
        "ferrimagnetic_reduction": (moments.opposed >= 0.5) & moments.net_likely & (present >= 0.5),
        "above_curie_temperature": elements.any & (curie <= settings.temperature_K),
        "curie_temperature_unknown": elements.any & np.isnan(curie) & (settings.temperature_K > 0),
        "coercivity_not_estimated": no_estimate,
        **earth_flags,
        **_stability_flags(table, settings),
        **supply_flags,
    }
    columns = [
        *(column for name, percentiles in figures.items() for column in interval_columns(name, percentiles.T)),
        *_order_columns(order),
        *_axis_columns(found, directions, easy, sure),
        # null where nothing predicts it
        *(number_column(name, floats(table, name)) for name in names_with_interval("curie_temperature_K")),
        *supply,
        flagged(table, flags),
    ]
    return _per_cost(table.with_columns(columns))


def symmetry_matters(table: pl.DataFrame, settings: MagnetSettings) -> Mask:
    """Rows whose space group the ranking needs, (B,): those that can be magnetic. Each takes milliseconds to find."""
    require_columns(table, ["cell_formula", "magnetization_muB_per_A3_hi"])
    most = np.fmax(floats(table, "magnetization_muB_per_A3_hi"), floats(table, "host_magnetization_muB_per_A3_hi"))
    magnetic = most > settings.least_magnetization_muB_per_A3
    return MagneticElements.of(count_matrix(table["cell_formula"].to_list())).any & magnetic


def explain(ranked: pl.DataFrame, gates: Mapping[str, Mapping[str, Any]]) -> pl.Series:
    """The column `why` of a ranked table.

    Args:
        ranked: The ranked table.
        gates: The gates of the ranking, as in the task's config.
    """
    thresholds = {name: gate.get("at_least", gate.get("at_most")) for name, gate in gates.items()}
    wanted = {name: float(value) for name, value in thresholds.items() if value is not None}
    return magnet_reasons(ranked, {name: str(gate["column"]) for name, gate in gates.items()}, wanted)


def _figures(moments: Moments, found: AnisotropyFigures, settings: MagnetSettings) -> dict[str, Floats]:
    """Median, 10th and 90th percentile, (3, B), of each figure of merit, and `_DIRECTIONS`, (B,) each."""
    n_first, n_second = len(polarization.SCORES), len(anisotropy.SCORES)
    scores = common_scores(n_first + n_second + len(grains.SCORES), settings.n_samples, settings.seed)
    of_first, of_second, of_third = np.split(scores, [n_first, n_first + n_second])

    def samples(rows: slice) -> dict[str, Floats]:
        of_rows, axis = moments.rows(rows), found.rows(rows)
        sampled = polarization.polarization(of_rows, settings.temperature_K, of_first)
        constants = anisotropy.anisotropy_constants(axis, of_rows, sampled, of_second)
        (K1, K2), easy = constants.fitted, easy_directions(axis, constants)
        return {
            "mu0_Ms_T": sampled.mu0_Ms_T,
            "BHmax_kJ_per_m3": BHMAX_KJ_M3_PER_T2 * sampled.mu0_Ms_T**2,
            "K1_MJ_per_m3": K1,
            "K2_MJ_per_m3": np.where(K2 == 0, np.nan, K2),
            "hardness_kappa": anisotropy.hardness(K1, sampled.mu0_Ms_T),
            "anisotropy_field_T": anisotropy.anisotropy_field_T(K1, sampled.mu0_Ms_T),
            **{name: getattr(easy, name) for name in _DIRECTIONS},
            **grains.grain_figures(sampled.mu0_Ms_T, K1, sampled.host, of_rows.curie_K.value, of_third),
        }

    return propagate(len(moments.counts), samples)


def _insulating(table: pl.DataFrame, elements: MagneticElements, settings: MagnetSettings) -> Floats:
    """P(the crystal is an insulator), (B,); 0 without anions."""
    gap = Distribution.from_table(table, "band_gap_eV", lower=0.0)
    open_gap = np.nan_to_num(gap.probability_above(settings.insulator_gap_eV), nan=0.0)
    return np.where(elements.anionic, open_gap, 0.0)


def _order_columns(order: MagneticOrder) -> list[pl.Series]:
    return [
        order.label,
        number_column("magnetic_order_probability", order.probability),
        number_column("ferro_or_ferrimagnetic_probability", order.net),
    ]


def _axis_columns(
    found: AnisotropyFigures, directions: EasyDirections, easy: list[str], sure: Floats
) -> list[pl.Series]:
    uniaxial = [None if np.isnan(value) else bool(value) for value in found.uniaxial]
    method = [name if uniaxial != 0 else None for name, uniaxial in zip(found.method, found.uniaxial, strict=True)]
    return [
        pl.Series("uniaxial", uniaxial, dtype=pl.Boolean),
        pl.Series("easy_axis", easy, dtype=pl.String),
        number_column("easy_axis_probability", sure),
        number_column("axial_probability", directions.axis),
        number_column("cone_probability", directions.cone),
        number_column("easy_cone_angle_deg", np.where(np.array(easy) == CONE, directions.cone_angle_deg, np.nan)),
        pl.Series("K1_method", method, dtype=pl.String),
    ]


def _per_cost(table: pl.DataFrame) -> pl.DataFrame:
    """The table with the energy product per dollar, (BH)max over density and price, in J/USD."""
    if "density_g_per_cm3" not in table.columns:
        return table
    price = pl.when(pl.col("price_USD_per_kg") > 0).then(pl.col("price_USD_per_kg"))  # null for a price of zero
    per_J = 1.0 / (pl.col("density_g_per_cm3") * price)
    names = {f"BHmax_kJ_per_m3{end}": f"BHmax_per_cost_J_per_USD{end}" for end in ("", "_lo", "_hi")}
    return table.with_columns((pl.col(old) * per_J).alias(new) for old, new in names.items())


def _stability_flags(table: pl.DataFrame, settings: MagnetSettings) -> dict[str, Mask]:
    hull = floats(table, "energy_above_hull_eV_per_atom")
    stable, metastable = settings.stable_below_eV_per_atom, settings.metastable_below_eV_per_atom
    return {"metastable": (hull > stable) & (hull <= metastable), "unstable": hull > metastable}
