"""Which embedding model made a vector, as far as the model tells: vectors of two models cannot be compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

_PLAIN = (str, int, float, bool, type(None))
# Attributes that decide which vectors a model makes, by the names that embedding classes have for them.
_TELLING = re.compile(
    r"model|deployment|dimension|(^|_)dims?$|repo|revision|task|instruct|prompt|normali[sz]e|truncat|pooling|precision"
    r"|encode_kwargs|endpoint|base_url|api_base|prefix|language"
)
_SECRET = re.compile(r"key|token$|secret|password|header")
_METHODS = ("embed_query", "get_query_embedding")
_DEPTH = 5


def describe_embedding_model(model: object, depth: int = 0) -> list[Any]:
    """Return what an embedding model tells of itself: its class, and the names and settings that decide its vectors.

    A model that wraps another one is told with it. Where a class has no such attributes, it is told by its class alone.
    """
    kind = type(model)
    told: dict[str, Any] = {}
    if depth < _DEPTH:
        private = getattr(model, "__pydantic_private__", None) or {}
        for name, value in {**getattr(model, "__dict__", {}), **private}.items():
            if _is_embedding_model(value):
                told[name] = describe_embedding_model(value, depth + 1)
            elif _TELLING.search(name.lower()) and not _SECRET.search(name.lower()) and _is_plain(value):
                told[name] = value if isinstance(value, _PLAIN) else repr(value)
    return [f"{kind.__module__}.{kind.__qualname__}", dict(sorted(told.items()))]


_NAMES = ("model", "model_name", "model_id", "repo_id")


def model_name(model: object, depth: int = 0) -> str | None:
    """Return the name that an embedding model has for itself, or the one that it wraps; None if they say none.

    Paths and addresses are no names: the same model has others elsewhere.
    """
    told = {**getattr(model, "__dict__", {}), **(getattr(model, "__pydantic_private__", None) or {})}
    for name in _NAMES:
        value = told.get(name)
        if isinstance(value, str) and value not in ("", "unknown") and not _PLACE.search(value):
            return value
    wrapped = [value for value in told.values() if _is_embedding_model(value)] if depth < _DEPTH else []
    return next((said for each in wrapped if (said := model_name(each, depth + 1)) is not None), None)


_PLACE = re.compile(r"^[/~.]|\\|://")


def _is_embedding_model(value: object) -> bool:
    return any(callable(getattr(type(value), method, None)) for method in _METHODS)


def _is_plain(value: Any) -> bool:
    """Tell whether a value reads the same in every process."""
    match value:
        case Mapping():
            return all(_is_plain(name) and _is_plain(item) for name, item in value.items())
        case list() | tuple():
            return all(map(_is_plain, value))
        case _:
            return isinstance(value, (*_PLAIN, Enum, PurePath))
