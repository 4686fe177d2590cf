"""The semantic cache for LangChain: what is a hit, within what, for how long, and what clearing clears."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.caches.cache_support import DIMS, MODEL, OTHER, at, make_cache, said, told
from integration_tests.core.core_support import until
from integration_tests.langchain.langchain_support import Model, keys_of
from redisvl_adapters.langchain import RedisSemanticCache, RedisVectorStore

pytestmark = pytest.mark.sharded

__all__ = ["make_cache"]  # a fixture

Make = Callable[..., Any]


async def test_a_prompt_is_answered_from_one_that_means_the_same(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05, sing=1), storage=storage)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    assert await call(cache, "lookup", "order", MODEL) == said("use sorted")
    assert await call(cache, "lookup", "sing", MODEL) is None


@pytest.mark.parametrize(("threshold", "hit"), [(0.2, False), (0.31, True), (0, False), (2, True)])
async def test_the_threshold_is_the_largest_distance_of_a_hit(
    make_cache: Make, call: Call, threshold: float, hit: bool
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, near=0.3), distance_threshold=threshold)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    assert (await call(cache, "lookup", "near", MODEL) is not None) is hit


@pytest.mark.parametrize("dims", [3, 48])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
async def test_a_prompt_with_the_same_vector_is_within_distance_0(
    make_cache: Make, storage: str, call: Call, dtype: str, dims: int
) -> None:
    anywhere = Model(dims=dims)
    numbers = range(30 if storage == "hash" else 10)
    model = Model({f"again {number}": anywhere.vector(f"{number}") for number in numbers}, dims=dims)
    cache = make_cache(RedisSemanticCache, model, storage=storage, dtype=dtype, algorithm="flat", distance_threshold=0)
    for number in numbers:
        await call(cache, "update", f"{number}", MODEL, said(f"answer {number}"))
    found = [await call(cache, "lookup", f"again {number}", MODEL) for number in numbers]
    if dtype in ("float32", "float64"):
        assert found == [said(f"answer {number}") for number in numbers]
    else:
        # So coarse that a neighbour may be as near.
        assert None not in found


async def test_an_identical_prompt_is_answered_without_embedding_anything(
    make_cache: Make, storage: str, call: Call
) -> None:
    model = told(sort=0)
    cache = make_cache(RedisSemanticCache, model, storage=storage, distance_threshold=0)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    model.calls.clear()
    assert await call(cache, "lookup", "sort", MODEL) == said("use sorted")
    assert model.calls == []


async def test_a_miss_embeds_its_prompt_once_for_lookup_and_update(make_cache: Make, call: Call) -> None:
    model = told(sort=0)
    cache = make_cache(RedisSemanticCache, model)
    await call(cache, "update", "other", MODEL, said("something"))
    model.calls.clear()
    assert await call(cache, "lookup", "sort", MODEL) is None
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    assert len(model.calls) == 1


async def test_the_same_prompt_under_two_models_is_two_hits(make_cache: Make, storage: str, call: Call) -> None:
    """langchain-redis 24: there it is a miss, since the nearest entry is another model's."""
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    for model in (MODEL, OTHER):
        await call(cache, "update", "sort", model, said(f"by {model}"))
    for prompt in ("sort", "order"):
        for model in (MODEL, OTHER):
            assert await call(cache, "lookup", prompt, model) == said(f"by {model}")
    assert await call(cache, "lookup", "order", "model='c'") is None


async def test_many_entries_of_other_models_hide_no_hit(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, Model({"sort": at(0), "order": at(0.09)}, dims=DIMS), storage=storage)
    await call(cache, "update", "order", MODEL, said("use sorted"))
    for number in range(50):
        await call(cache, "update", "sort", f"model {number}", said("another's"))
    assert await call(cache, "lookup", "sort", MODEL) == said("use sorted")


