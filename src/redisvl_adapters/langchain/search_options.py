"""The keywords of the search methods, as typed dictionaries."""

from __future__ import annotations

from typing import TypeAlias, TypedDict

from langchain_core.documents import BaseDocumentCompressor

from redisvl_adapters.core.search.options import HybridOptions, SearchOptions, TextOptions
from redisvl_adapters.core.search.recency import RecencyOptions
from redisvl_adapters.core.search.rerank import ScoreFunction
from redisvl_adapters.langchain.filters import FilterLike

Rerank: TypeAlias = BaseDocumentCompressor | ScoreFunction
"""A document compressor of LangChain's, or a function of the query and texts to one score for each text."""


class RankingOptions(TypedDict, total=False):
    """How any search ranks its candidates anew. With ``rerank`` or ``recency``, scores are larger for what is better.

    Attributes:
        rerank: Scores the candidates by comparing each with the text of the query: a ``BaseDocumentCompressor``, or a
            function of the query and a list of texts to one number for each, sync or async.
        recency: Lets scores decay with age. See ``RecencyOptions``.
        score_key: Under which metadata key found documents have their scores; by default they have none.
    """

    rerank: Rerank | None
    recency: RecencyOptions | None
    score_key: str | None


class MMROptions(SearchOptions, RankingOptions, total=False):
    """What a search for what is near and unlike each other takes beside its arguments."""


class SimilarityOptions(MMROptions, total=False):
    """What a vector search takes beside its arguments.

    Attributes:
        fetch_k: How many candidates are ranked anew, or, with ``weights``, how many each vector gives; by default 100,
            or twice k if that is more.
    """

    fetch_k: int | None


class TextSearchOptions(TextOptions, RankingOptions, total=False):
    """What a text search takes beside its arguments.

    Attributes:
        fetch_k: How many candidates are ranked anew; by default 100, or twice k if that is more.
    """

    fetch_k: int | None


class HybridSearchOptions(HybridOptions, RankingOptions, total=False):
    """What a hybrid search takes beside its arguments. The best ``fetch_k`` of both sides are ranked anew."""


class SearchKwargs(HybridSearchOptions, total=False):
    """The ``search_kwargs`` of a retriever. A search type takes those that its search method has.

    Attributes:
        k: How many documents at most (4).
        filter: Only documents that match this.
        score_threshold: ``similarity_score_threshold``: only documents that are at least this relevant, from 0 to 1.
        fetch_k: ``mmr``, ``hybrid``, and all with ``rerank`` or ``recency``: how many candidates there are to choose
            from.
        lambda_mult: ``mmr``: 1 looks at nearness alone, 0 at variety alone (0.5).

    The others are those of ``RankingOptions``, of ``SearchOptions`` (all types but ``text``), of ``TextOptions``
    (``text`` and ``hybrid``) and of ``HybridOptions`` (``hybrid``).
    """

    k: int
    filter: FilterLike | None
    score_threshold: float
    lambda_mult: float


RANKING_OPTIONS = frozenset(RankingOptions.__annotations__)
