"""What text and hybrid searches can be told, and what is known to be wrong with a search before it begins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, TypedDict

from redisvl_adapters.core.filters import Match
from redisvl_adapters.core.query import check_k
from redisvl_adapters.core.ranking import Fusion
from redisvl_adapters.core.text import DEFAULT_SCORER, check_match, check_scorer, words_of
from redisvl_adapters.core.tuning import SEARCH_OPTIONS, SearchOptions, read_tuning
from redisvl_adapters.errors import ArgumentError, refuse_unknown


class TextOptions(TypedDict, total=False):
    """What a text search takes beside its text, its k and its filter.

    Keys:
        match: Whether a text must have ``any`` of the words (default), ``all``, or all side by side, as a ``phrase``.
        scorer: How Redis scores matches: BM25STD (default), BM25, TFIDF, TFIDF.DOCNORM, DISMAX or DOCSCORE.
        text_fields: The text fields to look into: keys that were declared as text, and ``text`` for the text of the
            document; by default all.
    """

    match: Match
    scorer: str
    text_fields: Sequence[str] | None


class HybridOptions(SearchOptions, TextOptions, total=False):
    """What a hybrid search takes beside its query, its k and its filter: also what either side takes.

    Keys:
        fusion: How the two rankings become one: ``linear`` (default), the weighted sum of the scores, which are brought
            between 0 and 1 on either side, or ``rrf``, reciprocal rank fusion.
        alpha: The weight of the vector side, from 0 to 1 (0.5); the text side has the rest.
        rrf_constant: What reciprocal rank fusion adds to the ranks (60).
        fetch_k: How many candidates either side gives; by default 50, or twice k if that is more.
    """

    fusion: Literal["linear", "rrf"]
    alpha: float
    rrf_constant: float
    fetch_k: int | None


NAMED = frozenset({"k", "filter"})
TEXT_OPTIONS = frozenset(TextOptions.__annotations__)
HYBRID_OPTIONS = SEARCH_OPTIONS | TEXT_OPTIONS | frozenset(HybridOptions.__annotations__)


def check_vector(method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED) -> None:
    """Raise an error for what can be known to be wrong with a vector search before anything is embedded.

    Args:
        method: Names the search in errors.
        k: How many results.
        options: What else was given.
        also: What the search takes beside its options, for errors.
    """
    refuse_others(method, options, SEARCH_OPTIONS, also)
    check_k(k)
    read_tuning(options)
    keywords, match = options.get("keywords"), options.get("keywords_match")
    if keywords is not None:
        words_of(keywords, "keywords")
        check_match("any" if match is None else match)
    elif match is not None:
        raise ArgumentError("keywords_match is for searches with keywords")


def check_text(method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED) -> None:
    """Raise an error for what can be known to be wrong with a text search. See ``check_vector``."""
    refuse_others(method, options, TEXT_OPTIONS, also)
    check_k(k)
    check_match(options.get("match", "any"))
    check_scorer(options.get("scorer", DEFAULT_SCORER))
    fields = options.get("text_fields")
    if fields is not None and (isinstance(fields, str) or not isinstance(fields, Sequence) or not fields):
        raise ArgumentError(f"text_fields is a list of text fields; not {fields!r:.80}")


def check_hybrid(method: str, k: Any, options: Mapping[str, Any], also: Collection[str] = NAMED) -> Fusion:
    """Return how to fuse, unless something can be known to be wrong with a hybrid search. See ``check_vector``."""
    refuse_others(method, options, HYBRID_OPTIONS, also)
    check_text(method, k, {name: options[name] for name in options if name in TEXT_OPTIONS})
    read_tuning(options)
    check_fetch_k(k, options.get("fetch_k"))
    return Fusion(options.get("fusion", "linear"), options.get("alpha", 0.5), options.get("rrf_constant", 60))


def refuse_others(
    where: str, options: Mapping[str, Any], known: Collection[str], also: Collection[str] = NAMED
) -> None:
    """Raise an error for options that are not known; ``also`` are arguments that have names of their own."""
    unknown = {name: options[name] for name in options if name not in known}
    refuse_unknown(where, unknown, {*known, *also})


def check_fetch_k(k: Any, fetch_k: Any) -> None:
    """Raise an error unless there are as many candidates as results."""
    if fetch_k is not None and check_k(fetch_k, "fetch_k") < check_k(k):
        raise ArgumentError(f"fetch_k is at least k; not {fetch_k} with k={k}")
