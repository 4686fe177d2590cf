"""Filters: what LangChain users write, as the filter algebra."""

from __future__ import annotations

from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.core.filters.mongo import FilterLike, read_mongo_filter

__all__ = ["FilterLike", "read_filter"]


def read_filter(given: FilterLike | None) -> Filter | None:
    """Return the filter that a spelling stands for; None and the empty dict match everything.

    Raises:
        FilterError: If it is none, with the path to the culprit inside the filter.
    """
    return None if given is None else read_mongo_filter(given)
