"""From the filter algebra to RedisVL filter expressions, through RedisVL's own ``Tag`` and ``Num``.

Every leaf that is rendered here constrains the search. What RedisVL would turn into ``*``, which is everything, never
reaches it: MATCH_ALL and MATCH_NONE are folded away first, and values are checked before they become part of a query.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from redisvl.query.filter import FilterExpression, Num, Tag
from redisvl.utils.token_escaper import TokenEscaper

from redisvl_adapters.core.encoding import encode_tag, epoch_seconds
from redisvl_adapters.core.filters import MAX_DEPTH, And, Compare, Filter, FromSources, Not, Operator, Or, Raw
from redisvl_adapters.core.metadata import as_bool, as_number, as_tags
from redisvl_adapters.core.schema import KEYS, SEARCHED, SOURCE, FieldType, MetadataField, Schema
from redisvl_adapters.errors import FilterError, did_you_mean

Rendered: TypeAlias = FilterExpression | bool
"""An expression, or True where everything matches and False where nothing does."""


class _ExactTag(Tag):
    """RedisVL's tag filter, escaping every ASCII character that means something in a query."""

    escaper = TokenEscaper(re.compile(r"[\x20-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e]"))


@dataclass(frozen=True, slots=True)
class _Scope:
    schema: Schema
    met: Collection[str]


def render(filter: Filter | None, schema: Schema, met: Collection[str] = ()) -> Rendered:
    """Render a filter.

    Args:
        filter: The filter; None matches everything.
        schema: The index that it is for.
        met: Keys that are not in the schema although records have them.

    Returns:
        An expression, or True where everything matches and False where nothing does.

    Raises:
        UnknownFieldError: If a key is neither in the schema nor among those met.
        FilterError: If a field cannot be asked this, or not with this value.
    """
    return True if filter is None else _render(filter, _Scope(schema, met), 0)


def _render(filter: Filter, scope: _Scope, depth: int) -> Rendered:
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    match filter:
        case And(children):
            return _all([_render(child, scope, depth + 1) for child in children])
        case Or(children):
            return _any([_render(child, scope, depth + 1) for child in children])
        case Not(children):
            return _not(_any([_render(child, scope, depth + 1) for child in children]))
        case Compare(key, Operator.EXISTS, value):
            return _exists(key, value, scope)
        case Compare():
            return _compare(scope.schema.indexed(filter.key), filter, scope.schema)
        case FromSources(source_ids):
            return _tag(SOURCE, [encode_tag(source) for source in source_ids])
        case Raw(expression):
            return _raw(expression, scope.schema)
        case _:
            raise FilterError(f"{type(filter).__name__} is no filter")


def _all(parts: list[Rendered]) -> Rendered:
    if any(part is False for part in parts):
        return False
    return _join([part for part in parts if part is not True], " ") or True


def _any(parts: list[Rendered]) -> Rendered:
    if any(part is True for part in parts):
        return True
    return _join([part for part in parts if part is not False], " | ") or False


def _not(part: Rendered) -> Rendered:
    return (not part) if isinstance(part, bool) else FilterExpression(f"(-{part})")


def _join(parts: list[Any], operator: str) -> FilterExpression | None:
    """Join expressions as text: RedisVL's own joining recurses once for each of them."""
    if len(parts) < 2:
        return parts[0] if parts else None
    return FilterExpression(f"({operator.join(map(str, parts))})")


def _tag(name: str, tags: list[str]) -> Rendered:
    return cast("FilterExpression", _ExactTag(name) == tags) if tags else False


def _exists(key: str, wanted: Any, scope: _Scope) -> Rendered:
    if not isinstance(wanted, bool):
        raise FilterError(f"field {key!r}: exists takes true or false, not {wanted!r:.80}")
    if key not in scope.schema.fields and key not in scope.met:
        raise scope.schema.unknown(key)
    present = presence(key)
    return present if wanted else _not(present)


def presence(key: str, *, empty: bool = True) -> FilterExpression:
    """Return the expression for the records that have a key, those where it is empty included or not."""
    present = cast("FilterExpression", _ExactTag(KEYS) == [encode_tag("+" + key)])
    if empty:
        return present
    return FilterExpression(f"({present} -{_ExactTag(KEYS) == [encode_tag('-' + key)]})")


def _one_of_tags(field: MetadataField, values: list[Any]) -> Rendered:
    if not all(isinstance(value, str) for value in values):
        raise TypeError("it is compared with text")
    return _tag(field.query_name, as_tags(values))


def _one_of_bools(field: MetadataField, values: list[Any]) -> Rendered:
    return _tag(field.query_name, [as_bool(value) for value in values])


def _number(value: Any) -> float:
    number = as_number(value)
    if not math.isfinite(number):
        raise ValueError("a number to compare with is finite")
    return number


