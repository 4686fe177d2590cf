"""The embedding model of a server: what ``module:name`` gives, of any library, as one async function of texts."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.errors import ArgumentError, EmbeddingError, did_you_mean

Embed: TypeAlias = Callable[[str], Awaitable[Vector]]

_KINDS = (
    ("aembed_query", "aembed_documents"),  # LangChain
    ("aget_query_embedding", "aget_text_embedding"),  # LlamaIndex
    ("embed_query", "embed_documents"),  # with the methods of LangChain that are not async
    ("embed", "embed"),  # RedisVL
)
_WANTED = (
    "an embedding model of LangChain, LlamaIndex or RedisVL, what returns one, or a function of a list of texts that "
    "returns their vectors"
)


class Embedding(NamedTuple):
    """What turns texts into vectors.

    Attributes:
        query: Returns the vector of a query.
        document: Returns the vector of a text that is written.
    """

    query: Embed
    document: Embed


def load_embedding(name: str) -> Embedding:
    """Return the embedding model with a name such as ``my_models:embedding``.

    Args:
        name: A module, which may lie in the working directory, and in it a model, a class or function that makes one
            without arguments, or a function of a list of texts.

    Raises:
        ArgumentError: If there is no such thing, or it cannot embed.
        EmbeddingError: If what makes it fails.
    """
    return as_embedding(_made(load_object(name, "embedding"), name), name)


def load_object(name: str, what: str) -> Any:
    """Return what has a name such as ``my_models:embedding``, in a module that may lie in the working directory.

    Args:
        name: The module, and the name in it.
        what: What it is for, for errors.

    Raises:
        ArgumentError: If there is no such thing.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise ArgumentError(f"{what} is written module:name, such as my_models:{what}; not {name!r:.80}")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise ArgumentError(f"{what}: there is no module {error.name!r}, here or among what is installed") from error
    if not hasattr(module, attribute):
        hint = did_you_mean(attribute, vars(module))
        raise ArgumentError(f"{what}: module {module_name!r} has no {attribute!r}{hint}")
    return getattr(module, attribute)


def as_embedding(model: Any, name: str) -> Embedding:
    """Return a model of any library as two async functions.

    Args:
        model: The model, or a function of a list of texts.
        name: Names it in errors.

    Raises:
        ArgumentError: If it cannot embed.
    """
    for query, document in _KINDS:
        if callable(getattr(model, query, None)) and callable(getattr(model, document, None)):
            return Embedding(_of_one(getattr(model, query)), _of_method(getattr(model, document), document))
    if callable(model):
        embed = _of_many(model)
        return Embedding(embed, embed)
    raise ArgumentError(f"embedding: {name!r} is {_WANTED}; not {type(model).__name__}")


def _made(found: Any, name: str) -> Any:
    is_model = not isinstance(found, type) and any(hasattr(found, query) for query, _ in _KINDS)
    if is_model or not callable(found) or not _takes_nothing(found):
        return found
    try:
        return found()
    except Exception as error:
        raise EmbeddingError(f"embedding: {name!r} failed: {error}") from error


def _takes_nothing(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except TypeError:
        # One that takes texts; of a class, its maker is to be written.
        if isinstance(function, type):
            raise ArgumentError(
                f"embedding: class {function.__name__} needs arguments; name a function that makes the model"
            ) from None
        return False
    except ValueError:  # no signature
        return True
    return True


def _of_method(method: Callable[..., Any], name: str) -> Embed:
    return _of_many(method) if name.endswith("embed_documents") else _of_one(method)


def _of_many(function: Callable[[list[str]], Any]) -> Embed:
    async def embed(text: str) -> Vector:
        vectors: Sequence[Vector] = await _called(function, [text])
        if not hasattr(vectors, "__len__") or len(vectors) != 1:
            raise EmbeddingError("the embedding model failed: it returned no list of one vector for a list of one text")
        return vectors[0]

    return embed


def _of_one(function: Callable[[str], Any]) -> Embed:
    async def embed(text: str) -> Vector:
        return await _called(function, text)  # type: ignore[no-any-return]  # of any library

    return embed


async def _called(function: Callable[[Any], Any], argument: Any) -> Any:
    """Call a function: on the event loop if it is async, else in a thread, so that others are served meanwhile."""
    try:
        if inspect.iscoroutinefunction(function):
            return await function(argument)
        made = await asyncio.to_thread(function, argument)
        return await made if inspect.isawaitable(made) else made
    except Exception as error:
        raise EmbeddingError(f"the embedding model failed: {type(error).__name__}") from error
