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
    from redisvl_adapters.core.caches.calibration import acalibrate, calibrate
    from redisvl_adapters.core.sessions.summaries import SessionSummary
    from redisvl_adapters.langchain.byte_store import RedisByteStore
    from redisvl_adapters.langchain.cache import RedisCache, RedisSemanticCache
    from redisvl_adapters.langchain.chat_history import RedisChatMessageHistory
    from redisvl_adapters.langchain.record_manager import RedisRecordManager
    from redisvl_adapters.langchain.structured import RedisStructuredQueryTranslator
    from redisvl_adapters.langchain.vectorstore import RedisVectorStore

__all__ = [
    "RedisByteStore",
    "RedisCache",
    "RedisChatMessageHistory",
    "RedisRecordManager",
    "RedisSemanticCache",
    "RedisStructuredQueryTranslator",
    "RedisVectorStore",
    "SessionSummary",
    "acalibrate",
    "calibrate",
]

__getattr__ = lazy_attributes(
    __name__,
    {
        "RedisByteStore": f"{__name__}.byte_store",
        "RedisCache": f"{__name__}.cache",
        "RedisChatMessageHistory": f"{__name__}.chat_history",
        "RedisRecordManager": f"{__name__}.record_manager",
        "RedisSemanticCache": f"{__name__}.cache",
        "RedisStructuredQueryTranslator": f"{__name__}.structured",
        "RedisVectorStore": f"{__name__}.vectorstore",
        "SessionSummary": "redisvl_adapters.core.sessions.summaries",
        "acalibrate": "redisvl_adapters.core.caches.calibration",
        "calibrate": "redisvl_adapters.core.caches.calibration",
    },
)


def __dir__() -> list[str]:
    return __all__