_CONVERT: Mapping[FieldType, Callable[[Any], float]] = {FieldType.NUMERIC: _number, FieldType.TIMESTAMP: epoch_seconds}


def _one_of_numbers(field: MetadataField, values: list[Any]) -> Rendered:
    convert = _CONVERT[field.type]
    return _any([Num(field.query_name) == convert(value) for value in values])


_ONE_OF: Mapping[FieldType, Callable[[MetadataField, list[Any]], Rendered]] = {
    FieldType.TAG: _one_of_tags,
    FieldType.BOOL: _one_of_bools,
    FieldType.NUMERIC: _one_of_numbers,
    FieldType.TIMESTAMP: _one_of_numbers,
}
_ORDER: Mapping[Operator, Callable[[Num, float], FilterExpression]] = {
    Operator.GT: lambda num, value: num > value,
    Operator.GTE: lambda num, value: num >= value,
    Operator.LT: lambda num, value: num < value,
    Operator.LTE: lambda num, value: num <= value,
}
_NEGATED: Mapping[Operator, Operator] = {Operator.NE: Operator.EQ, Operator.NIN: Operator.IN}


def operators_of(type: FieldType) -> list[Operator]:
    """Return the operators that a field of this type has."""
    has: set[Operator] = {Operator.EXISTS}
    if type in _ONE_OF:
        has |= {Operator.EQ, Operator.NE, Operator.IN, Operator.NIN}
    if type in _CONVERT:
        has |= set(_ORDER)
    return [operator for operator in Operator if operator in has]


def _compare(field: MetadataField, comparison: Compare, schema: Schema) -> Rendered:
    operator, value = comparison.operator, comparison.value
    if operator not in operators_of(field.type):
        raise FilterError(_refusal(field, comparison, f"it has no {operator}", schema))
    try:
        if operator in _NEGATED:
            return _not(_positive(field, _NEGATED[operator], value))
        return _positive(field, operator, value)
    except (TypeError, ValueError) as error:
        raise FilterError(_refusal(field, comparison, str(error), schema)) from None


def _positive(field: MetadataField, operator: Operator, value: Any) -> Rendered:
    if operator in _ORDER:
        return _ORDER[operator](Num(field.query_name), _CONVERT[field.type](value))
    if operator is Operator.EQ:
        return _ONE_OF[field.type](field, [value])
    if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
        raise TypeError("in and nin take a list of values")
    return _ONE_OF[field.type](field, list(value))


def _refusal(field: MetadataField, comparison: Compare, reason: str, schema: Schema) -> str:
    hint = ""
    if comparison.value is None:
        hint = "; to ask for a missing key use exists"
    others = ", ".join(f"{other.key} ({other.type})" for other in schema.aliases.values())
    return (
        f"field {field.key!r} in index {schema.name!r} is {str(field.type)!r} and cannot be asked "
        f"{comparison.operator} {comparison.value!r:.80}: {reason}{hint}. It supports: "
        f"{', '.join(operators_of(field.type))}. Filterable: {others}"
    )


# An escaped character, or the names behind an @ that is not escaped.
_NAMES_IN_QUERY = re.compile(r"""\\.|@((?:[^\s:\\()\[\]{}@"'~-]|\\.)+)""")


def _raw(expression: FilterExpression, schema: Schema) -> FilterExpression:
    """Render a RedisVL expression, putting every leaf in parentheses.

    RedisVL renders a comparison with None, "" or [] as ``*``, and leaves ``*`` out when it joins. That would widen a
    search to everything, so it is refused. Redis itself takes a field that does not exist as one that no record has,
    which under a negation is everything too.
    """
    tree = cast("Any", expression)
    if tree._operator is not None:
        left, right = _raw(tree._left, schema), _raw(tree._right, schema)
        return FilterExpression(f"({left}{' | ' if tree._operator.name == 'OR' else ' '}{right})")
    text = str(expression).strip()
    if text in ("", "*"):
        raise FilterError(
            "a RedisVL filter renders to '*', which is everything, as RedisVL does with comparisons to None, '', []; "
            "leave the filter out to match everything, or use this library's own filters"
        )
    known = {*schema.aliases, schema.vector.name, KEYS, SOURCE, SEARCHED}
    for names in filter(None, _NAMES_IN_QUERY.findall(text)):
        for name in re.split(r"(?<!\\)\|", names):
            name = re.sub(r"\\(.)", r"\1", name)
            if name not in known:
                raise FilterError(
                    f"a RedisVL filter names the field {name!r}, which is not in index {schema.name!r}"
                    f"{did_you_mean(name, known)}; it has: {', '.join(sorted(known))}"
                )
    return FilterExpression(f"({text})")
