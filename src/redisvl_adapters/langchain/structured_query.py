"""LangChain's structured queries, which a model writes for a self-query retriever, as filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.structured_query import (
    Comparator,
    Comparison,
    Expr,
    Operation,
    StructuredQuery,
    Visitor,
)
from langchain_core.structured_query import Operator as LogicalOperator

from redisvl_adapters.core.filters.algebra import And, Compare, Filter, Not, Operator, Or
from redisvl_adapters.errors import FilterError

_COMPARISONS: Mapping[Comparator, Operator] = {
    Comparator.EQ: Operator.EQ,
    Comparator.NE: Operator.NE,
    Comparator.GT: Operator.GT,
    Comparator.GTE: Operator.GTE,
    Comparator.LT: Operator.LT,
    Comparator.LTE: Operator.LTE,
    Comparator.CONTAIN: Operator.CONTAINS,
    Comparator.LIKE: Operator.LIKE,
    Comparator.IN: Operator.IN,
    Comparator.NIN: Operator.NIN,
}
_LOGIC: Mapping[LogicalOperator, type[And | Or | Not]] = {
    LogicalOperator.AND: And,
    LogicalOperator.OR: Or,
    LogicalOperator.NOT: Not,
}


class RedisStructuredQueryTranslator(Visitor):
    """Translates structured queries for a ``SelfQueryRetriever``: ``structured_query_translator=`` takes one."""

    allowed_comparators = tuple(_COMPARISONS)
    allowed_operators = tuple(_LOGIC)

    def visit_operation(self, operation: Operation) -> Filter:
        """Return the filter of an AND, OR or NOT."""
        return _LOGIC[operation.operator](tuple(self._visit(argument) for argument in operation.arguments))

    def visit_comparison(self, comparison: Comparison) -> Filter:
        """Return the filter of a comparison.

        Raises:
            FilterError: If the comparator is none of ours.
        """
        operator = _COMPARISONS.get(comparison.comparator)
        if operator is None:
            known = ", ".join(_COMPARISONS)
            raise FilterError(f"unknown comparator {comparison.comparator!r}; comparators are: {known}")
        return Compare(comparison.attribute, operator, _plain(comparison.value))

    def visit_structured_query(self, structured_query: StructuredQuery) -> tuple[str, dict[str, Any]]:
        """Return the text to search for, and the search keywords."""
        if structured_query.filter is None:
            return structured_query.query, {}
        return structured_query.query, {"filter": self._visit(structured_query.filter)}

    def _visit(self, expression: Expr) -> Filter:
        found: Filter = expression.accept(self)
        return found


def _plain(value: Any) -> Any:
    """Return a value, with points in time as text, which models write as ``{"date": "2024-01-31", "type": "date"}``."""
    if isinstance(value, list):
        return list(map(_plain, value))
    if isinstance(value, Mapping) and value.get("type") in ("date", "datetime"):
        return value.get("date", value.get("datetime"))
    return value
