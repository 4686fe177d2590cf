"""Scopes: which records are within one, whatever its values are, and whoever writes at the same time."""

from __future__ import annotations

import copy
import itertools
import pickle
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from integration_tests.conftest import Call
from integration_tests.core.filters.hostile_strings import HOSTILE
from integration_tests.core.filters.random_filters import Case, cases
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model, find, ids_of, store_on
from redisvl_adapters.core import Compare, Operator, Record, RedisIndex, operations
from redisvl_adapters.core.server.commands import Command, Reply, Steps, T
from redisvl_adapters.errors import ArgumentError, CopyError, FilterError, PartialWriteError, RecordError
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture


@pytest.fixture
def whole(clients: Clients, index_name: str, storage: str) -> RedisVectorStore:
    """A store that is not scoped."""
    return store_on(clients, index_name, storage=storage)


async def test_any_text_is_a_tenant_of_its_own(call: Call, clients: Clients, index_name: str, storage: str) -> None:
    # Declared, since keys of long texts are not learnt.
    whole = store_on(clients, index_name, storage=storage, metadata_schema={"tenant": "tag"})
    tenants = [whole.scoped(tenant=text) for text in HOSTILE]
    await call(whole, "add_texts", ["nobody's"], ids=["nobody's"])
    await call(
        whole,
        "add_texts",
        ["text"] * len(HOSTILE),
        [{"tenant": text} for text in HOSTILE],
        ids=list(map(str, range(len(HOSTILE)))),
    )
    for place, (tenant, following) in enumerate(zip(tenants, [*tenants[1:], tenants[0]], strict=True)):
        own = str(place)
        assert ids_of(await call(tenant, "get")) == [own]
        assert ids_of(await call(tenant, "similarity_search", "text", 3)) == [own]
        assert await call(following, "get_by_ids", [own]) == []
        assert await call(following, "expire", [own], 1000) == 0
        await call(following, "delete", [own])
        with pytest.raises(RecordError, match="not within the scope"):
            await call(following, "add_texts", ["taken"], ids=[own])
        assert ids_of(await call(tenant, "get_by_ids", [own, "nobody's"])) == [own]
        assert await call(tenant, "add_texts", ["text"], ids=[own]) == [own]
    for tenant in tenants[::2]:
        await call(tenant, "clear")
        assert await call(tenant, "count") == 0
    assert await call(whole, "count") == 1 + len(tenants[1::2])


NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "others"),
    [
        (True, [False]),
        (7, [8, -7]),
        (0, [1]),
        (date(2024, 1, 1), [date(2024, 1, 2), NOON]),
        (NOON, [date(2024, 1, 1), datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=UTC)]),
        (UUID(int=1), [UUID(int=2), "1"]),
        ("7", ["07", "7.0", "7 ", ""]),
    ],
    ids=str,
)
@pytest.mark.parametrize("declared", [False, True])
async def test_a_scope_can_be_of_any_exact_value(
    call: Call, clients: Clients, index_name: str, storage: str, value: Any, others: list[Any], *, declared: bool
) -> None:
    kinds: dict[type, str] = {bool: "bool", int: "numeric", date: "timestamp", datetime: "timestamp"}
    schema = {"in.side": kinds.get(type(value), "tag")} if declared else None
    whole = store_on(clients, index_name, storage=storage, metadata_schema=schema)
    own = whole.scoped(**{"in.side": value})
    await call(own, "add_texts", ["own", "nested"], [{}, {"in": {"side": value, "x": 1}}], ids=["own", "nested"])
    await call(whole, "add_texts", ["x"] * len(others), [{"in": {"side": other}} for other in others])
    assert await find(call, own) == {"own", "nested"}
    stored = value.isoformat() if isinstance(value, date) else str(value) if isinstance(value, UUID) else value
    found = {each.id: each.metadata for each in await call(own, "get_by_ids", ["own", "nested"])}
    assert found == {"own": {"in.side": stored}, "nested": {"in": {"side": stored, "x": 1}}}
    assert await call(own, "add_texts", ["again"], ids=["own"]) == ["own"]
    assert await call(own, "expire", ["own", "nested"], 1000) == 2
    await call(own, "delete", ["own", "nested"])
    assert await call(own, "count") == 0
    assert await call(whole, "count") == len(others)


