"""The vector store, storage, caches and chat stores for LlamaIndex, over an index that LangChain can use as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from redisvl_adapters.errors import MissingExtraError
from redisvl_adapters.lazy_imports import lazy_attributes

try:
    import llama_index.core  # noqa: F401  # only to say what is missing
except ModuleNotFoundError as error:
    if error.name not in ("llama_index", "llama_index.core"):
        raise
    raise MissingExtraError(
        'redisvl_adapters.llama_index needs llama-index-core: pip install "redisvl-adapters[llama-index]"'
    ) from error

if TYPE_CHECKING:
    from redisvl_adapters.core.caches.cache_options import CacheOptions
    from redisvl_adapters.core.caches.calibration import acalibrate, calibrate
    from redisvl_adapters.core.schema.options import IndexOptions
    from redisvl_adapters.core.search.options import HybridOptions, SearchOptions, TextOptions
    from redisvl_adapters.core.search.recency import RecencyOptions
    from redisvl_adapters.core.sessions.options import ChatStoreOptions, SessionOptions
    from redisvl_adapters.llama_index.chat_store import RedisChatStore
    from redisvl_adapters.llama_index.document_store import RedisDocumentStore
    from redisvl_adapters.llama_index.index_store import RedisIndexStore
    from redisvl_adapters.llama_index.kv_store import RedisKVStore
    from redisvl_adapters.llama_index.memory_store import RedisMemoryStore
    from redisvl_adapters.llama_index.options import AddOptions, QueryOptions
    from redisvl_adapters.llama_index.semantic_cache import SemanticCacheQueryEngine
    from redisvl_adapters.llama_index.storage_context import RedisStorageContext
    from redisvl_adapters.llama_index.vector_store import RedisVectorStore

__all__ = [
    "AddOptions",
    "CacheOptions",
    "ChatStoreOptions",
    "HybridOptions",
    "IndexOptions",
    "QueryOptions",
    "RecencyOptions",
    "RedisChatStore",
    "RedisDocumentStore",
    "RedisIndexStore",
    "RedisKVStore",
    "RedisMemoryStore",
    "RedisStorageContext",
    "RedisVectorStore",
    "SearchOptions",
    "SemanticCacheQueryEngine",
    "SessionOptions",
    "TextOptions",
    "acalibrate",
    "calibrate",
]

_OWN = "redisvl_adapters.llama_index"
_CORE = "redisvl_adapters.core"
__getattr__ = lazy_attributes(
    __name__,
    {
        "RedisVectorStore": f"{_OWN}.vector_store",
        "RedisChatStore": f"{_OWN}.chat_store",
        "RedisDocumentStore": f"{_OWN}.document_store",
        "RedisIndexStore": f"{_OWN}.index_store",
        "RedisKVStore": f"{_OWN}.kv_store",
        "RedisMemoryStore": f"{_OWN}.memory_store",
        "RedisStorageContext": f"{_OWN}.storage_context",
        "SemanticCacheQueryEngine": f"{_OWN}.semantic_cache",
        **dict.fromkeys(["calibrate", "acalibrate"], f"{_CORE}.caches.calibration"),
        "IndexOptions": f"{_CORE}.schema.options",
        **dict.fromkeys(["SearchOptions", "TextOptions", "HybridOptions"], f"{_CORE}.search.options"),
        "RecencyOptions": f"{_CORE}.search.recency",
        **dict.fromkeys(["SessionOptions", "ChatStoreOptions"], f"{_CORE}.sessions.options"),
        "CacheOptions": f"{_CORE}.caches.cache_options",
        **dict.fromkeys(["AddOptions", "QueryOptions"], f"{_OWN}.options"),
    },
)


def __dir__() -> list[str]:
    return __all__
