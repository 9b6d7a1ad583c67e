"""The keys a user can set: their schemas, how a request becomes typed settings, and the help pages.

`load_config` composes with Hydra and is looked up on first use: the help of the whole program does without Hydra.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from screening.configuration.saving import as_dict, as_yaml, save_config

if TYPE_CHECKING:
    from screening.configuration.composing import load_config

__all__ = ["as_dict", "as_yaml", "load_config", "save_config"]


def __getattr__(name: str) -> Any:
    if name != "load_config":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from screening.configuration import composing

    return composing.load_config
