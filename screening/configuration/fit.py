"""Keys of `screening fit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar, Self

from screening.configuration.base import CommandConfig
from screening.configuration.trees import MISSING
from screening.settings import setting, settings_class


def _predictors() -> list[str]:
    from screening.configuration.class_keys import fitted_predictors

    return fitted_predictors()


@settings_class
class FitConfig(CommandConfig):
    """Fit a predictor of a material class to your own data.

    Writes weights.safetensors, config.json and MODEL_CARD.md in output_dir, which PREDICTOR=FOLDER uses.

    Examples:
      screening fit {predictor} --help
    """

    command: ClassVar[str] = "fit"
    positional: ClassVar[str] = "predictor"
    extended_by: ClassVar[str] = "predictor"

    predictor: str = setting(help="what to fit; the name of the key may be left out", choices=_predictors)
    output_dir: str = setting(help="folder for the release, made if it is not there", path=True)
    name: str | None = setting(default=None, help="name of the release; null: that of output_dir")
    n_trees: int | None = setting(default=None, help="trees in every forest; null: as many as were best", minimum=1)
    n_seeds: int = setting(
        default=3, help="fits with the seeds from seed= on, which show the spread; the first is kept", minimum=1
    )

    @classmethod
    def extensions(cls) -> dict[str, str]:
        from screening.configuration.class_keys import fit_summaries

        return fit_summaries()

    @classmethod
    def extended(cls, tree: Mapping[str, Any]) -> type[Self]:
        if tree["predictor"] == MISSING:
            return cls
        from screening.configuration.class_keys import fit_schema

        return fit_schema(cls, tree["predictor"])

    @classmethod
    def unknown(cls, key: str, value: str, tree: Mapping[str, Any]) -> str | None:
        if tree["predictor"] != MISSING:
            return None
        return f"{key}={value}: name what to fit first, screening fit {'|'.join(_predictors())} {key}=..."

    @property
    def settings(self) -> dict[str, Any]:
        """All keys, nested."""
        return asdict(self)
