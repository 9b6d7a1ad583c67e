"""Keys of `screening fit`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from screening.configuration.base import CommandConfig
from screening.configuration.fields import setting


@dataclass
class MeasuredDataConfig:
    """What the magnetism predictors learn from."""

    path: str | None = setting(None, help="folder of the store written by `screening import`", path=True)
    folder: str | None = setting(
        None,
        help="tables of measurements: curie/curie_literature.csv, curie/curie_experimental.csv, curie/nemad.csv, "
        "magndata/magndata.jsonl.gz, mp/site_magmoms.jsonl.gz and novamag/novamag.jsonl.gz in it",
        path=True,
    )


@dataclass
class FitConfig(CommandConfig):
    """Fit magnetic order, Curie temperature and anisotropy to tables of measurements; takes minutes on one core.

    Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
    which `screening rank magnetism=FOLDER` uses.

    Examples:
      screening fit data.path=stores/mp data.folder=downloads/tables output_dir=runs/magnetism
    """

    command: ClassVar[str] = "fit"
    module: ClassVar[str] = "fit"

    output_dir: str = setting(help="folder for the release, made if it is not there", path=True)
    name: str | None = setting(None, help="name of the release; null: that of output_dir")
    n_trees: int | None = setting(None, help="trees in every forest; null: 40 or 60, as was best", minimum=1)
    n_seeds: int = setting(3, help="fits with seeds from seed= on, to tell the spread; the first is kept", minimum=1)

    @property
    def settings(self) -> dict[str, Any]:
        """All keys, nested."""
        return asdict(self)

    data: MeasuredDataConfig = field(default_factory=MeasuredDataConfig)


@dataclass
class FitVoltageConfig(CommandConfig):
    """Fit voltages and volume changes to calculated electrodes; half an hour on one core, and goes on when killed.

    Writes weights.safetensors, config.json and MODEL_CARD.md (errors on chemical systems never seen) in output_dir,
    which `screening rank task=electrodes voltage=FOLDER` uses.

    Examples:
      screening fit_voltage electrodes=downloads/electrodes output_dir=runs/voltage
    """

    command: ClassVar[str] = "fit_voltage"
    module: ClassVar[str] = "fit_voltage"

    electrodes: str = setting(help="folder with electrodes.jsonl.gz: both crystals, voltage, capacity", path=True)
    output_dir: str = setting(help="folder for the release, made if it is not there", path=True)
    name: str | None = setting(None, help="name of the release; null: that of output_dir")
    potential: str = setting("chgnet", help="interatomic potential whose voltages are corrected")
    model: str = setting("screening-v3", help="property network that describes both ends: name or folder", path=True)
    n_trees: int | None = setting(None, help="trees in every forest; null: 40, as was best", minimum=1)
    n_seeds: int = setting(3, help="fits with seeds from seed= on, to tell the spread; the first is kept", minimum=1)
