"""Every error that this library raises on purpose, and every warning.

AdapterError
├── ArgumentError (ValueError)
│   └── UnknownArgumentError (TypeError)
├── FilterError (ValueError)
│   └── UnknownFieldError
├── RecordError (ValueError)
├── SchemaError (ValueError)
├── SchemaMismatchError
├── IndexNotFoundError
├── ReadOnlyError
├── PartialWriteError
├── CopyError
├── EmbeddingError (RuntimeError)
├── RerankError (RuntimeError)
├── MissingExtraError (ImportError)
├── EmbeddedRedisError (RuntimeError)
└── ServerError
    ├── ServerUnavailableError (ConnectionError)
    ├── AuthenticationError
    ├── MissingModuleError
    └── IndexNotReadyError

AdapterWarning (UserWarning)
├── UnknownFieldWarning
├── DuplicateDocumentWarning
├── SkippedRecordWarning (RuntimeWarning)
├── NotIndexedWarning (RuntimeWarning)
├── CacheWarning (RuntimeWarning)
└── LostRegistryWarning (RuntimeWarning)
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar, cast, get_args, get_type_hints

P = ParamSpec("P")
T = TypeVar("T")


class AdapterError(Exception):
    """The base of all errors below: catch it to catch whatever this library raises."""


class AdapterWarning(UserWarning):
    """The base of all warnings below: filter by it to filter whatever this library warns of."""


class UnknownFieldWarning(AdapterWarning):
    """A filter finds nothing, since it names a metadata key that no record of the index has had."""


class DuplicateDocumentWarning(AdapterWarning):
    """A LlamaIndex index adds a document once more that the store has already, under other node ids."""


class SkippedRecordWarning(AdapterWarning, RuntimeWarning):
    """Something is left out of an answer, since it is no record, or no message, that can be read."""


class NotIndexedWarning(AdapterWarning, RuntimeWarning):
    """Messages are kept, and recall does not find them yet."""


class CacheWarning(AdapterWarning, RuntimeWarning):
    """A cache failed where it was told not to let calls fail: an answer was not read from it, or not kept in it."""


class LostRegistryWarning(AdapterWarning, RuntimeWarning):
    """The registry of an index is lost, and its records do not tell all that it said."""


class ArgumentError(AdapterError, ValueError):
    """An argument has a value that the call cannot honour."""


class UnknownArgumentError(ArgumentError, TypeError):
    """A keyword was passed that the call does not have."""


class FilterError(AdapterError, ValueError):
    """A filter names an unknown field or operator, or compares with a value of the wrong type."""


class UnknownFieldError(FilterError):
    """A filter names a metadata key that no record of the index has had.

    Attributes:
        key: The key.
    """

    def __init__(self, message: str, *, key: str = "") -> None:
        super().__init__(message)
        self.key = key


class RecordError(AdapterError, ValueError):
    """A record could not be stored, indexed and read back exactly; nothing was written."""


class SchemaError(AdapterError, ValueError):
    """The description of an index contradicts itself or asks for something that does not exist."""


class SchemaMismatchError(AdapterError):
    """The index exists, but is not the one that was asked for; the message lists each difference."""


class IndexNotFoundError(AdapterError):
    """The index does not exist, and the call needs it or was told not to create it."""


class ReadOnlyError(AdapterError):
    """The index was made by another application and is only read, or has no room for what was to be done to it."""


class EmbeddingError(AdapterError, RuntimeError):
    """An embedding model failed: ``__cause__`` is what it raised."""


class RerankError(AdapterError, RuntimeError):
    """A reranker gave back what is not one finite score for each text, or no documents; ``__cause__`` may say more."""


class MissingExtraError(AdapterError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""


class EmbeddedRedisError(AdapterError, RuntimeError):
    """The embedded Redis could not be found, started or given the folder it was asked to use."""


class ServerError(AdapterError):
    """The Redis server refused a command or did not answer it."""


class ServerUnavailableError(ServerError, ConnectionError):
    """No server could be reached, or the connection to it was lost."""


class AuthenticationError(ServerError):
    """The server refused the username or the password, or the user may not run the command."""


class MissingModuleError(ServerError):
    """The server lacks the search or the JSON module, or a feature that this needs of them."""


class IndexNotReadyError(ServerError):
    """The server is still scanning the records of the index, so that it would answer with a part of them.

    Attributes:
        percent: How much of the scan is done, from 0 to 100; NaN if the server does not say.
    """

    def __init__(self, message: str, *, percent: float = 0.0) -> None:
        super().__init__(message)
        self.percent = percent


class PartialWriteError(AdapterError):
    """A write stopped part-way; ``__cause__`` says why.

    The server may have failed, or the model, or the stream itself, or a record of it was wrong. Adding the same again
    completes the job, if the records have ids: given ones, or those of ``content_ids=True``.

    Attributes:
        written: The ids of the records that are stored, in input order.
        unwritten: The ids of the records that are not known to be stored, in input order.
    """

    def __init__(self, message: str, *, written: Sequence[str] = (), unwritten: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.written = list(written)
        self.unwritten = list(unwritten)


class CopyError(AdapterError):
    """A copy stopped part-way; calling it again goes on from there. ``__cause__`` says why, if something failed.

    Attributes:
        report: What was done until then.
    """

    def __init__(self, message: str, *, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``" (did you mean 'x'?)"`` for the nearest of the known names, or nothing."""
    import difflib  # noqa: PLC0415  # misspelt names are rare, and every import would pay for it

    close = difflib.get_close_matches(name, list(known), n=1)
    # Of an enumeration's member the value, not the repr.
    return f" (did you mean {str(close[0])!r}?)" if close else ""