async def test_what_has_several_values_is_read_within_each_and_changed_within_none(
    call: Call, whole: RedisVectorStore
) -> None:
    await call(whole, "add_texts", ["shared"], [{"tenant": ["a", "b"]}], ids=["shared"], ttl=900)
    for tenant in (whole.scoped(tenant="a"), whole.scoped(tenant="b")):
        assert await find(call, tenant) == {"shared"}
        assert ids_of(await call(tenant, "get_by_ids", ["shared"])) == ["shared"]
        assert 0 < (await call(tenant, "ttl", ["shared"]))[0] <= 900
        await call(tenant, "delete", ["shared"])
        await call(tenant, "clear")
        assert await call(tenant, "persist", ["shared"]) == 0
        with pytest.raises(RecordError, match="not within the scope"):
            await call(tenant, "add_texts", ["mine"], ids=["shared"])
        assert await call(tenant, "count") == 1
    assert await call(whole.scoped(tenant="c"), "get_by_ids", ["shared"]) == []


async def test_before_its_first_record_a_scope_finds_nothing_and_says_nothing(
    call: Call, whole: RedisVectorStore
) -> None:
    tenant = whole.scoped(tenant="a")
    for _ in range(2):
        assert await find(call, tenant) == set()
        assert await call(tenant, "count") == 0
        assert await call(tenant, "get_by_ids", ["1"]) == []
        assert await call(tenant, "ttl", ["1"]) == [None]
        assert await call(tenant, "expire", ["1"], 5) == 0
        assert await call(tenant, "attribute_info") == []
        await call(tenant, "delete", ["1"])
        await call(tenant, "clear")
        # The same in an index whose records do not have the key.
        await call(whole, "add_texts", ["another's"], [{"k": "v"}], ids=["1"])
    await call(tenant, "delete", filter={"k": "v"})
    assert await call(tenant, "add_texts", ["first"], ids=["2"]) == ["2"]
    assert await find(call, tenant) == {"2"}
    assert await call(whole, "count") == 2


@pytest.mark.parametrize("kind", ["text", "geo", "unindexed", "numeric"])
async def test_a_key_that_knows_no_equality_with_the_value_is_refused(
    call: Call, clients: Clients, index_name: str, storage: str, kind: str
) -> None:
    whole = store_on(clients, index_name, storage=storage, metadata_schema={"tenant": kind})
    await call(whole, "create", 8)
    tenant = whole.scoped(tenant="a")
    for name, *args in (
        ("count",),
        ("add_texts", ["x"]),
        ("delete", ["x"]),
        ("similarity_search", "x"),
        ("expire", ["x"], 1),
    ):
        with pytest.raises(FilterError, match="tenant"):
            await call(tenant, name, *args)


@pytest.mark.parametrize(("value", "other"), [("5", 5), (5, "5"), (True, 1), (1, True), ("true", True)])
async def test_values_of_another_kind_are_not_within(
    call: Call, whole: RedisVectorStore, value: Any, other: Any
) -> None:
    await call(whole, "add_texts", ["theirs"], [{"tenant": other}], ids=["theirs"])
    tenant = whole.scoped(tenant=value)
    for name, *args in (("count",), ("add_texts", ["x"]), ("delete", ["theirs"]), ("get",)):
        with pytest.raises(FilterError, match="scope by a value of that type"):
            await call(tenant, name, *args)
    assert await call(tenant, "get_by_ids", ["theirs"]) == []


async def test_a_key_that_may_not_be_learnt_is_refused(call: Call, clients: Clients, index_name: str) -> None:
    whole = store_on(clients, index_name, learn=False)
    tenant = whole.scoped(tenant="a")
    with pytest.raises(FilterError, match="'tenant' is not in index"):
        await call(tenant, "add_texts", ["x"])
    await call(whole, "add_texts", ["x"], [{"tenant": "a"}], ids=["x"])
    for name, *args in (("count",), ("delete", ["x"]), ("expire", ["x"], 5), ("ttl", ["x"])):
        with pytest.raises(FilterError, match="declare it"):
            await call(tenant, name, *args)
    assert await call(whole, "count") == 1


