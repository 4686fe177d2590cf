"""The vector store, caches and chat history for LangChain, over an index that LlamaIndex can use as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redisvl_adapters.errors import MissingExtraError
from redisvl_adapters.lazy_imports import lazy_attributes

try:
    import langchain_core  # noqa: F401  # only to say what is missing
except ModuleNotFoundError as error:
    if error.name != "langchain_core":
        raise
    raise MissingExtraError(
        'redisvl_adapters.langchain needs langchain-core: pip install "redisvl-adapters[langchain]"'
    ) from error

if TYPE_CHECKING:
    from redisvl_adapters.core.caches.cache_options import CacheOptions
    from redisvl_adapters.core.caches.calibration import acalibrate, calibrate
    from redisvl_adapters.core.schema.options import ExistingOptions, IndexOptions
    from redisvl_adapters.core.search.options import HybridOptions, SearchOptions, TextOptions
    from redisvl_adapters.core.search.recency import RecencyOptions
    from redisvl_adapters.core.server.options import ConnectionOptions
    from redisvl_adapters.core.sessions.summaries import SessionSummary
    from redisvl_adapters.langchain.add_options import AddOptions
    from redisvl_adapters.langchain.byte_store import RedisByteStore
    from redisvl_adapters.langchain.cache import RedisCache, RedisSemanticCache
    from redisvl_adapters.langchain.chat_history import RedisChatMessageHistory
    from redisvl_adapters.langchain.document_store import RedisDocumentStore
    from redisvl_adapters.langchain.record_manager import RedisRecordManager
    from redisvl_adapters.langchain.search_options import (
        HybridSearchOptions,
        MMROptions,
        RankingOptions,
        SearchKwargs,
        SimilarityOptions,
        TextSearchOptions,
    )
    from redisvl_adapters.langchain.structured_query import RedisStructuredQueryTranslator
    from redisvl_adapters.langchain.vector_store import RedisVectorStore

__all__ = [
    "AddOptions",
    "CacheOptions",
    "ConnectionOptions",
    "ExistingOptions",
    "HybridOptions",
    "HybridSearchOptions",
    "IndexOptions",
    "MMROptions",
    "RankingOptions",
    "RecencyOptions",
    "RedisByteStore",
    "RedisCache",
    "RedisChatMessageHistory",
    "RedisDocumentStore",
    "RedisRecordManager",
    "RedisSemanticCache",
    "RedisStructuredQueryTranslator",
    "RedisVectorStore",
    "SearchKwargs",
    "SearchOptions",
    "SessionSummary",
    "SimilarityOptions",
    "TextOptions",
    "TextSearchOptions",
    "acalibrate",
    "calibrate",
]

_CORE = "redisvl_adapters.core"
__getattr__ = lazy_attributes(
    __name__,
    {
        # What users make
        "RedisByteStore": f"{__name__}.byte_store",
        "RedisDocumentStore": f"{__name__}.document_store",
        "RedisCache": f"{__name__}.cache",
        "RedisChatMessageHistory": f"{__name__}.chat_history",
        "RedisRecordManager": f"{__name__}.record_manager",
        "RedisSemanticCache": f"{__name__}.cache",
        "RedisStructuredQueryTranslator": f"{__name__}.structured_query",
        "RedisVectorStore": f"{__name__}.vector_store",
        # What they get
        "SessionSummary": f"{_CORE}.sessions.summaries",
        # The keywords of what they make and call
        "AddOptions": f"{__name__}.add_options",
        "CacheOptions": f"{_CORE}.caches.cache_options",
        "ConnectionOptions": f"{_CORE}.server.options",
        "ExistingOptions": f"{_CORE}.schema.options",
        "HybridOptions": f"{_CORE}.search.options",
        "IndexOptions": f"{_CORE}.schema.options",
        "RecencyOptions": f"{_CORE}.search.recency",
        "SearchOptions": f"{_CORE}.search.options",
        "TextOptions": f"{_CORE}.search.options",
        **dict.fromkeys(
            [
                "HybridSearchOptions",
                "MMROptions",
                "RankingOptions",
                "SearchKwargs",
                "TextSearchOptions",
                "SimilarityOptions",
            ],
            f"{__name__}.search_options",
        ),
        # Functions
        "acalibrate": f"{_CORE}.caches.calibration",
        "calibrate": f"{_CORE}.caches.calibration",
    },
)


def __dir__() -> list[str]:
    return __all__
