"""The vector store, caches and chat stores for LlamaIndex, over an index that LangChain can use as well."""

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
    from redisvl_adapters.core.caches.calibration import acalibrate, calibrate
    from redisvl_adapters.llama_index.chat_store import RedisChatStore
    from redisvl_adapters.llama_index.memory_store import RedisMemoryStore
    from redisvl_adapters.llama_index.semantic_cache import SemanticCacheQueryEngine
    from redisvl_adapters.llama_index.vectorstore import RedisVectorStore

__all__ = [
    "RedisChatStore",
    "RedisMemoryStore",
    "RedisVectorStore",
    "SemanticCacheQueryEngine",
    "acalibrate",
    "calibrate",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "RedisChatStore": f"{__name__}.chat_store",
        "RedisMemoryStore": f"{__name__}.memory_store",
        "RedisVectorStore": f"{__name__}.vectorstore",
        "SemanticCacheQueryEngine": f"{__name__}.semantic_cache",
        "acalibrate": "redisvl_adapters.core.caches.calibration",
        "calibrate": "redisvl_adapters.core.caches.calibration",
    },
)


def __dir__() -> list[str]:
    return __all__
