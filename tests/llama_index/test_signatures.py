"""What ``help`` and editors show of the LlamaIndex classes: every keyword by its name, not ``**options``."""

from __future__ import annotations

import inspect
import pydoc
import re
from collections.abc import Callable
from inspect import Parameter
from typing import Any

import pytest

import redisvl_adapters.llama_index as adapter
from redisvl_adapters.llama_index import (
    AddOptions,
    CacheOptions,
    ChatStoreOptions,
    IndexOptions,
    QueryOptions,
    RedisChatStore,
    RedisMemoryStore,
    RedisVectorStore,
    SemanticCacheQueryEngine,
    SessionOptions,
)

SHOWN: list[tuple[Callable[..., Any], list[str], Any]] = [
    (RedisVectorStore, ["index_name", "redis_url", "client"], IndexOptions),
    (RedisVectorStore.add, ["self", "nodes"], AddOptions),
    (RedisVectorStore.async_add, ["self", "nodes"], AddOptions),
    (RedisVectorStore.query, ["self", "query"], QueryOptions),
    (RedisVectorStore.aquery, ["self", "query"], QueryOptions),
    (RedisChatStore, ["redis_url", "client"], ChatStoreOptions),
    (RedisMemoryStore, ["redis_url", "client"], SessionOptions),
    (SemanticCacheQueryEngine, ["query_engine", "embed_model", "index_name", "name"], CacheOptions),
]


@pytest.mark.parametrize(("call", "first", "options"), SHOWN, ids=[call.__qualname__ for call, *_ in SHOWN])
def test_a_signature_has_each_keyword_with_its_type(call: Callable[..., Any], first: list[str], options: Any) -> None:
    parameters = inspect.signature(call).parameters
    assert [*parameters][: len(first)] == first
    assert options.__annotations__.keys() <= parameters.keys()
    assert Parameter.VAR_KEYWORD not in {each.kind for each in parameters.values()}
    assert "ForwardRef" not in str(inspect.signature(call))


class OwnStore(RedisVectorStore):
    """A store of a user's own."""


@pytest.mark.parametrize("store", [RedisVectorStore, OwnStore])
def test_help_on_a_store_begins_with_its_keywords(store: type[RedisVectorStore]) -> None:
    # Python 3.13 and newer write one keyword a line; 3.14 writes annotations without quotes.
    shown = re.sub(r"[\s|']", "", pydoc.plain(pydoc.render_doc(store)))
    assert f"{store.__name__}(*,index_name:strNone=...,redis_url:strNone=...," in shown
    assert "stores_text:bool=True," not in shown


def test_every_name_of_the_adapter_can_be_imported() -> None:
    assert all(getattr(adapter, name).__name__ == name for name in adapter.__all__)
