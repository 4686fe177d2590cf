"""The vector store for LlamaIndex, over an index that LangChain can use as well."""

from redisvl_adapters.errors import MissingExtraError

try:
    import llama_index.core  # noqa: F401  # only to say what is missing
except ModuleNotFoundError as error:
    if error.name not in ("llama_index", "llama_index.core"):
        raise
    raise MissingExtraError(
        'redisvl_adapters.llama_index needs llama-index-core: pip install "redisvl-adapters[llama-index]"'
    ) from error

from redisvl_adapters.core.calibration import acalibrate, calibrate
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
