"""Making Pydantic models of values that were valid when they were written, without validating them once more."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

M = TypeVar("M", bound=BaseModel)


def model_maker(kind: type[M]) -> Callable[[Any], M]:
    """Return what makes a model of what it held: what ``model_construct`` does, with the defaults found out once."""
    template = kind.model_construct(set())
    fields = frozenset(kind.model_fields)
    required = {name for name, field in kind.model_fields.items() if field.is_required()}
    takes_extras = template.model_extra is not None
    assemble = fast_model_maker(kind)
    fresh: list[tuple[str, Callable[[], Any]]] = [
        (name, partial(deepcopy, value) if value else type(value))
        for name, value in _defaults(kind).items()
        if isinstance(value, list | dict | set)
    ]

    def make(held: Any) -> M:
        if type(held) is not dict or not required <= held.keys():
            raise ValueError(f"a {kind.__name__} has {', '.join(sorted(required))}")
        extras = {} if held.keys() <= fields else {name: held.pop(name) for name in held.keys() - fields}
        model = assemble(held, extras if takes_extras else None)
        values = vars(model)
        for name, default in fresh:
            if name not in held:
                values[name] = default()
        return model

    return make


def fast_model_maker(kind: type[M]) -> Callable[[dict[str, Any], dict[str, Any] | None], M]:
    """Return what makes a model of some of its fields and its extras; all other fields have their defaults.

    Args:
        kind: The model. It has no private attributes, and no default that is left can be changed in place.

    Raises:
        TypeError: If it has private attributes.
    """
    if kind.__private_attributes__:
        raise TypeError(f"{kind.__name__} has private attributes, which only its own methods can make")
    defaults = _defaults(kind)
    new, put = kind.__new__, object.__setattr__

    def make(held: dict[str, Any], extras: dict[str, Any] | None) -> M:
        model = new(kind)
        put(model, "__dict__", {**defaults, **held})
        put(model, "__pydantic_fields_set__", set(held))
        put(model, "__pydantic_extra__", extras)
        put(model, "__pydantic_private__", None)
        return model

    return make


def _defaults(kind: type[BaseModel]) -> dict[str, Any]:
    """Return the defaults in the order of the fields; of those that are required, which are always given, None."""
    values = kind.model_construct(set()).__dict__
    return {name: values.get(name) for name in kind.model_fields}
