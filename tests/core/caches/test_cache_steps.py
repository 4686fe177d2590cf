"""What a semantic cache sends and how it takes replies, without a server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.load import dumps
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.caches.prompts import Question
from redisvl_adapters.core.index.snapshot import Snapshot
from redisvl_adapters.core.records.vectors import ROUNDING
from redisvl_adapters.core.server.commands import Pause, Steps
from redisvl_adapters.errors import SchemaMismatchError, ServerError
from redisvl_adapters.langchain import RedisSemanticCache
from redisvl_adapters.langchain.generations import write_generations
from tests.core.fake_server import NAME, FakeServer, make_state, opened, record

ANSWER = write_generations([Generation(text="use sorted")]).encode()


def cache(**options: Any) -> RedisSemanticCache:
    """Return a cache whose index is known."""
    made = RedisSemanticCache(DeterministicFakeEmbedding(size=2), redis_url="redis://localhost:1", **options)
    state = made.index.state
    state.snapshot, state.opened = Snapshot(state.spec.schema(2), {}, 1), True
    return made


def nearest(made: RedisSemanticCache, *replies: Any) -> tuple[Any, list[tuple[Any, ...]]]:
    """Return what the search for the nearest entry finds, given these replies to searches, and which those are.

    An entry without fields is gone when it is asked for by itself.
    """
    steps: Steps[Any] = made._nearest([1.0, 0.0], "0" * 64)
    batch = next(steps)
    sent = [batch[-1].args]
    for reply in replies:
        try:
            batch = steps.send([reply])
            while isinstance(batch, Pause) or len(batch) > 1 or "NOCONTENT" in batch[0].args:
                batch = steps.send([0, [0]] if len(batch) > 1 else [[1, b"semantic-cache:1"] for _ in batch])
            sent += [batch[-1].args]
        except StopIteration as stop:
            return stop.value, sent
    raise AssertionError("it asks for more")


def hit(distance: float) -> list[Any]:
    """Return the reply of a search that finds an answer at a distance."""
    fields = [b"vector_distance", str(distance).encode(), b"text", b"sort", b"metadata", b"{}", b"_node", ANSWER]
    return [1, b"semantic-cache:1", fields]


def hit3(distance: float) -> dict[bytes, Any]:
    """Return the same in RESP3."""
    total, key, fields = hit(distance)
    row = {b"id": key, b"extra_attributes": dict(zip(fields[::2], fields[1::2], strict=True)), b"values": []}
    return {b"total_results": total, b"results": [row]}


EXPIRED = ([1, b"semantic-cache:1", None], [1, b"semantic-cache:1", []], [1])
EXPIRED3 = {b"total_results": 1, b"results": [{b"id": b"semantic-cache:1"}]}


@pytest.mark.parametrize("reply", [hit(0.1), hit3(0.1)], ids=["RESP2", "RESP3"])
def test_a_hit_is_one_command(reply: Any) -> None:
    found, sent = nearest(cache(), reply)
    assert found == [Generation(text="use sorted")]
    assert [args[0] for args in sent] == ["FT.SEARCH"]
    assert "@within:{" + "0" * 64 + "}" in sent[0][2]


@pytest.mark.parametrize("reply", [hit(0.11), hit3(0.11), [0], {b"total_results": 0, b"results": []}])
def test_too_far_or_nothing_is_a_miss(reply: Any) -> None:
    assert nearest(cache(), reply)[0] is None


@pytest.mark.parametrize("dtype", ROUNDING)
@pytest.mark.parametrize("threshold", [0.0, 0.1, 1.0])
def test_the_threshold_allows_for_the_rounding_of_the_index(threshold: float, dtype: Any) -> None:
    made = cache(distance_threshold=threshold, dtype=dtype)
    assert nearest(made, hit(threshold + 0.9 * ROUNDING[dtype]))[0] is not None
    assert nearest(made, hit(threshold + 1.1 * ROUNDING[dtype]))[0] is None


@pytest.mark.parametrize("expired", [*EXPIRED, EXPIRED3])
def test_an_entry_that_expires_during_the_search_hides_no_hit(expired: Any) -> None:
    found, sent = nearest(cache(), expired, hit(0.05))
    assert found == [Generation(text="use sorted")]
    assert sent[0] == sent[1]
    assert nearest(cache(), expired, [0])[0] is None


def test_an_index_that_is_gone_is_a_miss_and_is_looked_for_again() -> None:
    made = cache()
    assert nearest(made, ResponseError("no such index"))[0] is None
    assert made.index.state.snapshot is None


def test_a_refusal_is_an_error() -> None:
    with pytest.raises(ServerError, match="out of memory"):
        nearest(cache(), ResponseError("OOM out of memory"))


@pytest.mark.parametrize("change", ["create", "clear", "drop"])
def test_the_index_of_a_store_is_neither_extended_nor_emptied_nor_dropped(change: str) -> None:
    server, state = FakeServer(), make_state()
    server.run(state, operations.upsert(state, [record("a", n=1)], [[1.0, 2.0]]))
    fields, registry = dict(server.fields or {}), dict(server.registry)
    made = RedisSemanticCache(DeterministicFakeEmbedding(size=2), index_name=NAME, redis_url="redis://localhost:1")
    changing: dict[str, Steps[object]] = {
        "create": made._create(2),
        "clear": made._clear(),
        "drop": made._drop(),
    }
    with pytest.raises(SchemaMismatchError, match="'docs' is no cache"):
        server.run(made.index.state, changing[change])
    assert server.fields == fields
    assert server.registry == registry
    assert set(server.records) == {"a"}


def test_an_identical_prompt_is_one_command() -> None:
    for storage, command, reply in (("hash", "HGET", ANSWER), ("json", "JSON.GET", b"[" + _quoted(ANSWER) + b"]")):
        made = cache(storage=storage)
        steps = made._exact("1")
        ((sent),) = next(steps)
        assert sent.args[:2] == (command, "semantic-cache:1")
        with pytest.raises(StopIteration) as stop:
            steps.send([reply])
        assert stop.value.value == [Generation(text="use sorted")]


def _quoted(text: bytes) -> bytes:
    return b'"' + text.replace(b'"', b'\\"') + b'"'


def test_a_chat_without_text_is_never_the_nearest_to_one_with_text() -> None:
    made = cache()
    empty, asked = (made._question(dumps([HumanMessage(text)])) for text in ("", "How do I sort?"))
    assert (empty.text, asked.text) == ("", "How do I sort?")
    assert empty.context == asked.context
    assert made._within(empty, "model") != made._within(asked, "model")


def overwriting(server: FakeServer) -> None:
    """Let a cache that overwrites its index make it anew."""
    made = RedisSemanticCache(
        DeterministicFakeEmbedding(size=2), index_name=NAME, redis_url="redis://localhost:1", create="overwrite"
    )
    state = made.index.state
    server.run(state, opened(state, made._create(2)))


@pytest.mark.parametrize("metadata", [{}, {"within": "learnt"}])
def test_a_cache_overwrites_no_index_of_a_store(metadata: dict[str, Any]) -> None:
    server, store = FakeServer(), make_state()
    server.run(store, operations.upsert(store, [record("a", **metadata)], [[1.0, 2.0]]))
    with pytest.raises(SchemaMismatchError, match="is not dropped or overwritten"):
        overwriting(server)
    assert len(server.records) == 1


def test_a_cache_overwrites_an_index_of_its_own() -> None:
    server, earlier = FakeServer(), make_state(metadata_schema={"within": "tag"})
    server.run(earlier, operations.upsert(earlier, [record("a", within="x")], [[1.0, 2.0]]))
    overwriting(server)
    assert not server.records


def test_the_command_of_a_lookup_is_that_of_the_index_as_it_is() -> None:
    made = cache()
    assert nearest(made, hit(0.05))[1][0][1] == "semantic-cache"
    state = made.index.state
    assert state.snapshot is not None
    state.snapshot = replace(state.snapshot, schema=replace(state.snapshot.schema, name="another"))
    assert nearest(made, hit(0.05))[1][0][1] == "another"


def test_the_vectors_of_missed_prompts_are_kept_within_a_bound() -> None:
    made = cache()
    for number in range(1000):
        made._remember(None, str(number), [1.0, 0.0])
    assert len(made._missed_vectors) < 1000
    assert made._known_vector("999", Question("prompt")) == [1.0, 0.0]
    assert made._known_vector("999", Question("prompt")) is None
    assert made._known_vector("0", Question("prompt")) is None


def test_a_prompt_that_no_model_can_hold_is_never_embedded() -> None:
    assert cache()._compared("hi \ud83d").text == ""
    assert cache()._compared("hi").text == "hi"


def test_a_vector_of_another_model_is_refused_before_anything_is_sent() -> None:
    steps = cache()._put("0" * 32, Question("prompt"), "model", [Generation(text="a")], [1.0, 0.0, 0.0])
    with pytest.raises(
        SchemaMismatchError, match="holds vectors of 2 dimensions, but the embedding model made one of 3"
    ):
        next(steps)
