"""From the Mongo-style dict that LangChain users and language models write to the filter algebra.

``{"year": {"$gte": 2020, "$lt": 2024}, "$or": [{"source": "docs"}, {"tags": {"$in": ["a", "b"]}}]}``: the entries of
one dict are joined by AND, and a plain value means ``$eq``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from redisvl.query.filter import FilterExpression

from redisvl_adapters.core.filters.algebra import MAX_DEPTH, And, Compare, Filter, Not, Operator, Or, as_filter
from redisvl_adapters.errors import FilterError, did_you_mean

FilterLike: TypeAlias = Mapping[str, Any] | Filter | FilterExpression
"""A filter in any spelling: a Mongo-style dict, this library's own, or RedisVL's."""

_COMPARISONS: Mapping[str, Operator] = {f"${operator}": operator for operator in Operator}
_LOGIC = {"$and": And, "$or": Or, "$not": Not}


def read_mongo_filter(given: FilterLike) -> Filter:
    """Return the filter that a spelling stands for; the empty dict matches everything.

    Raises:
        FilterError: If it is none, with the path to the culprit inside the filter.
    """
    return _read(given, "filter", 0)


def _read(given: FilterLike, path: str, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    if not isinstance(given, Mapping):
        try:
            return as_filter(given)
        except FilterError:
            raise FilterError(
                f'{path}: a filter was expected here: a dict such as {{"year": {{"$gte": 2020}}, "source": "wiki"}}, '
                "a RedisVL filter expression or a Filter of redisvl_adapters.core; "
                f"not {type(given).__name__} {given!r:.80}"
            ) from None
    parts = [_entry(key, value, path, depth + 1) for key, value in given.items()]
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _entry(key: str, value: Any, path: str, depth: int) -> Filter:
    if not isinstance(key, str):
        raise FilterError(f"{path}: the keys of a filter are strings; not {key!r:.80}")
    path = f"{path}.{key}"
    if key in _LOGIC:
        return _LOGIC[key](tuple(_children(key, value, path, depth)))
    if key in _COMPARISONS:
        raise FilterError(f'{path}: {key} compares the value of a key; write {{"key": {{"{key}": ...}}}}')
    if key.startswith("$"):
        raise FilterError(_unknown(key, path))
    if isinstance(value, Mapping):
        return _operators(key, value, path, depth)
    if isinstance(value, Filter | FilterExpression):
        raise FilterError(f"{path}: a filter cannot be the value of a field; join the two by $and")
    return Compare(key, Operator.EQ, value)


def _children(key: str, value: Any, path: str, depth: int) -> list[Filter]:
    if key == "$not" and isinstance(value, Mapping | Filter | FilterExpression):
        return [_read(value, path, depth)]
    if not isinstance(value, Sequence) or isinstance(value, str | bytes):
        wanted = "a filter or a list of filters" if key == "$not" else "a list of filters"
        raise FilterError(f"{path}: {key} takes {wanted}; not {value!r:.80}")
    return [_read(child, f"{path}[{place}]", depth) for place, child in enumerate(value)]


def _operators(key: str, operators: Mapping[str, Any], path: str, depth: int) -> Filter:
    if not operators:
        raise FilterError(f"{path}: an empty dict compares with nothing; leave the field out, or give an operator")
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    parts: list[Filter] = []
    for name, value in operators.items():
        if name == "$not":
            if not isinstance(value, Mapping):
                raise FilterError(f"{path}.$not: on a field, $not takes a dict of operators; not {value!r:.80}")
            parts.append(Not((_operators(key, value, f"{path}.$not", depth + 1),)))
        elif name in _COMPARISONS:
            parts.append(Compare(key, _COMPARISONS[name], value))
        else:
            hint = "" if str(name).startswith("$") else f"; to reach into nested metadata write {key}.{name}"
            raise FilterError(_unknown(str(name), f"{path}.{name}") + hint)
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _unknown(name: str, path: str) -> str:
    known = [*_COMPARISONS, *_LOGIC]
    return f"{path}: unknown operator {name!r}{did_you_mean(name, known)}; operators are: {', '.join(known)}"
