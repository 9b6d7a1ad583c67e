"""The material classes, found through entry points, and their predictors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from screening import plugins
from screening.errors import RequestError
from screening.materials.base import MaterialClass, PredictorKind
from screening.materials.flags import FLAGS
from screening.settings import nearest


def class_names() -> list[str]:
    """Names of all material classes, in alphabetical order; none of them is imported."""
    return plugins.names(plugins.MATERIALS)


@cache
def material_class(name: str) -> MaterialClass:
    """The class of a task.

    Raises:
        RequestError: No class has this name.
    """
    loaded = plugins.load(plugins.MATERIALS, name, "task")()
    if not isinstance(loaded, MaterialClass) or loaded.name != name:
        raise RequestError(f"task={name}: {type(loaded).__name__} is not a MaterialClass named {name!r}")
    return loaded


def all_classes() -> Iterator[MaterialClass]:
    """Every material class that can be loaded."""
    return map(material_class, plugins.loaded(plugins.MATERIALS))


@cache
def predictor_kinds() -> dict[str, PredictorKind]:
    """Kinds of predictors by name.

    Raises:
        RequestError: Two classes provide a predictor of the same name.
    """
    kinds: dict[str, PredictorKind] = {}
    for owner in all_classes():
        for kind in owner.predictors:
            if kind.name in kinds:
                raise RequestError(f"task={owner.name}: another class already provides a predictor {kind.name!r}")
            kinds[kind.name] = kind
    return kinds


def predictor_kind(name: str, key: str) -> PredictorKind:
    """The kind of predictor that a setting names.

    Args:
        name: Of the predictor.
        key: The setting, for the message.

    Raises:
        RequestError: No class provides such a predictor.
    """
    kinds = predictor_kinds()
    if name not in kinds:
        raise RequestError(f"{key}={name}: there is no such predictor{nearest(name, list(kinds))}")
    return kinds[name]


@cache
def flag_meanings() -> dict[str, str]:
    """Flag -> its meaning in one English sentence, for all classes."""
    return dict(item for flags in (FLAGS, *(known.flags for known in all_classes())) for item in flags.items())


def shown_crystals() -> list[str]:
    """Names of the further crystals that finalists of any class may have."""
    return list(dict.fromkeys(name for known in all_classes() for name in known.shown_crystals))


@cache
def remark_meanings() -> dict[str, str]:
    """Remark of a closer look -> its meaning, for all classes."""
    return dict(item for known in all_classes() for item in known.remarks.items())
