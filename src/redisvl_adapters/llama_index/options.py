"""The keywords of ``add`` and ``query``, as typed dictionaries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from llama_index.core.postprocessor.types import BaseNodePostprocessor

from redisvl_adapters.core.ingest.options import IngestOptions
from redisvl_adapters.core.records.vectors import Matrix, Vector
from redisvl_adapters.core.search.options import HybridOptions
from redisvl_adapters.core.search.recency import RecencyOptions
from redisvl_adapters.core.search.rerank import ScoreFunction

Rerank: TypeAlias = BaseNodePostprocessor | ScoreFunction
"""A node postprocessor of LlamaIndex's, or a function of the query and texts to one score for each text."""


class AddOptions(IngestOptions, total=False):
    """What ``add`` takes beside nodes: the keys of ``IngestOptions``, and the following.

    Attributes:
        ttl: Seconds after which the nodes expire; by default as the store was told.
        vectors: Vectors beside the embedding of each node that exist already, by their names: one for each node, or
            None where it has none. Those that are made of metadata are made by their models, where they are not given.
    """

    ttl: float | None
    vectors: Mapping[str, Iterable[Vector | None] | Matrix] | None


class QueryOptions(HybridOptions, total=False):
    """What ``query`` takes beside a query; a retriever passes its ``vector_store_kwargs`` here.

    Each mode has a part of it, and refuses the rest: DEFAULT the keys of ``SearchOptions``, TEXT_SEARCH and SPARSE
    those of ``TextOptions``, HYBRID those of ``HybridOptions``, and MMR those of ``SearchOptions`` and the following.
    What the query says too (``alpha``, ``mmr_threshold``, and ``embedding_field``, which is ``vector`` here) must be
    the same there. All modes have ``rerank`` and ``recency``.

    Attributes:
        fetch_k: MMR: how many of the nearest to choose from; by default 20, or k if that is more. With ``rerank`` or
            ``recency`` in any mode: how many candidates are ranked anew, and with ``weights``: how many each vector
            gives; by default 100, or twice k if that is more.
        rerank: Scores the candidates by comparing each with the text of the query: a ``BaseNodePostprocessor``, or a
            function of the query and a list of texts to one number for each, sync or async.
        recency: Lets scores decay with age. See ``RecencyOptions``.
        mmr_threshold: MMR: from 0 (variety alone) to 1 (nearness alone), 0.5 by default. Or give it in the query.
    """

    mmr_threshold: float | None
    rerank: Rerank | None
    recency: RecencyOptions | None
