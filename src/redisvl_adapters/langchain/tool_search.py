"""The search that a tool makes: a search type by the name that tools have for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.agents.options import ToolSearchType
from redisvl_adapters.core.arguments import check_keywords
from redisvl_adapters.core.filters.algebra import Filter
from redisvl_adapters.errors import ArgumentError
from redisvl_adapters.langchain.search_types import SEARCH_TYPES, Search

TOOL_SEARCH_TYPES: Mapping[ToolSearchType, str] = {
    "vector": "similarity",
    "text": "text",
    "hybrid": "hybrid",
    "mmr": "mmr",
}


def search_of_tool(
    search_type: ToolSearchType, search_kwargs: Mapping[str, Any] | None, k: int = 1, filter: Filter | None = None
) -> Search:
    """Return the search of a tool.

    Raises:
        ArgumentError: If a keyword is out of its range, or of those that a tool has itself.
        UnknownArgumentError: If the search type does not have a keyword.
    """
    search_kwargs = check_keywords(search_kwargs, "search_kwargs", "{'ef_runtime': 400}")
    for name in ("k", "filter"):
        if name in search_kwargs:
            raise ArgumentError(f"search_kwargs of a tool has no {name!r}: give {name}= to as_tool")
    kind = SEARCH_TYPES[TOOL_SEARCH_TYPES[search_type]]
    return kind(f"search_kwargs of a {search_type!r} tool", k, filter, **search_kwargs)