async def test_answers_hold_within_their_scope_only(make_cache: Make, storage: str, call: Call) -> None:
    everyone = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    acme = everyone.scoped(tenant="acme")
    ann = acme.scoped(user=7)
    for cache, answer in ((everyone, "for all"), (acme, "for acme"), (ann, "for ann")):
        for prompt in ("sort", "order"):
            assert await call(cache, "lookup", prompt, MODEL) is None
        await call(cache, "update", "sort", MODEL, said(answer))
        for prompt in ("sort", "order"):
            assert await call(cache, "lookup", prompt, MODEL) == said(answer)
    assert await call(everyone.scoped(tenant="Acme"), "lookup", "sort", MODEL) is None
    assert await call(everyone.scoped(user="7", tenant="acme"), "lookup", "order", MODEL) == said("for ann")
    assert ann.scope == {"tenant": "acme", "user": "7"}


async def test_a_scope_can_be_anything_that_a_text_can(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    values = ["x" * 5000, "*", "a|b", "a", "", " a", "a ", "A", "}", "a,b", "käse", "\n"]
    scopes = [cache.scoped(tenant=value) for value in values if value]
    for number, scoped in enumerate(scopes):
        await call(scoped, "update", "sort", MODEL, said(str(number)))
    for number, scoped in enumerate(scopes):
        assert await call(scoped, "lookup", "order", MODEL) == said(str(number))
    await call(scopes[0], "clear")
    found = [await call(scoped, "lookup", "order", MODEL) is not None for scoped in scopes]
    assert found == [place != 0 for place in range(len(scopes))]


async def test_clearing_a_scope_leaves_the_others(make_cache: Make, storage: str, call: Call) -> None:
    everyone = make_cache(RedisSemanticCache, told(sort=0), storage=storage)
    acme, ann, other = (
        everyone.scoped(**scope)
        for scope in ({"tenant": "acme"}, {"tenant": "acme", "user": "ann"}, {"tenant": "other"})
    )
    await call(acme, "clear")
    for cache in (everyone, acme, ann, other):
        await call(cache, "update", "sort", MODEL, said("use sorted"))
    await call(everyone.scoped(project="none"), "clear")
    await call(acme, "clear")
    found = [await call(cache, "lookup", "sort", MODEL) is not None for cache in (everyone, acme, ann, other)]
    assert found == [True, False, False, True]


async def test_clear_clears_this_cache_only(
    make_cache: Make, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0), storage=storage)
    neighbours = [
        make_cache(RedisSemanticCache, told(sort=0), index_name=f"{index_name}{more}") for more in ("2", ":b", "*")
    ]
    docs = RedisVectorStore(told(sort=0), index_name=f"{index_name}-docs", client=server)
    docs.add_texts(["sort"], ids=["1"])
    server.set(f"{index_name}/mine", "1")
    for each in (cache, *neighbours):
        await call(each, "update", "sort", MODEL, said("use sorted"))
    await call(cache, "clear")
    assert await call(cache, "lookup", "sort", MODEL) is None
    assert keys_of(server, f"{index_name}:") == set()
    for neighbour in neighbours:
        assert await call(neighbour, "lookup", "sort", MODEL) == said("use sorted")
    assert docs.count() == 1
    assert server.get(f"{index_name}/mine") == b"1"
    await call(cache, "update", "sort", MODEL, said("again"))
    assert await call(cache, "lookup", "sort", MODEL) == said("again")


async def test_an_answer_expires_after_its_time(
    make_cache: Make, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage, ttl=60)
    await call(cache, "update", "sort", MODEL, said("use sorted"))
    (key,) = keys_of(server, f"{index_name}:")
    assert 0 < server.pttl(key) <= 60_000
    server.pexpire(key, 1)
    until(lambda: not server.exists(key))
    assert await call(cache, "lookup", "sort", MODEL) is None
    assert await call(cache, "lookup", "order", MODEL) is None


async def test_the_last_answer_to_a_prompt_counts(make_cache: Make, storage: str, call: Call) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)
    for answer in ("first", "second"):
        await call(cache, "update", "sort", MODEL, said(answer))
    assert await call(cache, "lookup", "sort", MODEL) == said("second")
    assert await call(cache, "lookup", "order", MODEL) == said("second")


