"""Every operation on an index by its name: generators that yield batches of commands and are sent their replies."""

from redisvl_adapters.core.index.dropping import drop
from redisvl_adapters.core.index.expiry import expire, remaining_ttl
from redisvl_adapters.core.index.lifecycle import create, open_index
from redisvl_adapters.core.ingest.delete import clear, delete, delete_from_source, delete_matching
from redisvl_adapters.core.ingest.update_metadata import update_metadata
from redisvl_adapters.core.ingest.upsert import upsert
from redisvl_adapters.core.moving.job import cancel as cancel_rebuild
from redisvl_adapters.core.search.cursor_pages import Page, close_walk, first_page, next_page
from redisvl_adapters.core.search.describe import describe_fields
from redisvl_adapters.core.search.explain import explain
from redisvl_adapters.core.search.fetch import count, existing_ids, fetch, fetch_matching, filterable_fields
from redisvl_adapters.core.search.hybrid_search import search_hybrid
from redisvl_adapters.core.search.index_info import index_info
from redisvl_adapters.core.search.mmr_search import search_mmr
from redisvl_adapters.core.search.text_search import search_text
from redisvl_adapters.core.search.vector_search import search_batch, search_by_vector
from redisvl_adapters.core.search.weighted_search import search_weighted
from redisvl_adapters.core.search.words import analyse, highlight

__all__ = [
    "Page",
    "analyse",
    "cancel_rebuild",
    "clear",
    "close_walk",
    "count",
    "create",
    "delete",
    "delete_from_source",
    "delete_matching",
    "describe_fields",
    "drop",
    "existing_ids",
    "expire",
    "explain",
    "fetch",
    "fetch_matching",
    "filterable_fields",
    "first_page",
    "highlight",
    "index_info",
    "next_page",
    "open_index",
    "remaining_ttl",
    "search_batch",
    "search_by_vector",
    "search_hybrid",
    "search_mmr",
    "search_text",
    "search_weighted",
    "update_metadata",
    "upsert",
]
