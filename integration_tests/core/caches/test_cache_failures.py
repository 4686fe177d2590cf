"""Bad input and bad days: refused before a round trip, damaged entries, another model's vectors, and Redis away."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import redis
from langchain_core.messages import HumanMessage

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import DIMS, MODEL, kind, make_cache, said, told
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, keys_of
from redisvl_adapters.errors import (
    ArgumentError,
    SchemaMismatchError,
    ServerUnavailableError,
    UnknownArgumentError,
)
from redisvl_adapters.langchain import RedisCache, RedisChatMessageHistory, RedisSemanticCache, RedisVectorStore

__all__ = ["kind", "make_cache"]  # fixtures
clients = langchain_support.clients  # a fixture

Make = Callable[..., Any]
NOBODY = "redis://localhost:1"

DAMAGED = [
    "",
    "no JSON",
    "[",
    "null",
    "{}",
    "[1]",
    '[{"$Generation":{}}]',
    '[{"$Generation":[]}]',
    '[{"$Unknown":{"text":"a"}}]',
    '[{"$AIMessage":{"content":"a"}}]',
    '[{"$ChatGeneration":{"message":{"$AIMessage":{}}}}]',
    '[{"$Generation":{"text":{"$datetime":"never"}}}]',
    " ",
    " [NaN",
]


@pytest.mark.parametrize("text", DAMAGED)
async def test_a_damaged_string_is_a_miss_with_a_warning(
    make_cache: Make, server: redis.Redis, index_name: str, call: Call, text: str
) -> None:
    cache = make_cache(RedisCache)
    await call(cache, "update", "sort", MODEL, said("whole"))
    (key,) = keys_of(server, index_name)
    server.set(key, text)
    with pytest.warns(RuntimeWarning, match="miss: .* is damaged"):
        assert await call(cache, "lookup", "sort", MODEL) is None
    await call(cache, "update", "sort", MODEL, said("whole again"))
    assert await call(cache, "lookup", "sort", MODEL) == said("whole again")


@pytest.mark.parametrize("text", DAMAGED)
async def test_a_damaged_entry_is_a_miss_with_a_warning(
    make_cache: Make, server: redis.Redis, index_name: str, storage: str, call: Call, text: str
) -> None:
    """langchain-redis 16: one bad record kills every search that meets it."""
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    await call(cache, "update", "sort", MODEL, said("whole"))
    (key,) = keys_of(server, f"{index_name}:")
    if storage == "hash":
        server.hset(key, "_node", text)
    else:
        server.json().set(key, "$._node", text)
    for prompt in ("sort", "order"):
        with pytest.warns(RuntimeWarning, match="miss: .* is damaged"):
            assert await call(cache, "lookup", prompt, MODEL) is None
    await call(cache, "update", "sort", MODEL, said("whole again"))
    for prompt in ("sort", "order"):
        assert await call(cache, "lookup", prompt, MODEL) == said("whole again")


async def test_an_entry_without_an_answer_is_a_miss(
    make_cache: Make, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    await call(cache, "update", "sort", MODEL, said("whole"))
    (key,) = keys_of(server, f"{index_name}:")
    if storage == "hash":
        server.hdel(key, "_node")
    else:
        server.json().delete(key, "$._node")
    for prompt in ("sort", "order"):
        with pytest.warns(RuntimeWarning, match="miss: .* is damaged"):
            assert await call(cache, "lookup", prompt, MODEL) is None


async def test_something_else_where_an_entry_was_expected_is_a_miss_with_a_warning(
    make_cache: Make, server: redis.Redis, index_name: str, kind: Any, storage: str, call: Call
) -> None:
    cache = make_cache(kind, **({} if kind is RedisCache else {"storage": storage}))
    await call(cache, "update", "sort", MODEL, said("whole"))
    (key,) = keys_of(server, f"{index_name}:")
    server.delete(key)
    server.rpush(key, "a list")
    with pytest.warns(RuntimeWarning, match="miss: something else lies at"):
        assert await call(cache, "lookup", "sort", MODEL) is None
    if kind is RedisSemanticCache:
        with pytest.warns(RuntimeWarning, match=f"not cached: at the key '{key}' there is something that is not"):
            await call(cache, "update", "sort", MODEL, said("whole again"))
        assert server.type(key) == b"list"


async def test_an_embedding_of_other_dimensions_is_refused(make_cache: Make, storage: str, call: Call) -> None:
    await call(make_cache(RedisSemanticCache, storage=storage), "update", "sort", MODEL, said("kept"))
    other = make_cache(RedisSemanticCache, Model(dims=DIMS + 1))
    with pytest.raises(SchemaMismatchError, match=r"vectors of 4 dimensions, but the embedding model made one of 5"):
        await call(other, "lookup", "order", MODEL)
    with pytest.raises(SchemaMismatchError, match=r"vectors of 4 dimensions, but the embedding model made one of 5"):
        await call(other, "update", "order", MODEL, said("lost"))
    assert await call(other, "lookup", "sort", MODEL) == said("kept")
    with pytest.raises(SchemaMismatchError, match="vectors of 4 dimensions"):
        await call(make_cache(RedisSemanticCache, Model(dims=3)), "update", "order", MODEL, said("lost"))


async def test_an_index_that_is_no_cache_is_refused(
    make_cache: Make, server: redis.Redis, index_name: str, call: Call
) -> None:
    server.execute_command("FT.CREATE", index_name, "SCHEMA", "a", "TEXT")
    with pytest.raises(SchemaMismatchError, match="was not made by this library"):
        await call(make_cache(RedisSemanticCache), "lookup", "sort", MODEL)


async def test_an_index_of_a_store_or_of_conversations_is_refused_and_left_alone(
    make_cache: Make, clients: Clients, index_name: str, storage: Any, call: Call
) -> None:
    store = RedisVectorStore(Model(dims=DIMS), index_name=index_name, storage=storage, **clients)
    store.add_texts(["sort"], [{"within": "a"}], ids=["1"])
    history = RedisChatMessageHistory(
        "s", prefix=f"{index_name}-h", index_name=f"{index_name}-h", embedding=Model(dims=DIMS), **clients
    )
    history.add_messages([HumanMessage("sort")])
    for name in (index_name, f"{index_name}-h"):
        cache = make_cache(RedisSemanticCache, index_name=name)
        lookups = [("lookup", "sort", MODEL), ("update", "sort", MODEL, said("answer"))]
        for method, *rest in (*lookups, ("clear",), ("create", DIMS), ("drop",)):
            with pytest.raises(SchemaMismatchError, match=f"index '{name}' is no cache"):
                await call(cache, method, *rest)
    assert store.count() == 1
    assert history.recall("sort") == [HumanMessage("sort")]


@pytest.mark.parametrize("vector", [[0.0] * DIMS, [float("nan")] * DIMS])
async def test_a_vector_without_direction_is_refused(make_cache: Make, call: Call, vector: list[float]) -> None:
    cache = make_cache(RedisSemanticCache, Model({"bad": vector}, dims=DIMS))
    await call(cache, "update", "sort", MODEL, said("kept"))
    with pytest.raises(ArgumentError, match="the query"):
        await call(cache, "lookup", "bad", MODEL)


@pytest.mark.parametrize("prompt", ["", None, 1, b"sort"])
async def test_an_empty_prompt_is_refused(kind: Any, call: Call, prompt: Any) -> None:
    cache = RedisCache(redis_url=NOBODY) if kind is RedisCache else RedisSemanticCache(Model(), redis_url=NOBODY)
    with pytest.raises(ArgumentError, match="a prompt is a non-empty text"):
        await call(cache, "lookup", prompt, MODEL)
    with pytest.raises(ArgumentError, match="a prompt is a non-empty text"):
        await call(cache, "update", prompt, MODEL, said("answer"))


async def test_a_prompt_that_utf8_cannot_hold_has_its_own_answer(make_cache: Make, kind: Any, call: Call) -> None:
    cache = make_cache(kind)
    for prompt in ("sort \ud800", "sort \udfff"):
        assert await call(cache, "lookup", prompt, MODEL) is None
        await call(cache, "update", prompt, MODEL, said(repr(prompt)))
    for prompt in ("sort \ud800", "sort \udfff"):
        assert await call(cache, "lookup", prompt, MODEL) == said(repr(prompt))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"distance_threshold": -0.1}, "from 0 .* to 2; not -0.1"),
        ({"distance_threshold": 2.1}, "from 0 .* to 2; not 2.1"),
        ({"distance_threshold": float("nan")}, "from 0 .* to 2; not nan"),
        ({"distance_threshold": "0.1"}, "from 0 .* to 2; not '0.1'"),
        ({"distance_threshold": True}, "from 0 .* to 2; not True"),
        ({"ttl": 0}, "ttl is a positive number of seconds"),
        ({"ttl": -1}, "ttl is a positive number of seconds"),
        ({"on_error": "mis"}, r"raise, miss; not 'mis' \(did you mean 'miss'\?\)"),
        ({"scope": "acme"}, "scope is a mapping"),
        ({"scope": {"": "a"}}, "the name of a scope field"),
        ({"scope": {"tenant": ""}}, "scope field 'tenant' is a non-empty text or an integer; not ''"),
        ({"scope": {"tenant": None}}, "scope field 'tenant' .* not None"),
        ({"scope": {"tenant": True}}, "scope field 'tenant' .* not True"),
        ({"scope": {"tenant": ["a"]}}, "scope field 'tenant'"),
        ({"scope": {"tenant": "\ud800"}}, "scope field 'tenant'"),
        ({"algorithm": "svs-vamana"}, "algorithm is one of hnsw, flat"),
        ({"index_name": ""}, "index_name is needed"),
        ({"storage": "xml"}, "storage is one of hash, json"),
        ({"client": 1}, "client is a redis.Redis"),
    ],
)
def test_a_value_out_of_range_is_refused_at_once(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        RedisSemanticCache(Model(), **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ttl": 0}, "ttl is a positive number of seconds"),
        ({"on_error": None}, "raise, miss; not None"),
        ({"prefix": ""}, "prefix is a non-empty string"),
        ({"prefix": ":"}, "prefix is a non-empty string"),
        ({"redis_url": "http://a"}, "redis_url starts with"),
    ],
)
def test_a_value_out_of_range_is_refused_at_once_by_the_exact_cache(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        RedisCache(**options)


async def test_an_unknown_keyword_is_refused(make_cache: Make, kind: Any, call: Call) -> None:
    """langchain-redis 22: unknown keywords are swallowed."""
    with pytest.raises(UnknownArgumentError, match=r"no argument 'tll' \(did you mean 'ttl'\?\)"):
        make_cache(kind, tll=1)
    cache = make_cache(kind)
    with pytest.raises(UnknownArgumentError, match="clear has no argument 'all'"):
        await call(cache, "clear", all=True)
    with pytest.raises(UnknownArgumentError, match="lookup has no argument 'k'"):
        await call(cache, "lookup", "sort", MODEL, k=1)


def test_options_that_would_break_a_cache_are_unknown() -> None:
    for name, value in (("metadata_schema", {}), ("schema", {}), ("learn", False), ("distance_metric", "ip")):
        with pytest.raises(UnknownArgumentError, match=name):
            RedisSemanticCache(Model(), **{name: value})  # type: ignore[arg-type]  # that is the point


async def test_redis_away_is_an_error(kind: Any, call: Call) -> None:
    cache = RedisCache(redis_url=NOBODY) if kind is RedisCache else RedisSemanticCache(Model(), redis_url=NOBODY)
    with pytest.raises(ServerUnavailableError, match="no Redis server answers at redis://localhost:1"):
        await call(cache, "lookup", "sort", MODEL)
    with pytest.raises(ServerUnavailableError, match="no Redis server answers at redis://localhost:1"):
        await call(cache, "update", "sort", MODEL, said("answer"))


async def test_redis_away_is_a_miss_where_that_is_asked_for(kind: Any, call: Call) -> None:
    options: dict[str, Any] = {"redis_url": NOBODY, "on_error": "miss"}
    cache = RedisCache(**options) if kind is RedisCache else RedisSemanticCache(Model(), **options)
    with pytest.warns(RuntimeWarning, match="counts as a miss: no Redis server answers"):
        assert await call(cache, "lookup", "sort", MODEL) is None
    with pytest.warns(RuntimeWarning, match="the answer was not cached: no Redis server answers"):
        await call(cache, "update", "sort", MODEL, said("answer"))
    with pytest.raises(ServerUnavailableError):
        await call(cache, "clear")


def test_a_constructor_sends_nothing(kind: Any) -> None:
    cache = RedisCache(redis_url=NOBODY) if kind is RedisCache else RedisSemanticCache(Model(), redis_url=NOBODY)
    cache.close()


def test_a_copy_is_a_cache_of_its_own_on_the_same_index(redis_url: str, index_name: str) -> None:
    given: dict[str, Any] = {"redis_url": redis_url, "index_name": index_name, "scope": {"a": 1}, "ttl": 9}
    with RedisSemanticCache(told(sort=0), distance_threshold=0.3, on_error="miss", **given) as cache:
        cache.scoped(b=2).update("sort", MODEL, said("kept"))
        for made in (copy.deepcopy(cache.scoped(b=2)), pickle.loads(pickle.dumps(cache.scoped(b=2)))):  # noqa: S301  # ours
            with made:
                assert made.lookup("sort", MODEL) == said("kept")
                assert (made.distance_threshold, made.scope) == (0.3, {"a": "1", "b": "2"})
                assert made.index.state.spec.ttl_ms == 9000