def interrupted(store: RedisVectorStore, steps: Steps[T], action: Callable[[], object]) -> T:
    """Run an operation; before its first script is sent, others do something."""

    def send(batch: Any) -> Steps[list[Reply]]:
        return (yield batch)

    waiting: list[Callable[[], object]] = [action]
    try:
        batch = next(steps)
        while True:
            if waiting and any(isinstance(each, Command) and each.args[0] == "EVAL" for each in batch):
                waiting.pop()()
            batch = steps.send(store.index.run(send(batch)))
    except StopIteration as stop:
        assert not waiting
        return stop.value  # type: ignore[no-any-return]  # StopIteration is not generic


@pytest.mark.parametrize("what", ["delete", "delete_matching", "clear", "expire", "upsert", "update"])
def test_a_record_that_another_tenant_writes_meanwhile_is_left_alone(whole: RedisVectorStore, what: str) -> None:
    mine, theirs = whole.scoped(tenant="mine"), whole.scoped(tenant="theirs")
    mine.add_texts(["mine", "mine"], [{"k": "v"}, {"k": "v"}], ids=["id", "other"])
    state = mine.index.state
    steps: dict[str, Callable[[], Steps[Any]]] = {
        "delete": lambda: operations.delete(state, ["id"]),
        "delete_matching": lambda: operations.delete_matching(state, Compare("k", Operator.EQ, "v")),
        "clear": lambda: operations.clear(state),
        "expire": lambda: operations.expire(state, ["id"], 5),
        "update": lambda: operations.update_metadata(state, {"k": "changed"}, ["id"]),
        "upsert": lambda: operations.upsert(state, [Record("id", "mine")], [Model().vector("x")]),
    }

    def take() -> None:
        mine.delete(["id"])
        theirs.add_texts(["theirs"], [{"k": "v"}], ids=["id"])

    try:
        interrupted(whole, steps[what](), take)
    except RecordError:
        assert what == "upsert"
    (document,) = theirs.get()
    assert (document.page_content, document.metadata["tenant"], theirs.ttl(["id"])) == ("theirs", "theirs", [None])
    assert mine.get_by_ids(["id"]) == []


def test_a_record_that_another_tenant_writes_meanwhile_is_not_read(whole: RedisVectorStore) -> None:
    mine, theirs = whole.scoped(tenant="mine"), whole.scoped(tenant="theirs")
    mine.add_texts(["mine"] * 3, ids=["1", "2", "3"])
    walk = mine.iterate(batch_size=1)
    first = next(walk)
    mine.delete(["1", "2", "3"])
    theirs.add_texts(["theirs"] * 3, ids=["1", "2", "3"])
    assert [each.page_content for each in [first, *walk]] == ["mine"]


@pytest.mark.parametrize("storage", ["hash", "json"])
@pytest.mark.filterwarnings("ignore::redisvl_adapters.UnknownFieldWarning")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(declared=False))
def test_within_a_scope_a_filter_finds_what_it_finds_of_its_records(
    redis_url: str, index_name: str, storage: Any, case: Case
) -> None:
    with closing(RedisIndex(index_name=f"{index_name}-{next(NUMBERS)}", redis_url=redis_url, storage=storage)) as index:
        within = index.scoped({"tenant": "mine"})
        records = [
            Record(each, "text", {**metadata, "tenant": "mine" if place % 2 else "theirs"})
            for place, (each, metadata) in enumerate(case.metadatas.items())
        ]
        index.run(operations.upsert(index.state, records, [[1.0, 0.0]] * len(records)))
        own = {record.id for record in records[1::2]}
        for filter in case.filters:
            try:
                found = {record.id for record in index.run(operations.fetch_matching(index.state, filter))}
            except FilterError:
                with pytest.raises(FilterError):
                    index.run(operations.count(within.state, filter))
                continue
            assert {record.id for record in index.run(operations.fetch_matching(within.state, filter))} == found & own
            assert index.run(operations.count(within.state, filter)) == len(found & own)
        index.run(operations.drop(index.state))


