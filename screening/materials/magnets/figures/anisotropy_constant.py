"""The anisotropy constants at the working temperature, and the magnetic hardness.

E = K1 sin²θ + K2 sin⁴θ + ..., where θ is the angle to the axis of a uniaxial crystal. K1 is the sum of two parts:
the single-ion anisotropy of the 4f shells in the crystal field, and the anisotropy of the 3d host. Each part is sampled
with its sign, and decreases with the third power of the magnetization of its sublattice (Callen and Callen, J. Phys.
Chem. Solids 27, 1271 (1966)). In families of hosts the 3d part depends on temperature as was measured, and where the
fields at the rare earths are known (`crystal_fields`) the 4f part is that of the ions in them (`single_ion`), which has
higher constants as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtr

from screening.array_types import Floats, Mask
from screening.chemistry.constants import MJ_PER_M3_OF_K_PER_A3, MU0_T2_PER_MJ_M3
from screening.chemistry.elements import ATOMIC_NUMBERS
from screening.materials.arrays import floats
from screening.materials.magnets.anisotropy.host_families import family_anisotropy
from screening.materials.magnets.figures.crystal_fields import CrystalField, family_names, field_weights
from screening.materials.magnets.figures.polarization import Moments, Polarization, cobalt_share, with_earth
from screening.materials.magnets.figures.rare_earths import four_f_anisotropy_ratio
from screening.materials.magnets.figures.single_ion import ORDERS, constants_K, ions
from screening.materials.magnets.figures.temperature import host_ratio, reduced_temperature
from screening.materials.sampling import Distribution

_ANGLES = np.linspace(0.0, np.pi / 2, 31)
SCORES = ("host K1", "host sign", "four f K1")
"""The quantities that `anisotropy_constant` samples, in the order of its scores."""


@dataclass(frozen=True)
class AnisotropyFigures:
    """The predicted anisotropy of B crystals; K1 in MJ/m³, NaN where it is unknown.

    Attributes:
        uniaxial: 1 or 0, NaN where the symmetry is unknown, (B,).
        cubic: (B,).
        host: Size of the 3d part at `host_temperature_K`.
        host_temperature_K: (B,).
        host_axial: P(the 3d part favours the axis), (B,).
        four_f: 4f part at 0 K; positive values favour the axis.
        method: Sources of both parts in words, or None, (B,).
        family: Name of the family that the 3d part is that of, or None, (B,).
    """

    uniaxial: Floats
    cubic: Mask
    host: Distribution
    host_temperature_K: Floats
    host_axial: Floats
    four_f: Distribution
    method: list[str | None]
    family: list[str | None]

    def rows(self, rows: slice | NDArray[np.int64]) -> AnisotropyFigures:
        """A part of the rows."""
        return AnisotropyFigures(
            self.uniaxial[rows],
            self.cubic[rows],
            self.host.rows(rows),
            self.host_temperature_K[rows],
            self.host_axial[rows],
            self.four_f.rows(rows),
            _some(self.method, rows),
            _some(self.family, rows),
        )

    @property
    def known(self) -> Mask:
        """Rows with at least one part of K1, (B,)."""
        return np.isfinite(self.host.value) | np.isfinite(self.four_f.value)


def _some(texts: list[str | None], rows: slice | NDArray[np.int64]) -> list[str | None]:
    return texts[rows] if isinstance(rows, slice) else [texts[row] for row in rows.tolist()]


def find_anisotropy(table: pl.DataFrame) -> AnisotropyFigures:
    """The anisotropy in a prediction table; missing columns count as unknown."""
    host = Distribution.from_table(table, "host_K1_magnitude_MJ_per_m3", lower=0.0)
    four_f = Distribution.from_table(table, "four_f_K1_MJ_per_m3")
    names = table["host_K1_method"].to_list() if "host_K1_method" in table.columns else [None] * table.height
    has_4f = np.isfinite(four_f.value).tolist()
    parts = [["4f: crystal field"] * f + [f"3d: {name}"] * bool(name) for name, f in zip(names, has_4f, strict=True)]
    uniaxial, cubic = symmetry(table)
    return AnisotropyFigures(
        uniaxial=uniaxial,
        cubic=cubic,
        host=host,
        host_temperature_K=np.nan_to_num(floats(table, "host_K1_temperature_K")),
        host_axial=floats(table, "host_axial_probability"),
        four_f=four_f,
        method=["; ".join(part) or None for part in parts],
        family=family_names(table),
    )


def symmetry(table: pl.DataFrame) -> tuple[Floats, Mask]:
    """Whether crystals are uniaxial, (B,), NaN where unknown, and whether they are cubic, (B,).

    Tetragonal, trigonal and hexagonal space groups (75 to 194) are uniaxial. An ordered approximant has a lower
    symmetry than its crystal, and a member of a known family may lose symmetry in a relaxation; for these only space
    groups from 75 on count. Where the space group does not decide, the surroundings of the atoms do (`axis_symmetry`).
    """
    group = floats(table, "space_group_number")
    flags = table["flags"].fill_null("") if "flags" in table.columns else pl.Series([""] * table.height)
    approximant = flags.str.split(";").list.contains("ordered_approximant").to_numpy()
    labels = table["axis_symmetry"].to_list() if "axis_symmetry" in table.columns else [None] * table.height
    around = np.array([{"uniaxial": 1.0, "cubic": 0.0, "lower": 0.0}.get(label or "", np.nan) for label in labels])
    around = np.where(approximant & (around == 0), np.nan, around)
    method = table["host_K1_method"].to_list() if "host_K1_method" in table.columns else [None] * table.height
    family = np.array([(text or "").startswith("family") for text in method], dtype=bool) & (around == 1)
    known = np.isfinite(group) & ~((approximant | family) & (group < 75))
    uniaxial = np.where(known, (group >= 75) & (group <= 194), around)
    cubic = np.where(known, group >= 195, np.array([label == "cubic" for label in labels], dtype=bool))
    return uniaxial, cubic.astype(bool)


@dataclass(frozen=True)
class Constants:
    """Samples of the anisotropy constants of B crystals in MJ/m³, the terms of a series.

    At low temperatures the terms are large and cancel each other; `fitted` are those that a measurement gives.

    Attributes:
        K1: (B, S); NaN where it is unknown or the crystal is known not to be uniaxial.
        higher: K2 and the following, (n, B, S); 0 but for rare earths in known fields.
    """

    K1: Floats
    higher: Floats

    @property
    def fitted(self) -> Floats:
        """K1 and K2 that alone describe the energy best over all angles, (2, B, S)."""
        powers = np.sin(_ANGLES)[:, None] ** (2 * np.arange(1, len(self.higher) + 2))
        combine = np.linalg.lstsq(powers[:, :2], powers, rcond=None)[0]
        return np.einsum("ij,jbs->ibs", combine, np.concatenate([self.K1[None], self.higher]))


def anisotropy_constants(
    found: AnisotropyFigures, moments: Moments, polarization: Polarization, scores: Floats
) -> Constants:
    """Sample the anisotropy constants.

    Args:
        found: The predicted anisotropy of B crystals.
        moments: Their moments.
        polarization: Samples of their polarization, (B, S).
        scores: Standard-normal scores, (3, S), one row for each of `SCORES`.
    """
    of_host, of_sign, of_four_f = scores
    sign = np.where(ndtr(of_sign) < found.host_axial[:, None], 1.0, -1.0)
    host = sign * found.host.at(of_host) * _fall(found, moments, polarization.host)
    for name in {name for name in found.family if name}:
        rows = np.flatnonzero([own == name for own in found.family])
        host[rows] += _departure(name, rows, found, moments, polarization)
    counts = moments.counts * moments.aligned[:, None]
    shells = found.four_f.at(of_four_f) * four_f_anisotropy_ratio(counts, polarization.temperature_K, polarization.host)
    parts = np.zeros((ORDERS, *host.shape))
    parts[0] = np.nan_to_num(shells)
    for row, fields in enumerate(field_weights(found.family, moments.counts)):
        if fields:
            parts[:, row] = _in_known_fields(fields, counts[row], row, moments, polarization, of_four_f)
    possible = found.known & (np.nan_to_num(found.uniaxial, nan=1.0) > 0)
    parts[0] += np.nan_to_num(host)
    return Constants(np.where(possible[:, None], parts[0], np.nan), parts[1:])


def _in_known_fields(
    fields: Sequence[tuple[float, CrystalField]],
    counts: Floats,
    row: int,
    moments: Moments,
    polarization: Polarization,
    scores: Floats,
) -> Floats:
    """K1 and following of the 4f shells of one crystal in MJ/m³, (ORDERS, S); counts: of ions that the host aligns."""
    total = np.zeros((ORDERS, len(scores)))
    temperature, ratio = float(polarization.temperature_K[row, 0]), polarization.host[row]
    for symbol in ions():
        amount = counts[ATOMIC_NUMBERS[symbol]]
        if amount == 0:
            continue
        for weight, field in fields:
            size = weight * amount * (1 + field.relative_spread * scores)
            total += size * constants_K(symbol, field, temperature, ratio)
    return total * MJ_PER_M3_OF_K_PER_A3 / moments.volume_A3[row]


def _fall(found: AnisotropyFigures, moments: Moments, now: Floats) -> Floats:
    """The 3d part at the working temperature over the 3d part at `host_temperature_K`, by the third power, (B, S)."""
    reference = _median_host_ratio(moments)(found.host_temperature_K[:, None])
    # a value measured close to the Curie temperature says little about lower temperatures
    return np.asarray((now / np.maximum(reference, 0.3)) ** 3)


def _median_host_ratio(moments: Moments) -> Callable[[Floats], Floats]:
    """Gives the magnetization (B, 1) of the hosts at temperatures (B, 1) over that at 0 K, by their median Tc."""
    share, beside = cobalt_share(moments.counts)[:, None], with_earth(moments.counts)[:, None]

    def ratio(temperature_K: Floats) -> Floats:
        reduced = np.nan_to_num(reduced_temperature(temperature_K, moments.curie_K.value[:, None]))
        return host_ratio(reduced, share, beside)

    return ratio


def _departure(
    name: str, rows: NDArray[np.int64], found: AnisotropyFigures, moments: Moments, polarization: Polarization
) -> Floats:
    """By how much K1 of members of a family is above the law of the third power, as was measured, (R, S)."""
    own, now, ratio = moments.rows(rows), polarization.host[rows], _median_host_ratio(moments.rows(rows))
    reference = found.host_temperature_K[rows, None]
    there = family_anisotropy(name, own.counts, reference, ratio(reference), ratio)
    here = family_anisotropy(name, own.counts, polarization.temperature_K[rows], now, ratio)
    return np.asarray(here - there * _fall(found.rows(rows), own, now))


def hardness(K1_MJ_per_m3: Floats, mu0_Ms_T: Floats) -> Floats:
    """κ = √(µ0 K1) / µ0Ms (Skomski and Coey, Scripta Mater. 112, 3 (2016)); NaN unless K1 > 0 and µ0Ms > 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = np.sqrt(MU0_T2_PER_MJ_M3 * K1_MJ_per_m3) / mu0_Ms_T
    return np.where((K1_MJ_per_m3 > 0) & (mu0_Ms_T > 0), kappa, np.nan)


def anisotropy_field_T(K1_MJ_per_m3: Floats, mu0_Ms_T: Floats) -> Floats:
    """µ0Ha = 2 µ0 K1 / µ0Ms in T; NaN unless K1 > 0 and µ0Ms > 0. Coercivities reach 20 to 40 % of it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        field = 2 * MU0_T2_PER_MJ_M3 * K1_MJ_per_m3 / mu0_Ms_T
    return np.where((K1_MJ_per_m3 > 0) & (mu0_Ms_T > 0), field, np.nan)
