"""Filters: LlamaIndex's ``MetadataFilters`` as the filter algebra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from llama_index.core.vector_stores.types import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from redisvl.query.filter import FilterExpression

from redisvl_adapters.core.filters.algebra import MAX_DEPTH, And, Compare, Filter, Not, Operator, Or, as_filter
from redisvl_adapters.errors import FilterError

FilterLike: TypeAlias = MetadataFilters | Filter | FilterExpression
"""A filter in any spelling: LlamaIndex's, this library's own, or RedisVL's."""

_COMPARISONS: Mapping[FilterOperator, Operator] = {
    FilterOperator.EQ: Operator.EQ,
    FilterOperator.NE: Operator.NE,
    FilterOperator.GT: Operator.GT,
    FilterOperator.GTE: Operator.GTE,
    FilterOperator.LT: Operator.LT,
    FilterOperator.LTE: Operator.LTE,
    FilterOperator.IN: Operator.IN,
    FilterOperator.NIN: Operator.NIN,
    FilterOperator.ANY: Operator.ANY,
    FilterOperator.ALL: Operator.ALL,
    FilterOperator.CONTAINS: Operator.CONTAINS,
    FilterOperator.TEXT_MATCH: Operator.TEXT_MATCH,
    FilterOperator.TEXT_MATCH_INSENSITIVE: Operator.TEXT_MATCH_INSENSITIVE,
}
_LOGIC: Mapping[FilterCondition | None, type[And | Or | Not]] = {
    FilterCondition.AND: And,
    FilterCondition.OR: Or,
    FilterCondition.NOT: Not,
    None: And,
}


def read_filter(given: FilterLike | None) -> Filter | None:
    """Return a filter as the algebra has it; None matches everything.

    Raises:
        FilterError: If it is no filter, or a part of it is none; the message has the path to that part.
    """
    return None if given is None else _read(given, "filters", 0)


def _read(given: FilterLike | MetadataFilter, path: str, depth: int) -> Filter:
    if depth > MAX_DEPTH:
        raise FilterError(f"the filter is nested deeper than {MAX_DEPTH} levels")
    match given:
        case MetadataFilters():
            children = [_read(child, f"{path}[{place}]", depth + 1) for place, child in enumerate(given.filters)]
            return _LOGIC[given.condition](tuple(children))
        case MetadataFilter(operator=FilterOperator.IS_EMPTY):
            return Compare(given.key, Operator.IS_EMPTY, value=True)
        case MetadataFilter():
            return Compare(given.key, _COMPARISONS[given.operator], given.value)
        case _:
            try:
                return as_filter(given)
            except FilterError:
                raise FilterError(
                    f'{path}: a filter was expected here: MetadataFilters(filters=[MetadataFilter(key="year", '
                    'operator=">=", value=2020)]), a RedisVL filter expression or a Filter of redisvl_adapters.core; '
                    f"not {type(given).__name__} {given!r:.80}"
                ) from None