NUMBERS = itertools.count()


@pytest.mark.sharded
async def test_scopes_nest_and_only_narrow(call: Call, whole: RedisVectorStore) -> None:
    tenant = whole.scoped(tenant="a")
    ann, bob = (tenant.scoped(**{"user.id": name}) for name in ("ann", "bob"))
    assert ann.scope == {"tenant": "a", "user.id": "ann"}
    assert ann.scoped(tenant="a").scope == ann.scope
    await call(ann, "add_texts", ["x"], ids=["ann's"])
    await call(bob, "add_texts", ["x"], [{"user": {"id": "bob"}}], ids=["bob's"])
    await call(whole, "add_texts", ["x"], [{"tenant": "b", "user": {"id": "ann"}}], ids=["b's"])
    assert [await find(call, store) for store in (ann, bob, tenant)] == [{"ann's"}, {"bob's"}, {"ann's", "bob's"}]
    for store, scope in ((ann, {"tenant": "b"}), (ann, {"user.id": "bob"}), (tenant, {"tenant": "b", "x": 1})):
        with pytest.raises(ArgumentError, match="cannot be scoped to"):
            store.scoped(**scope)
    await call(bob, "clear")
    assert await find(call, whole) == {"ann's", "b's"}


def test_copies_keep_the_scope_and_close_their_own_connection(redis_url: str, index_name: str) -> None:
    with RedisVectorStore(Model(), index_name=index_name, redis_url=redis_url) as whole:
        tenant = whole.scoped(tenant="a", day=date(2024, 1, 1))
        tenant.add_texts(["own"], ids=["own"])
        whole.add_texts(["x"])
        for copied in (copy.copy(tenant), copy.deepcopy(tenant), pickle.loads(pickle.dumps(tenant))):  # noqa: S301  # ours
            assert copied.scope == {"tenant": "a", "day": "2024-01-01"}
            assert ids_of(copied.get()) == ["own"]
            copied.close()
        with tenant:
            client = whole.index.connection.sync_client()
        # That of the whole store is still the same.
        assert whole.index.connection.sync_client() is client
        assert "scoped to day='2024-01-01', tenant='a'" in repr(tenant)


async def test_equal_content_of_two_tenants_has_two_ids(call: Call, whole: RedisVectorStore) -> None:
    options: dict[str, Any] = {"content_ids": True, "skip_existing": True}
    tenants = [whole.scoped(tenant=name) for name in ("a", "b")]
    ids = [await call(tenant, "add_texts", ["same", "same too"], **options) for tenant in tenants * 2]
    assert ids[:2] == ids[2:]
    assert not set(ids[0]) & set(ids[1])
    assert [await call(tenant, "count") for tenant in tenants] == [2, 2]


async def test_what_is_read_within_a_scope_lives_on_and_nothing_else(
    call: Call, clients: Clients, index_name: str, storage: str
) -> None:
    whole = store_on(clients, index_name, storage=storage, ttl=1000, sliding_ttl=True)
    tenant = whole.scoped(tenant="a")
    await call(tenant, "add_texts", ["own"], ids=["own"], ttl=10)
    await call(whole, "add_texts", ["x"], [{"tenant": "b"}], ids=["other"], ttl=10)
    assert ids_of(await call(tenant, "get_by_ids", ["own", "other"])) == ["own"]
    (own,), (other,) = await call(tenant, "ttl", ["own"]), await call(whole, "ttl", ["other"])
    assert (own > 900, other <= 10) == (True, True)


async def test_values_are_told_of_the_records_within(call: Call, whole: RedisVectorStore) -> None:
    metadatas = [{"tenant": "b", "kind": f"theirs {n}", "tags": [f"t{n}"], "n": n} for n in range(60)]
    await call(whole, "add_texts", ["x"] * 60, metadatas)
    tenant = whole.scoped(tenant="a")
    own = [{"kind": "one", "tags": ["x", "y"]}, {"kind": "two", "tags": ["y"]}, {"kind": 3, "tags": []}]
    await call(tenant, "add_texts", ["x"] * 3, own)
    told = {each["name"]: each["description"].partition("values: ")[2] for each in await call(tenant, "attribute_info")}
    assert told == {"kind": '3, "one", "two"', "tags": '"x", "y"'}
    assert await call(whole.scoped(tenant="c"), "attribute_info") == []


