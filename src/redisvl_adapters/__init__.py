"""One Redis index under LangChain and LlamaIndex, built on RedisVL.

The adapters are in ``redisvl_adapters.langchain`` and ``redisvl_adapters.llama_index``; a Redis from pip is in
``redisvl_adapters.embedded``. This module imports neither framework; ``indexes`` lists the indexes on a server.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from redisvl_adapters.errors import (
    AdapterError,
    AdapterWarning,
    ArgumentError,
    AuthenticationError,
    CacheWarning,
    CopyError,
    DuplicateDocumentWarning,
    EmbeddedRedisError,
    EmbeddingError,
    FilterError,
    IndexNotFoundError,
    IndexNotReadyError,
    LostRegistryWarning,
    MissingExtraError,
    MissingModuleError,
    NotIndexedWarning,
    PartialWriteError,
    ReadOnlyError,
    RecordError,
    RerankError,
    SchemaError,
    SchemaMismatchError,
    ServerError,
    ServerUnavailableError,
    SkippedRecordWarning,
    UnknownArgumentError,
    UnknownFieldError,
    UnknownFieldWarning,
)

if TYPE_CHECKING:
    from redisvl_adapters.core.inspection.listing import IndexKind, IndexSummary, aindexes, indexes

__version__ = "0.2.0"

__all__ = [
    "AdapterError",
    "AdapterWarning",
    "ArgumentError",
    "AuthenticationError",
    "CacheWarning",
    "CopyError",
    "DuplicateDocumentWarning",
    "EmbeddedRedisError",
    "EmbeddingError",
    "FilterError",
    "IndexKind",
    "IndexNotFoundError",
    "IndexNotReadyError",
    "IndexSummary",
    "LostRegistryWarning",
    "MissingExtraError",
    "MissingModuleError",
    "NotIndexedWarning",
    "PartialWriteError",
    "ReadOnlyError",
    "RecordError",
    "RerankError",
    "SchemaError",
    "SchemaMismatchError",
    "ServerError",
    "ServerUnavailableError",
    "SkippedRecordWarning",
    "UnknownArgumentError",
    "UnknownFieldError",
    "UnknownFieldWarning",
    "__version__",
    "aindexes",
    "indexes",
]

_LISTING = {"IndexKind", "IndexSummary", "aindexes", "indexes"}


def __getattr__(name: str) -> Any:
    # Who imports an error does not wait for the core.
    if name in _LISTING:
        return getattr(import_module("redisvl_adapters.core.inspection.listing"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
