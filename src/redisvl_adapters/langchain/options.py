"""The search types of a LangChain retriever, and what each can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.core.arguments import check_fraction
from redisvl_adapters.core.search.argument_checks import (
    check_fetch_k,
    check_hybrid_search,
    check_text_search,
    check_vector_search,
    refuse_unknown_options,
)
from redisvl_adapters.core.search.options import HYBRID_OPTIONS, SEARCH_OPTIONS, TEXT_OPTIONS
from redisvl_adapters.errors import ArgumentError, did_you_mean

_COMMON = frozenset({"k", "filter"})
SEARCH_TYPES: Mapping[str, frozenset[str]] = {
    "similarity": _COMMON | SEARCH_OPTIONS,
    "similarity_score_threshold": _COMMON | SEARCH_OPTIONS | {"score_threshold"},
    "mmr": _COMMON | SEARCH_OPTIONS | {"fetch_k", "lambda_mult"},
    "text": _COMMON | TEXT_OPTIONS,
    "hybrid": _COMMON | HYBRID_OPTIONS,
}
"""The search types of a retriever, and the search keywords that each has."""


def check_query(query: Any) -> str:
    """Return a text to search for.

    Raises:
        ArgumentError: If it is no text.
    """
    if not isinstance(query, str):
        raise ArgumentError(f"query is a text; not {type(query).__name__} {query!r:.80}")
    return query


def check_search(search_type: str, search_kwargs: Mapping[str, Any]) -> bool:
    """Check the search type of a retriever and its keywords, and return whether queries must be embedded for it.

    Raises:
        ArgumentError: If the type does not exist, or a keyword is out of its range or contradicts another.
        UnknownArgumentError: If the type does not have a keyword.
    """
    if search_type not in SEARCH_TYPES:
        raise ArgumentError(
            f"search_type is one of {', '.join(SEARCH_TYPES)}; not {search_type!r}"
            f"{did_you_mean(str(search_type), SEARCH_TYPES)}"
        )
    if not isinstance(search_kwargs, Mapping):
        raise ArgumentError(f"search_kwargs is a mapping, such as {{'k': 4}}; not {search_kwargs!r:.80}")
    where = f"search_kwargs of a {search_type!r} retriever"
    refuse_unknown_options(where, search_kwargs, SEARCH_TYPES[search_type])
    k = search_kwargs.get("k", 4)
    options = {name: value for name, value in search_kwargs.items() if name not in _COMMON}
    if search_type == "text":
        check_text_search(where, k, options)
        return False
    if search_type == "hybrid":
        return check_hybrid_search(where, k, options).alpha > 0
    if search_type == "mmr":
        check_fetch_k(k, options.pop("fetch_k", None))
        check_fraction(options.pop("lambda_mult", 0.5), "lambda_mult")
    if search_type == "similarity_score_threshold":
        threshold = options.pop("score_threshold", None)
        if threshold is None:
            raise ArgumentError("a 'similarity_score_threshold' retriever needs search_kwargs={'score_threshold': ...}")
        check_fraction(threshold, "score_threshold")
        if options.get("distance_threshold") is not None:
            raise ArgumentError("score_threshold and distance_threshold are two names for one thing; give one")
    check_vector_search(where, k, options)
    return True