def test_an_index_is_not_overwritten_through_a_scope(clients: Clients, index_name: str) -> None:
    store_on(clients, index_name).add_texts(["x"], [{"tenant": "b"}])
    whole = store_on(clients, index_name, create="overwrite")
    tenant = whole.scoped(tenant="a")
    with pytest.raises(ArgumentError, match="create='overwrite' is of the whole index"):
        tenant.count()
    assert store_on(clients, index_name).count() == 1
    whole.create(8)
    assert tenant.add_texts(["x"])
    assert whole.count() == 1


@pytest.mark.sharded
async def test_a_batch_with_one_id_of_another_says_what_is_written(call: Call, whole: RedisVectorStore) -> None:
    await call(whole, "add_texts", ["theirs"], ids=["12"])
    with pytest.raises(PartialWriteError, match="not within the scope") as caught:
        await call(whole.scoped(tenant="a"), "add_texts", ["x"] * 30, ids=[str(n) for n in range(30)])
    assert "12" in caught.value.unwritten
    assert await call(whole.scoped(tenant="a"), "count") == len(caught.value.written)
    assert [each.page_content for each in await call(whole, "get_by_ids", ["12"])] == ["theirs"]


async def test_changes_do_not_take_a_record_out_of_its_scope(call: Call, whole: RedisVectorStore) -> None:
    tenant = whole.scoped(**{"org.id": 7})
    await call(tenant, "add_texts", ["x", "x"], [{"org": {"id": 7}}, {}], ids=["nested", "flat"])
    for changes in ({"org": {"id": 8}}, {"org.id": 8}, {"org.id": None}, {"org": {"name": "x"}}, {"org": None}):
        with pytest.raises(RecordError, match="scope"):
            await call(tenant, "update_metadata", ["nested"], changes)
    assert await call(tenant, "update_metadata", ["nested", "flat"], {"org.id": 7, "k": 1}) == 2
    assert await call(tenant, "count", {"k": 1}) == 2
    for name, *args in (("update_metadata", None, {"k": 2}), ("delete",)):
        with pytest.raises(ArgumentError, match="always true"):
            await call(tenant, name, *args, filter={"k": {"$nin": []}})
    assert await call(tenant, "count", {"k": 1}) == 2


async def test_a_copy_is_of_a_scope_and_into_a_scope(
    call: Call, clients: Clients, index_name: str, whole: RedisVectorStore
) -> None:
    await call(whole, "add_texts", ["a", "b"], [{"tenant": "a", "k": 1}, {"tenant": "b", "theirs": 1}], ids=["a", "b"])
    other = store_on(clients, f"{index_name}-other")
    await call(other, "add_texts", ["kept"], [{"region": "us"}], ids=["kept"])
    within = other.scoped(region="eu")
    for copied, skipped in ((1, 0), (0, 1)):
        report = await call(whole.scoped(tenant="a"), "copy_to", within)
        assert (report.copied, report.skipped, report.compared) == (copied, skipped, 1)
    (document,) = await call(within, "get")
    assert (document.id, document.metadata) == ("a", {"tenant": "a", "k": 1, "region": "eu"})
    assert {field["name"] for field in await call(other, "attribute_info")} == {"region", "tenant", "k"}
    with pytest.raises(CopyError, match="scoped to tenant='b'"):
        await call(whole.scoped(tenant="a"), "copy_to", other.scoped(tenant="b"))
    await call(whole, "add_texts", ["taken"], [{"tenant": "c"}], ids=["kept"])
    with pytest.raises(CopyError, match="not within the scope"):
        await call(whole.scoped(tenant="c"), "copy_to", within)
    assert [each.page_content for each in await call(other, "get_by_ids", ["kept", "a"])] == ["kept", "a"]
