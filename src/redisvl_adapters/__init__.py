"""One Redis index under LangChain and LlamaIndex, built on RedisVL.

The adapters are in ``redisvl_adapters.langchain`` and ``redisvl_adapters.llama_index``; a Redis from pip is in
``redisvl_adapters.embedded``. This module imports neither framework.
"""

from redisvl_adapters.errors import (
    AdapterError,
    ArgumentError,
    AuthenticationError,
    CopyError,
    DuplicateDocumentWarning,
    EmbeddedRedisError,
    EmbeddingError,
    FilterError,
    IndexNotFoundError,
    IndexNotReadyError,
    MissingExtraError,
    MissingModuleError,
    PartialWriteError,
    ReadOnlyError,
    RecordError,
    RerankError,
    SchemaError,
    SchemaMismatchError,
    ServerError,
    ServerUnavailableError,
    UnknownArgumentError,
    UnknownFieldError,
    UnknownFieldWarning,
)

__version__ = "0.1.0"

__all__ = [
    "AdapterError",
    "ArgumentError",
    "AuthenticationError",
    "CopyError",
    "DuplicateDocumentWarning",
    "EmbeddedRedisError",
    "EmbeddingError",
    "FilterError",
    "IndexNotFoundError",
    "IndexNotReadyError",
    "MissingExtraError",
    "MissingModuleError",
    "PartialWriteError",
    "ReadOnlyError",
    "RecordError",
    "RerankError",
    "SchemaError",
    "SchemaMismatchError",
    "ServerError",
    "ServerUnavailableError",
    "UnknownArgumentError",
    "UnknownFieldError",
    "UnknownFieldWarning",
    "__version__",
]
