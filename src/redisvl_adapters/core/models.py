"""Makes Pydantic models of values that were valid when they were written, without checking them once more."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def maker(kind: type[M]) -> Callable[[Any], M]:
    """Return what makes a model of what it held: what ``model_construct`` does, with the defaults found out once."""
    template = kind.model_construct(set())
    # In the order of the fields; those that are required are always given.
    defaults = {name: template.__dict__.get(name) for name in kind.model_fields}
    fields = frozenset(kind.model_fields)
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    fresh: list[tuple[str, Callable[[], Any]]] = [
        (name, partial(deepcopy, value) if value else type(value))
        for name, value in defaults.items()
        if isinstance(value, list | dict | set)
    ]
    takes_extras = template.model_extra is not None
    new, put = kind.__new__, object.__setattr__

    def make(held: Any) -> M:
        if type(held) is not dict or not required <= held.keys():
            raise ValueError(f"a {kind.__name__} has {', '.join(sorted(required))}")
        extras = {} if held.keys() <= fields else {name: held.pop(name) for name in held.keys() - fields}
        values = {**defaults, **held}
        for name, default in fresh:
            if name not in held:
                values[name] = default()
        model = new(kind)
        put(model, "__dict__", values)
        put(model, "__pydantic_fields_set__", set(held))
        put(model, "__pydantic_extra__", extras if takes_extras else None)
        put(model, "__pydantic_private__", None)
        return model

    return make


def quick_maker(kind: type[M]) -> Callable[..., M]:
    """Return what makes a model of some of its fields, given by their names; all others have their defaults.

    Args:
        kind: The model. It has no extras, and no default that is left can be changed in place.
    """
    template = kind.model_construct(set()).__dict__
    defaults = {name: template.get(name) for name in kind.model_fields}
    new, put = kind.__new__, object.__setattr__

    def make(**held: Any) -> M:
        model = new(kind)
        put(model, "__dict__", {**defaults, **held})
        put(model, "__pydantic_fields_set__", set(held))
        put(model, "__pydantic_extra__", None)
        put(model, "__pydantic_private__", None)
        return model

    return make
