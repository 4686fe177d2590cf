"""The vector store for LangChain, over an index that LlamaIndex can use as well."""

from redisvl_adapters.errors import MissingExtraError

try:
    import langchain_core  # noqa: F401  # only to say what is missing
except ModuleNotFoundError as error:
    if error.name != "langchain_core":
        raise
    raise MissingExtraError(
        'redisvl_adapters.langchain needs langchain-core: pip install "redisvl-adapters[langchain]"'
    ) from error

from redisvl_adapters.core.calibration import acalibrate, calibrate
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
    "acalibrate",
    "calibrate",
]
