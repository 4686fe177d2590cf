"""The exact cache for LangChain: identical prompts, plain strings, and clearing that reaches no other key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import MODEL, OTHER, make_cache, said
from integration_tests.core.core_support import own_server, until
from integration_tests.langchain.langchain_support import keys_of
from redisvl_adapters.langchain import RedisCache

pytestmark = pytest.mark.sharded

__all__ = ["make_cache"]  # a fixture

Make = Callable[..., Any]


async def test_an_identical_prompt_to_the_same_model_is_answered(make_cache: Make, call: Call) -> None:
    """langchain-redis 24: two models, one cache."""
    cache = make_cache(RedisCache)
    for model in (MODEL, OTHER):
        await call(cache, "update", "sort", model, said(f"by {model}"))
    for model in (MODEL, OTHER):
        assert await call(cache, "lookup", "sort", model) == said(f"by {model}")
    assert await call(cache, "lookup", "Sort", MODEL) is None
    assert await call(cache, "lookup", "sort", "") is None


async def test_what_is_prompt_and_what_is_model_is_told_apart(make_cache: Make, call: Call) -> None:
    cache = make_cache(RedisCache)
    await call(cache, "update", "ab", "c", said("one"))
    assert await call(cache, "lookup", "a", "bc") is None
    assert await call(cache, "lookup", 'ab","c', "") is None


async def test_answers_are_plain_strings(make_cache: Make, server: redis.Redis, index_name: str, call: Call) -> None:
    cache = make_cache(RedisCache, ttl=60)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    (key,) = keys_of(server, index_name)
    assert server.type(key) == b"string"
    assert "use sorted" in str(server.get(key))
    assert 0 < server.pttl(key) <= 60_000
    server.pexpire(key, 1)
    until(lambda: not server.exists(key))
    assert await call(cache, "lookup", "sort", MODEL) is None


@pytest.mark.parametrize("prefix", ["a", "a*", "?", "[ab]", "a\\", "^a", "a]", "käse", "a b", "\n"])
async def test_clear_reaches_no_other_key(
    make_cache: Make, server: redis.Redis, index_name: str, call: Call, prefix: str
) -> None:
    """langchain-redis 10: a prefix there covers those that start with it."""
    prefix = f"{index_name}{prefix}"
    others = [f"{index_name}a2", f"{prefix}2", f"{prefix}:b", f"{prefix}x", f"{index_name}", f"{index_name}b"]
    caches = [make_cache(RedisCache, prefix=other) for other in others]
    cache = make_cache(RedisCache, prefix=prefix)
    for each in (cache, *caches):
        await call(each, "update", "sort", MODEL, said("use sorted"))
    mine = [f"{prefix}:mine", f"{prefix}:{'0' * 63}", f"{prefix}:{'0' * 65}", f"{prefix}:{'g' * 64}"]
    for key in mine:
        server.set(key, "1")
    await call(cache, "clear")
    assert await call(cache, "lookup", "sort", MODEL) is None
    for other in caches:
        assert await call(other, "lookup", "sort", MODEL) == said("use sorted")
    assert all(server.exists(key) for key in mine)


async def test_clear_clears_thousands(make_cache: Make, server: redis.Redis, index_name: str, call: Call) -> None:
    cache = make_cache(RedisCache)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    (first,) = keys_of(server, index_name)
    server.mset({f"{first[:-6]}{number:06}": b"" for number in range(2500)})
    await call(cache, "clear")
    assert keys_of(server, index_name) == set()


async def test_clear_of_an_empty_cache_does_nothing(make_cache: Make, call: Call) -> None:
    await call(make_cache(RedisCache), "clear")


async def test_it_needs_no_search_module(call: Call) -> None:
    with own_server(modules=()) as (port, _):
        async with RedisCache(redis_url=f"redis://localhost:{port}") as cache:
            assert await call(cache, "lookup", "sort", MODEL) is None
            await call(cache, "update", "sort", MODEL, said("use sorted"))
            assert await call(cache, "lookup", "sort", MODEL) == said("use sorted")
            await call(cache, "clear")
            assert await call(cache, "lookup", "sort", MODEL) is None
