"""The keywords of searches, as typed dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, TypedDict

from redisvl_adapters.core.filters.algebra import Match


class SearchOptions(TypedDict, total=False):
    """What every vector search takes beside its vector, its k and its filter.

    Attributes:
        ef_runtime: HNSW: how many candidates are kept while searching, at least 1. Without it, 200 or twice k,
            whichever is more, unless the index was created with an ``ef_runtime`` of its own.
        search_window_size: SVS-VAMANA: the same.
        hybrid_policy: How a search with a filter goes on: ``batches`` (nearest first, until enough match) or
            ``adhoc_bf`` (all that match, by brute force). Redis chooses by itself.
        batch_size: How many neighbours a batch has, with ``batches``.
        distance_threshold: Only records that are at most this far, by the distance of the index.
        epsilon: HNSW and SVS-VAMANA: makes a range query of a search with ``distance_threshold``, which looks at
            candidates that are further by this share. It is fast and incomplete where it is small.
        vector: Which vector of the records is compared with the query: the name of one that was declared by ``vectors``
            of the store, or ``text`` for the main one (default). Records without it are not found.
        weights: Compares several vectors, by the weight of each: ``{"text": 0.7, "title": 0.3}``. The score of a record
            is the mean of its similarities, so weighted; where it has no such vector, that is 0.
        keywords: Only records whose text has these words.
        keywords_match: Whether it has ``any`` of them (default), ``all``, or all side by side, as a ``phrase``.
        language: The language of the keywords, if not that of the index: its English name or ISO 639 code.
    """

    ef_runtime: int | None
    search_window_size: int | None
    hybrid_policy: Literal["batches", "adhoc_bf"] | None
    batch_size: int | None
    distance_threshold: float | None
    epsilon: float | None
    vector: str | None
    weights: Mapping[str, float] | None
    keywords: str | None
    keywords_match: Match | None
    language: str | None


SEARCH_OPTIONS = frozenset(SearchOptions.__annotations__)


class TextOptions(TypedDict, total=False):
    """What a text search takes beside its text, its k and its filter.

    Attributes:
        match: Whether a text must have ``any`` of the words (default), ``all``, or all side by side, as a ``phrase``.
        scorer: How Redis scores matches: BM25STD (default), BM25, TFIDF, TFIDF.DOCNORM, DISMAX or DOCSCORE.
        text_fields: The text fields to look into: keys that were declared as text, and ``text`` for the text of the
            document; by default all.
        language: The language of the query, if not that of the index: its English name or ISO 639 code. The records
            that it finds are in that language, where the index knows their languages (``language_key``).
    """

    match: Match
    scorer: str
    text_fields: Sequence[str] | None
    language: str | None


class HybridOptions(SearchOptions, TextOptions, total=False):
    """What a hybrid search takes beside its query, its k and its filter: also what either side takes.

    Attributes:
        fusion: How the two rankings become one: ``linear`` (default), the weighted sum of the scores, which are brought
            between 0 and 1 on either side, or ``rrf``, reciprocal rank fusion.
        alpha: The weight of the vector side, from 0 to 1 (0.3, and 0.5 with ``rrf``); the text side has the rest.
        rrf_constant: What reciprocal rank fusion adds to the ranks (60).
        fetch_k: How many candidates either side gives; by default 100, or twice k if that is more.
    """

    fusion: Literal["linear", "rrf"]
    alpha: float
    rrf_constant: float
    fetch_k: int | None


TEXT_OPTIONS = frozenset(TextOptions.__annotations__)
HYBRID_OPTIONS = SEARCH_OPTIONS | TEXT_OPTIONS | frozenset(HybridOptions.__annotations__)