# What other libraries of the field call the arguments of this one.
_ELSEWHERE = {
    "connection": "client",
    "data_type": "storage",
    "datatype": "dtype",
    "distance_strategy": "distance_metric",
    "embed_model": "embedding",
    "embeddings": "embedding",
    "embedding_function": "embedding",
    "indexing_algorithm": "algorithm",
    "index_schema": "schema",
    "key_prefix": "prefix",
    "lambda_mult": "mmr_threshold",
    "metadata_fields": "metadata_schema",
    "mmr_prefetch_k": "fetch_k",
    "mmr_threshold": "lambda_mult",
    "overwrite": "create",
    "redis": "client",
    "redis_async_client": "async_client",
    "redis_client": "client",
    "redis_client_async": "async_client",
    "schema_path": "schema",
    "score_threshold": "distance_threshold",
    "storage_type": "storage",
    "top_k": "k",
    "url": "redis_url",
    "vector_datatype": "dtype",
    "vector_dimensions": "dims",
    "where": "filter",
}


def refuse_unknown(where: str, unknown: Mapping[str, Any], known: Iterable[str], listed_in: str | None = None) -> None:
    """Raise if a call was given keywords that it does not have.

    Args:
        where: The name of the call, for the message.
        unknown: The keywords that were left over.
        known: The keywords that the call has.
        listed_in: What lists and explains them, where they are too many for a message.

    Raises:
        UnknownArgumentError: If anything was left over.
    """
    if unknown:
        known = sorted(known)
        name = next(iter(unknown))
        if name in known:
            raise UnknownArgumentError(f"{where} was given {name!r} twice; give it once")
        elsewhere = _ELSEWHERE.get(name)
        hint = f" (did you mean {elsewhere!r}?)" if elsewhere in known else did_you_mean(name, known)
        takes = f"{listed_in} lists what it takes" if listed_in else f"it takes: {', '.join(known) or 'none'}"
        raise UnknownArgumentError(f"{where} has no argument {name!r}{hint}; {takes}")


def known_keywords(method: Callable[P, T]) -> Callable[P, T]:
    """Make a method, sync or async, refuse keywords that it does not have with an ``UnknownArgumentError``.

    Keywords that are annotated as ``**options: Unpack[Options]`` are the keys of that typed dictionary.
    """
    known = _keywords_of(method)

    def check(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        if not kwargs.keys() <= known:
            called = type(args[0]).__name__ if method.__name__ == "__init__" else method.__name__
            refuse_unknown(called, {name: kwargs[name] for name in kwargs if name not in known}, known)

    @functools.wraps(method)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        check(args, kwargs)
        return method(*args, **kwargs)

    @functools.wraps(method)
    async def achecked(*args: P.args, **kwargs: P.kwargs) -> Any:
        check(args, kwargs)
        return await cast("Awaitable[Any]", method(*args, **kwargs))

    return cast("Callable[P, T]", achecked) if inspect.iscoroutinefunction(method) else checked


def _keywords_of(method: Callable[..., Any]) -> set[str]:
    known: set[str] = set()
    for name, parameter in inspect.signature(method).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            (options,) = get_args(get_type_hints(method)[name])
            known |= options.__annotations__.keys()
        elif name != "self":
            known.add(name)
    return known
