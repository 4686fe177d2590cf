"""Checks of search arguments, made before anything is embedded or sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from redisvl_adapters.core.arguments import check_k
from redisvl_adapters.core.filters.word_queries import check_match
from redisvl_adapters.core.schema.languages import read_language
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.options import HYBRID_OPTIONS, SEARCH_OPTIONS, TEXT_OPTIONS
from redisvl_adapters.core.search.text_query import DEFAULT_SCORER, check_scorer
from redisvl_adapters.core.search.tuning import read_tuning
from redisvl_adapters.core.search.vector_choice import check_vector_choice
from redisvl_adapters.errors import ArgumentError, UnknownArgumentError, refuse_unknown

NAMED_ARGUMENTS = frozenset({"k", "filter"})


def check_vector_search(
    method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED_ARGUMENTS
) -> None:
    """Raise an error for what can be known to be wrong with a vector search before anything is embedded.

    Args:
        method: Names the search in errors.
        k: How many results.
        options: What else was given.
        also: What the search takes beside its options, for errors.
    """
    refuse_unknown_options(method, options, SEARCH_OPTIONS, also)
    check_k(k)
    read_tuning(options)
    check_vector_choice(options)
    keywords, match = options.get("keywords"), options.get("keywords_match")
    if keywords is not None:
        check_query(keywords, "keywords")
        check_match("any" if match is None else match)
    elif match is not None:
        raise ArgumentError("keywords_match is for searches with keywords")


def check_text_search(method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED_ARGUMENTS) -> None:
    """Raise an error for what can be known to be wrong with a text search. See ``check_vector_search``."""
    refuse_unknown_options(method, options, TEXT_OPTIONS, also)
    check_k(k)
    check_match(options.get("match", "any"))
    check_scorer(options.get("scorer", DEFAULT_SCORER))
    if (language := options.get("language")) is not None:
        read_language(language)
    fields = options.get("text_fields")
    if fields is not None and (isinstance(fields, str) or not isinstance(fields, Sequence) or not fields):
        raise ArgumentError(f"text_fields is a list of text fields; not {fields!r:.80}")


def check_hybrid_search(
    method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED_ARGUMENTS
) -> Fusion:
    """Return how to fuse, unless something can be known to be wrong with a hybrid search.

    See ``check_vector_search``.
    """
    refuse_unknown_options(method, options, HYBRID_OPTIONS, also)
    check_text_search(method, k, {name: options[name] for name in options if name in TEXT_OPTIONS})
    read_tuning(options)
    check_vector_choice(options)
    check_fetch_k(k, options.get("fetch_k"))
    named = {"method": "fusion", "alpha": "alpha", "rrf_constant": "rrf_constant"}
    fusion = Fusion(**{part: options[name] for part, name in named.items() if name in options})
    if "rrf_constant" in options and fusion.method != "rrf":
        raise ArgumentError("rrf_constant is for searches with fusion='rrf'")
    return fusion


def check_query(query: Any, name: str = "query") -> str:
    """Return a text to search for.

    Args:
        query: The text.
        name: What it is called in errors.

    Raises:
        ArgumentError: If it is no text.
    """
    if not isinstance(query, str):
        raise ArgumentError(f"{name} is a text; not {type(query).__name__} {query!r:.80}")
    return query


def refuse_unknown_options(
    where: str, options: Mapping[str, Any], known: Collection[str], also: Collection[str] = NAMED_ARGUMENTS
) -> None:
    """Raise an error for options that are not known; ``also`` are arguments that have names of their own."""
    unknown = {name: options[name] for name in options if name not in known}
    for name in unknown:
        # A distance_threshold is the opposite of it: what is near has a small distance and a large score.
        if name in ("score_threshold", "relevance_threshold") and name not in also:
            raise UnknownArgumentError(
                f"{where} has no argument {name!r}; for a least score there are LangChain's "
                "similarity_search_with_relevance_scores(score_threshold=) and LlamaIndex's "
                "SimilarityPostprocessor(similarity_cutoff=)"
            )
    refuse_unknown(where, unknown, {*known, *also})


MIN_CANDIDATES = 100


def default_fetch_k(k: int) -> int:
    """Return how many candidates there are for k results, unless a search says it."""
    return max(MIN_CANDIDATES, 2 * k) if k else 0


def check_fetch_k(k: Any, fetch_k: Any) -> None:
    """Raise an error unless there are as many candidates as results."""
    if fetch_k is not None and check_k(fetch_k, "fetch_k") < check_k(k):
        raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
