"""The keywords of ``add`` and ``query``, as typed dictionaries."""

from __future__ import annotations

from redisvl_adapters.core.ingest.options import IngestOptions
from redisvl_adapters.core.search.options import HybridOptions


class AddOptions(IngestOptions, total=False):
    """What ``add`` takes beside nodes: the keys of ``IngestOptions``, and the following.

    Keys:
        ttl: Seconds after which the nodes expire; by default as the store was told.
    """

    ttl: float | None


class QueryOptions(HybridOptions, total=False):
    """What ``query`` takes beside a query; a retriever passes its ``vector_store_kwargs`` here.

    Each mode has a part of it, and refuses the rest: DEFAULT the keys of ``SearchOptions``, TEXT_SEARCH those of
    ``TextOptions``, HYBRID those of ``HybridOptions``, and MMR those of ``SearchOptions`` and the following.

    Keys:
        fetch_k: MMR: how many of the nearest to choose from; by default 20, or k if that is more.
        mmr_threshold: MMR: from 0 (variety alone) to 1 (nearness alone), 0.5 by default. Or give it in the query.
    """

    mmr_threshold: float | None
