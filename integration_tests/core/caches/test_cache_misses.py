"""Whatever fails in a cache: a miss with a warning where that is asked for, so that no call fails; else our error."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from langchain_core.language_models import FakeListLLM

from integration_tests.conftest import Call
from integration_tests.core import core_support
from integration_tests.core.caches.cache_support import DIMS, MODEL, Scripted, kind, make_cache, said
from integration_tests.langchain.langchain_support import Model, keys_of
from redisvl_adapters.errors import (
    AdapterError,
    ArgumentError,
    AuthenticationError,
    EmbeddingError,
    MissingModuleError,
    SchemaMismatchError,
    ServerError,
)
from redisvl_adapters.langchain import RedisCache, RedisSemanticCache

__all__ = ["kind", "make_cache"]  # fixtures

Make = Callable[..., Any]


class Failing(Model):
    """An embedding model that fails, or gives what is no vector."""

    def __init__(self, given: Any) -> None:
        super().__init__(dims=DIMS)
        self.given = given

    def vector(self, text: str) -> Any:  # noqa: ARG002  # it fails whatever the text
        if isinstance(self.given, Exception):
            raise self.given
        return self.given


@pytest.fixture(scope="module")
def strict() -> Iterator[redis.Redis]:
    """A server with passwords, users with few rights, and little memory if so told."""
    with (
        core_support.own_server("--requirepass", "secret") as (port, _),
        redis.Redis.from_url(f"redis://default:secret@localhost:{port}") as client,
    ):
        client.execute_command("ACL", "SETUSER", "weak", "on", ">weak", "~*", "&*", "+ping", "+hello", "+client")
        client.config_set("maxmemory-policy", "noeviction")
        yield client


@pytest.fixture(scope="module")
def plain() -> Iterator[str]:
    """The URL of a server without modules."""
    with core_support.own_server(modules=()) as (port, _):
        yield f"redis://localhost:{port}"


def made(kind: Any, url: str, **options: Any) -> Any:
    """Return a cache of either kind at a URL."""
    return (
        RedisCache(redis_url=url, **options)
        if kind is RedisCache
        else RedisSemanticCache(Model(dims=DIMS), redis_url=url, **options)
    )


async def check_missing(call: Call, cache: Any, says: str, *, prompt: str = "sort", stored: bool = False) -> None:
    """Expect that a model answers through a cache which fails, and that each failure is told."""
    model = FakeListLLM(responses=["one", "two"], cache=cache)
    for answer in ("one", "two"):
        with pytest.warns(RuntimeWarning, match=says) as told:
            assert await call(model, "invoke", prompt) == answer
        starts = [str(one.message)[:9] for one in told]
        assert starts == (["the cache"] if stored else ["the cache", "the answe"])


async def check_raising(call: Call, cache: Any, error: type[Exception], says: str, prompt: str = "sort") -> None:
    """Expect that a cache which fails says so with an error of ours."""
    assert issubclass(error, AdapterError)
    with pytest.raises(error, match=says):
        await call(cache, "lookup", prompt, MODEL)
    with pytest.raises(error, match=says):
        await call(cache, "update", prompt, MODEL, said("answer"))


@pytest.mark.parametrize(
    "error", [RuntimeError("429: slow down"), TimeoutError(), KeyError("x"), UnicodeError("no")], ids=repr
)
async def test_an_embedding_model_that_fails(make_cache: Make, storage: str, call: Call, error: Exception) -> None:
    says = f"the embedding model of the cache failed: {type(error).__name__}: "
    options = {"storage": storage}
    await check_missing(call, make_cache(RedisSemanticCache, Failing(error), on_error="miss", **options), says)
    cache = make_cache(RedisSemanticCache, Failing(error), **options)
    await check_raising(call, cache, EmbeddingError, says)
    with pytest.raises(EmbeddingError) as raised:
        await call(cache, "lookup", "sort", MODEL)
    assert raised.value.__cause__ is error


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (None, ArgumentError, "made None, which is no vector"),
        (3, ArgumentError, "made 3, which is no vector"),
        ("text", ArgumentError, "not made of numbers"),
        ([0.0] * DIMS, ArgumentError, "zero vector"),
        ([float("nan")] * DIMS, ArgumentError, "NaN or infinity"),
        ([1.0] * (DIMS + 1), SchemaMismatchError, "vectors of 4 dimensions, but the embedding model made one of 5"),
    ],
    ids=repr,
)
async def test_an_embedding_model_that_gives_no_vector_that_fits(
    make_cache: Make, storage: str, call: Call, given: Any, error: type[Exception], says: str
) -> None:
    await call(make_cache(RedisSemanticCache, storage=storage), "update", "another", MODEL, said("answer"))
    await check_missing(call, make_cache(RedisSemanticCache, Failing(given), on_error="miss"), ".")
    with pytest.raises(error, match=says):
        await call(make_cache(RedisSemanticCache, Failing(given)), "lookup", "sort", MODEL)


async def test_an_empty_prompt(make_cache: Make, kind: Any, call: Call) -> None:
    await check_missing(call, make_cache(kind, on_error="miss"), "a prompt is a non-empty text", prompt="")
    await check_raising(call, make_cache(kind), ArgumentError, "a prompt is a non-empty text", "")


async def test_a_prompt_with_a_lone_surrogate_is_answered_from_the_cache(
    make_cache: Make, kind: Any, call: Call
) -> None:
    model = FakeListLLM(responses=["one", "two"], cache=make_cache(kind, on_error="miss"))
    for _ in range(2):
        assert await call(model, "invoke", "sort \ud83d") == "one"


async def test_a_server_that_is_away(kind: Any, call: Call) -> None:
    url, says = "redis://localhost:1", "no Redis server answers"
    await check_missing(call, made(kind, url, on_error="miss"), says)
    await check_raising(call, made(kind, url), ServerError, says)


async def test_a_server_that_hangs_is_waited_for_as_long_as_the_url_says(kind: Any, call: Call) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"redis://localhost:{silent.getsockname()[1]}?socket_timeout=0.05"
        await check_missing(call, made(kind, url, on_error="miss"), "no Redis server answers")
        await check_raising(call, made(kind, url), ServerError, "no Redis server answers")


async def test_a_wrong_password_and_a_user_without_rights(strict: redis.Redis, kind: Any, call: Call) -> None:
    port = strict.get_connection_kwargs()["port"]
    for user, says in (("default:wrong", "refused the username or the password"), ("weak:weak", "not permit|refused")):
        url = f"redis://{user}@localhost:{port}"
        async with made(kind, url, on_error="miss") as cache:
            await check_missing(call, cache, says)
        async with made(kind, url) as cache:
            await check_raising(call, cache, AuthenticationError, says)


async def test_a_server_that_is_out_of_memory(strict: redis.Redis, kind: Any, call: Call) -> None:
    url = f"redis://default:secret@localhost:{strict.get_connection_kwargs()['port']}"
    async with made(kind, url, on_error="miss") as missing, made(kind, url) as raising:
        await call(missing, "update", "another", MODEL, said("answer"))
        strict.config_set("maxmemory", 1)
        try:
            with pytest.warns(RuntimeWarning, match="the answer was not cached: .*maxmemory"):
                assert await call(FakeListLLM(responses=["one"], cache=missing), "invoke", "sort") == "one"
            with pytest.raises(AdapterError, match="maxmemory"):
                await call(raising, "update", "sort", MODEL, said("answer"))
            assert await call(raising, "lookup", "another", MODEL) == said("answer")
        finally:
            strict.config_set("maxmemory", 0)


async def test_a_server_without_the_module(plain: str, call: Call) -> None:
    async with made(RedisSemanticCache, plain, on_error="miss") as cache:
        await check_missing(call, cache, "lacks the search module")
    async with made(RedisSemanticCache, plain) as cache:
        await check_raising(call, cache, MissingModuleError, "lacks the search module")


async def test_an_index_of_another_kind(make_cache: Make, server: redis.Redis, index_name: str, call: Call) -> None:
    server.execute_command("FT.CREATE", index_name, "SCHEMA", "a", "TEXT")
    await check_missing(call, make_cache(RedisSemanticCache, on_error="miss"), "was not made by this library")
    await check_raising(call, make_cache(RedisSemanticCache), SchemaMismatchError, "was not made by this library")


async def test_something_else_where_an_entry_belongs(
    make_cache: Make, server: redis.Redis, index_name: str, kind: Any, call: Call
) -> None:
    await call(make_cache(kind), "update", "sort", MODEL, said("answer"))
    (key,) = keys_of(server, f"{index_name}:")
    server.delete(key)
    server.rpush(key, "a list")
    with pytest.warns(RuntimeWarning, match="miss: something else lies at"):
        assert await call(make_cache(kind, on_error="miss"), "lookup", "sort", MODEL) is None


async def test_a_chat_model_answers_whatever_becomes_of_its_cache(make_cache: Make, kind: Any, call: Call) -> None:
    model = Scripted(cache=made(kind, "redis://localhost:1", on_error="miss"))
    with pytest.warns(RuntimeWarning, match="no Redis server answers"):
        assert (await call(model, "invoke", "sort")).content == "scripted answers 1"