def test_identical_misses_at_once_in_threads_corrupt_nothing(
    redis_url: str, server: redis.Redis, index_name: str
) -> None:
    errors: list[Exception] = []
    with RedisSemanticCache(told(sort=0), redis_url=redis_url, index_name=index_name) as cache:
        start = threading.Barrier(16)

        def work(number: int) -> None:
            try:
                start.wait()
                cache.lookup("sort", MODEL)
                cache.update("sort", MODEL, said(f"answer {number}"))
            except Exception as error:  # noqa: BLE001  # whatever it is
                errors.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        found = cache.lookup("sort", MODEL)
    assert errors == []
    assert found in [said(f"answer {number}") for number in range(16)]
    assert len(keys_of(server, f"{index_name}:")) == 1


async def test_identical_misses_at_once_in_tasks_corrupt_nothing(
    make_cache: Make, server: redis.Redis, index_name: str, storage: str
) -> None:
    cache = make_cache(RedisSemanticCache, told(sort=0, order=0.05), storage=storage)

    async def work(number: int) -> None:
        await cache.alookup("sort", MODEL)
        await cache.aupdate("sort", MODEL, said(f"answer {number}"))

    await asyncio.gather(*map(work, range(32)))
    answers = [said(f"answer {number}") for number in range(32)]
    assert await cache.alookup("sort", MODEL) in answers
    assert await cache.alookup("order", MODEL) in answers
    assert len(keys_of(server, f"{index_name}:")) == 1


async def test_a_cache_is_opened_by_another_process(make_cache: Make, call: Call, storage: str) -> None:
    await call(make_cache(RedisSemanticCache, told(sort=0), storage=storage), "update", "sort", MODEL, said("kept"))
    again = make_cache(RedisSemanticCache, told(order=0.05))
    assert await call(again, "lookup", "order", MODEL) == said("kept")


class Named(Model):
    """An embedding model that says which one it is, alone or in another one."""

    def __init__(self, model: str, *, wrapped: Named | None = None, spare: str = "") -> None:
        super().__init__({text: at(place / 100) for place, text in enumerate(("sort", "order"))}, dims=DIMS)
        self.model_name = model
        self.model_key = spare
        self.underlying = wrapped


@pytest.mark.parametrize(
    ("other", "hit"),
    [
        (Named("small"), True),
        (Named("small", spare="another one"), True),
        (Named("large"), False),
        (Named("small", wrapped=Named("small")), False),
        (Model({"order": at(0)}, dims=DIMS), False),
    ],
    ids=["alike", "with another key", "of another name", "a wrapped one", "of another class"],
)
async def test_vectors_of_two_embedding_models_are_never_compared(
    make_cache: Make, storage: str, call: Call, other: Model, hit: bool
) -> None:
    """Two applications with the default index name, and models that make as many numbers."""
    await call(make_cache(RedisSemanticCache, Named("small"), storage=storage), "update", "sort", MODEL, said("kept"))
    cache = make_cache(RedisSemanticCache, other)
    assert await call(cache, "lookup", "order", MODEL) == (said("kept") if hit else None)
    assert await call(cache, "lookup", "sort", MODEL) == said("kept")
    await call(cache, "update", "order", MODEL, said("its own"))
    assert await call(cache, "lookup", "order", MODEL) == said("its own")


async def test_what_an_embedding_model_wraps_tells_it_apart(make_cache: Make, call: Call) -> None:
    caches = [
        make_cache(RedisSemanticCache, Named("cached", wrapped=Named(name, wrapped=Named("same")))) for name in "ab"
    ]
    await call(caches[0], "update", "sort", MODEL, said("kept"))
    assert [await call(cache, "lookup", "order", MODEL) for cache in caches] == [said("kept"), None]


async def test_a_search_finds_near_prompts_among_thousands(make_cache: Make, call: Call) -> None:
    model = Model(dims=32)
    cache = make_cache(RedisSemanticCache, model)
    prompts = [f"prompt {number}" for number in range(2000)]
    for prompt in prompts:
        await call(cache, "update", prompt, MODEL, said(prompt))
    for prompt in prompts[::100]:
        model.told[f"nearly {prompt}"] = [number + 0.01 for number in model.vector(prompt)]
        assert await call(cache, "lookup", f"nearly {prompt}", MODEL) == said(prompt)
