"""Keys of `screening relax`."""

from __future__ import annotations

from typing import ClassVar, Self

from screening.configuration.base import CANDIDATES_HELP, ORDER_HELP, CommandConfig, potentials_in_words
from screening.errors import RequestError
from screening.settings import setting, settings_class


@settings_class
class RelaxConfig(CommandConfig):
    """Relax crystals, positions and cell, with an interatomic potential; many at once.

    Writes relaxed.extxyz, relaxed.parquet, relaxed.csv, rejected.csv and run.json in output_dir. The same command again
    goes on where it was stopped: finished crystals are kept in output_dir/progress.jsonl.

    Examples:
      screening relax candidates=my_cifs/ output_dir=runs/relaxed
      screening relax candidates=rows.jsonl.gz output_dir=runs/tight fmax_eV_per_A=0.02 max_steps=1000
      screening relax candidates=a.cif output_dir=runs/mace potential=ase:mace.calculators.MACECalculator:mace.model
    """

    command: ClassVar[str] = "relax"

    candidates: str = setting(help=CANDIDATES_HELP.replace("score", "relax"), path=True)
    output_dir: str = setting(help="folder for the results, made if it is not there", path=True)
    potential: str = setting(default="chgnet", help=lambda: f"interatomic potential: {potentials_in_words()}")
    fmax_eV_per_A: float = setting(
        default=0.1, help="converged when no force is larger, in eV/Å: on an atom or, per atom, on the cell", minimum=0
    )
    max_steps: int = setting(default=500, help="steps after which a relaxation is given up as not converged", minimum=1)
    relax_cell: bool = setting(default=True, help="relax the cell as well; false: only the positions in it")
    order: bool = setting(default=False, help=ORDER_HELP)
    workers: int | None = setting(default=None, help="processes that read crystals; null: as many as cores", minimum=0)
    max_atoms: int = setting(default=1000, help="refuse crystals with more atoms in the cell", minimum=1)
    batch_atoms: int | None = setting(
        default=None, help="atoms that are relaxed together; null: what is fastest with the potential", minimum=1
    )

    @property
    def goes_on(self) -> bool:
        return True

    def finish(self) -> Self:
        if self.fmax_eV_per_A == 0:
            raise RequestError("fmax_eV_per_A=0: expected a number above 0, such as 0.1")
        return self
