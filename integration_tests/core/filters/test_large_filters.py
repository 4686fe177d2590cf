"""Filters and ids in their thousands: answered completely, in batches that a server can bear."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import redis
from llama_index.core.vector_stores.types import FilterOperator, VectorStoreQuery

from integration_tests.core.core_support import DIMS
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, ids_of, store_on
from integration_tests.llama_index.llama_index_support import AHEAD, filters, where
from integration_tests.servers import has_slots
from redisvl_adapters.core import And, Compare, Filter, Not, Operator, Or, Record, RedisIndex, operations
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.retrying_drivers import drive
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

clients = langchain_support.clients  # a fixture

STORED = 12_000
ASKED = 10_000
IDS = [str(place) for place in range(STORED)]
LAST = {*IDS[ASKED:]}


@pytest.fixture
def store(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    """A store with twelve thousand records, each with a value of its own in every field."""
    store = store_on(clients, index_name, Model({"query": AHEAD}, dims=DIMS), storage=storage)
    metadatas: list[dict[str, Any]] = [
        {"tag": f"tag {place}", "n": place, "ns": [place, -1], "tags": [f"t{place % 1000}"]} for place in range(STORED)
    ]
    store.add_texts(IDS, metadatas, ids=IDS)
    return store


def test_lists_of_ten_thousand_values_are_answered_exactly(store: RedisVectorStore) -> None:
    """llama-index 13: more than 250 values overflowed the stack of the query parser."""
    tags, numbers = [f"tag {place}" for place in range(ASKED)], list(range(ASKED))
    first = {*IDS[:ASKED]}
    answers: list[tuple[Filter, set[str]]] = [
        *((Compare("tag", operator, tags), first) for operator in (Operator.IN, Operator.ANY)),
        *((Compare("n", operator, numbers), first) for operator in (Operator.IN, Operator.ANY)),
        (Compare("ns", Operator.IN, numbers), first),
        (Compare("tag", Operator.NIN, tags), LAST),
        (Compare("n", Operator.NIN, numbers), LAST),
        (Compare("ns", Operator.NIN, numbers), LAST),
        (Compare("tag", Operator.ALL, tags), set()),
        (Compare("n", Operator.ALL, numbers), set()),
        (Not((Compare("n", Operator.NIN, numbers),)), first),
        (And((Compare("tag", Operator.NIN, tags), Compare("n", Operator.GT, STORED - 3))), {*IDS[-2:]}),
        (Or(tuple(Compare("n", Operator.EQ, number) for number in numbers)), first),
        (And(tuple(Compare("tag", Operator.NE, tag) for tag in tags)), LAST),
    ]
    for filter, expected in answers:
        name = f"{filter!r:.100}"
        assert store.count(filter) == len(expected), name
        # Every one in one way, since reading as many documents in both takes its time.
        wide = isinstance(filter, Compare) and filter.key == "tag"
        found = (
            store.similarity_search("query", k=STORED, filter=filter) if wide or expected == LAST else store.get(filter)
        )
        assert {*ids_of(found)} == expected, name


def test_ten_thousand_ids_are_got_found_and_deleted(
    store: RedisVectorStore, clients: Clients, index_name: str, storage: Any
) -> None:
    """llama-index 13: more than 250 ids in get or delete: parser stack overflow."""
    wanted = [f"gone {place}" if place % 2 else str(place) for place in range(ASKED)]
    there = wanted[::2]
    nodes = LlamaIndexStore(index_name=index_name, storage=storage, **clients)
    assert ids_of(store.get_by_ids(wanted)) == there
    assert [node.node_id for node in nodes.get_nodes(wanted)] == there
    few = filters(where("n", 100, FilterOperator.LT))
    assert {node.node_id for node in nodes.get_nodes(wanted, few)} == {*there[:50]}
    found = nodes.query(VectorStoreQuery(query_embedding=AHEAD, similarity_top_k=STORED, node_ids=wanted))
    assert {*(found.ids or ())} == {*there}
    nodes.delete_nodes(wanted, few)
    assert store.count() == STORED - 50
    store.delete(wanted)
    assert store.count() == STORED - len(there)
    assert store.get_by_ids(wanted) == []


def test_a_pattern_that_matches_more_than_two_hundred_values_is_answered_completely(store: RedisVectorStore) -> None:
    """RediSearch itself stops at 200 values, without a word."""
    store.add_texts(
        [str(place) for place in range(1000)],
        [{"name": f"{'match' if place < 600 else 'other'} {place:04}"} for place in range(1000)],
        ids=[f"named {place}" for place in range(1000)],
    )
    for filter in (
        {"name": {"$like": "match%"}},
        {"name": {"$ilike": "%TCH ____"}},
        {"name": {"$text_match": "tch 0"}},
        {"name": {"$text_match_insensitive": "MATCH"}},
    ):
        assert store.count(filter) == 600
        assert {*ids_of(store.get(filter))} == {f"named {place}" for place in range(600)}
        assert len(store.similarity_search("query", k=2000, filter=filter)) == 600
        assert store.count({"$not": filter}) == STORED + 400


class Watched:
    """Runs operations and remembers how many commands of which name each round trip had."""

    def __init__(self, index: RedisIndex) -> None:
        self.index = index
        self.batches: list[list[str]] = []

    def run(self, steps: Steps[Any], between: Any = None) -> Any:
        return drive(self.index.connection.sync_client(), self._watch(steps, between), lambda: "")

    def _watch(self, steps: Steps[Any], between: Any) -> Steps[Any]:
        replies: list[Reply] | None = None
        while True:
            try:
                commands: Sequence[Command] = steps.send(replies) if replies is not None else next(steps)
            except StopIteration as stop:
                return stop.value
            self.batches.append([str(command.args[0]) for command in commands])
            replies = yield commands
            if between is not None:
                between()


def test_a_delete_by_filter_is_complete_and_goes_in_bounded_batches(store: RedisVectorStore, redis_url: str) -> None:
    watched = Watched(store.index)
    state = store.index.state
    deleted = watched.run(operations.delete_matching(state, Compare("n", Operator.GTE, 0)))
    assert deleted == STORED
    assert store.count() == 0
    assert max(map(len, watched.batches)) <= 1000
    # A script deletes ten; where keys of several slots are refused, one, and what was refused first comes on top.
    scripts = sum(batch.count("EVAL") for batch in watched.batches)
    assert scripts == STORED / 10 or (has_slots(redis_url) and STORED * 0.95 <= scripts <= STORED * 1.05)


def test_what_is_rewritten_between_two_round_trips_is_found_all_the_same(store: RedisVectorStore) -> None:
    """A record that matches before and after somebody writes it anew is in the answer, and is deleted."""
    index = store.index
    records = [Record(record_id, "text", {"n": int(record_id), "tag": "new"}) for record_id in IDS[-2000:]]
    rewritten = iter([records])

    def rewrite() -> None:
        for batch in rewritten:
            index.run(operations.upsert(index.state, batch, [AHEAD] * len(batch)))

    everything = Compare("n", Operator.GTE, 0)
    found = Watched(index).run(operations.fetch_matching(index.state, everything), rewrite)
    assert {record.id for record in found} == {*IDS}
    rewritten = iter([records])
    Watched(index).run(operations.delete_matching(index.state, everything), rewrite)
    assert store.count() == 0


@pytest.fixture
def neighbours(server: redis.Redis, index_name: str) -> Iterator[None]:
    """So many other keys in the database that its scan for a new index takes long."""
    keys = [f"{index_name}-other:{number}" for number in range(200_000)]
    for start in range(0, len(keys), 10_000):
        server.mset(dict.fromkeys(keys[start : start + 10_000], "x"))
    yield
    for start in range(0, len(keys), 10_000):
        server.unlink(*keys[start : start + 10_000])


def test_all_records_are_found_while_the_server_still_scans_for_a_new_index(
    neighbours: None, store: RedisVectorStore
) -> None:
    for filter in (None, {"n": {"$gte": 0}}, {"n": {"$nin": [STORED]}}):
        assert {*ids_of(store.get(filter))} == {*IDS}, filter
    store.delete(filter={"n": {"$gte": 0}})
    assert store.count() == 0
