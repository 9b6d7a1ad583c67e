"""The keys that material classes and their predictors add to a command.

They are typed like any other key and stand at the top of the settings, but exist only where the class is chosen or the
predictor runs: each combination has a schema of its own, with more fields.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import field, fields, make_dataclass
from functools import cache
from typing import Any, TypeVar, cast, get_type_hints

from screening.errors import RequestError
from screening.materials.base import NoKeys
from screening.materials.registry import all_classes, material_class, predictor_kind, predictor_kinds
from screening.settings import setting

Schema = TypeVar("Schema")
Function = TypeVar("Function", bound=Callable[..., Any])
NewField = tuple[str, Any, Any]
"""Name, type and dataclass field."""


def _cached(function: Function) -> Function:
    """`functools.cache`, typed so that classes can be arguments."""
    return cast(Function, cache(function))


@_cached
def class_schema(schema: type[Schema], task: str, predictors: tuple[str, ...]) -> type[Schema]:
    """A schema with the keys of a material class, if one is named, and with one key for each predictor.

    Raises:
        RequestError: There is no such class or predictor, or two keys have the same name.
    """
    keys = material_class(task).keys if task else NoKeys
    kinds = [predictor_kind(name, "task.predictors") for name in predictors]
    releases = [(kind.name, str, setting(default=kind.default, help=kind.help, path=True)) for kind in kinds]
    return with_fields(
        schema,
        [*declared(keys), *releases],
        class_name=task,
        class_key_names=tuple(item.name for item in fields(keys)),
        predictor_names=predictors,
    )


@_cached
def fit_schema(schema: type[Schema], predictor: str) -> type[Schema]:
    """A schema with the keys that fitting a predictor takes, and with its help page.

    Raises:
        RequestError: There is no such predictor, it cannot be fitted, or two keys have the same name.
    """
    recipe = predictor_kind(predictor, "predictor").recipe
    if recipe is None:
        raise RequestError(f"predictor={predictor}: it cannot be fitted")
    return with_fields(schema, declared(recipe.keys), __doc__=inspect.cleandoc(recipe.summary))


def fitted_predictors() -> list[str]:
    """The predictors that can be fitted again."""
    return [name for name, kind in predictor_kinds().items() if kind.recipe_at]


def fit_summaries() -> dict[str, str]:
    """Those predictors with a sentence each."""
    recipes = [(name, kind.recipe) for name, kind in predictor_kinds().items()]
    return {name: inspect.cleandoc(recipe.summary).partition("\n")[0] for name, recipe in recipes if recipe}


def general_predictors() -> tuple[str, ...]:
    """The predictors that describe crystals of any class."""
    return tuple(name for name, kind in predictor_kinds().items() if kind.general)


def owners(key: str) -> list[str]:
    """The material classes that a key belongs to: it is one of their own, or names one of their predictors."""
    return [
        known.name
        for known in all_classes()
        if key in {item.name for item in fields(known.keys)} | {kind.name for kind in known.predictors}
    ]


def with_fields(schema: type[Schema], added: Sequence[NewField], **attributes: Any) -> type[Schema]:
    """A subclass of a schema with more fields and class attributes.

    Raises:
        RequestError: Two fields have the same name.
    """
    taken = {item.name for item in fields(schema)}  # type: ignore[arg-type]
    for name, _, _ in added:
        if name in taken:
            command = getattr(schema, "command", schema.__name__)
            raise RequestError(f"screening {command}: there are two keys named {name}; a plug-in declares one")
        taken.add(name)
    namespace = {"__doc__": schema.__doc__, "__module__": schema.__module__, **attributes}
    return make_dataclass(schema.__name__, added, bases=(schema,), namespace=namespace, frozen=True, kw_only=True)


def declared(keys: type) -> list[NewField]:
    """The fields of a settings class, ready to be added to another one."""
    hints = get_type_hints(keys, include_extras=True)
    return [(item.name, hints[item.name], _copied(item)) for item in fields(keys)]


def _copied(item: Any) -> Any:
    return field(default=item.default, default_factory=item.default_factory, metadata=item.metadata)
