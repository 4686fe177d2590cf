"""Keys of an application under the prefix of an index: never adopted, overwritten, expired, deleted or returned."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import (
    DIMS,
    Indexes,
    add,
    count,
    ids_of,
    near,
    opened_indexes,
    record,
    until,
    where,
)
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, indexes_of, keys_of, store_on
from integration_tests.servers import only_on_one
from redisvl_adapters.core import operations
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.errors import PartialWriteError, RecordError, SchemaMismatchError

clients = langchain_support.clients  # a fixture

PRODUCTS = 100
NEAREST = np.asarray([1.0, 0.0, 0.0, 0.0], dtype=np.float32)


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


def put(server: redis.Redis, storage: str, key: str, **fields: Any) -> None:
    """Write what an application writes."""
    if storage == "json":
        server.json().set(key, "$", fields)
    else:
        server.hset(
            key, mapping={name: value if isinstance(value, bytes) else str(value) for name, value in fields.items()}
        )


def vector(storage: str) -> Any:
    return NEAREST.tolist() if storage == "json" else NEAREST.tobytes()


async def test_the_data_of_an_application_are_not_adopted(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    prefix = f"{index_name}/products:"
    for number in range(PRODUCTS):
        put(server, storage, f"{prefix}{number}", title="a product", price=number)
    options: Any = {"prefix": prefix, "storage": storage, "metadata_schema": {"price": "numeric"}}
    for name, arguments in (("create", [8]), ("add_texts", [["a"]])):
        store = store_on(clients, index_name, **options)
        with pytest.raises(SchemaMismatchError, match=rf"'{prefix}'.* {PRODUCTS} keys that are not records.*another"):
            await call(store, name, *arguments)
    assert indexes_of(server, index_name) == set()
    assert keys_of(server, registry_key(index_name)) == set()
    assert len(keys_of(server, prefix)) == PRODUCTS


async def test_records_are_taken_in_again_and_a_single_other_key_among_them_is_refused(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    add(make(), record("a", n=1), record("b"), record("c", note={"deep": [1]}))
    server.execute_command("FT.DROPINDEX", index_name)
    index = make()
    await call(index, "run", operations.create(index.state, DIMS))
    assert ids_of(index) == {"a", "b", "c"}
    server.execute_command("FT.DROPINDEX", index_name)
    put(server, storage, f"{index_name}:theirs", metadata="of theirs")
    index = make()
    with pytest.raises(SchemaMismatchError, match=f"1 keys that are not records.*'{index_name}:theirs'"):
        await call(index, "run", operations.create(index.state, DIMS))
    # What was known of the records is known still.
    server.unlink(f"{index_name}:theirs")
    add(index, record("d", n=2))
    assert ids_of(index, where("n", "gte", 1)) == {"a", "d"}


async def test_records_that_a_new_index_cannot_hold_are_not_left_out_in_silence(
    make: Indexes, server: redis.Redis, index_name: str, call: Call
) -> None:
    add(make(), record("a"), record("b"))
    server.execute_command("FT.DROPINDEX", index_name)
    index = make()
    with pytest.raises(SchemaMismatchError, match=rf"2 keys that it cannot index, such as '{index_name}:.*dims"):
        await call(index, "run", operations.create(index.state, DIMS + 1))
    await call(index, "run", operations.create(index.state, DIMS))
    assert count(index) == 2


@pytest.mark.parametrize("kind", ["the same", "the other", "string"])
async def test_a_key_of_others_is_not_overwritten(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call, kind: str
) -> None:
    index, key = make(), f"{index_name}:taken"
    add(index, record("a"))
    if kind == "string":
        server.set(key, "theirs")
    else:
        put(server, storage if kind == "the same" else {"hash": "json", "json": "hash"}[storage], key, text="theirs")
    before = server.dump(key)
    with pytest.raises(RecordError, match=f"'{key}' there is something that is not a record"):
        await call(index, "run", operations.upsert(index.state, [record("taken")], [NEAREST]))
    with pytest.raises(PartialWriteError, match=f"1 of 2 .*'{key}'") as partial:
        await call(index, "run", operations.upsert(index.state, [record("b"), record("taken")], [NEAREST] * 2))
    assert partial.value.written == ["b"]
    assert await call(index, "run", operations.existing_ids(index.state, ["b", "taken"])) == {"b"}
    assert await call(index, "run", operations.expire(index.state, ["taken"], 1)) == 0
    assert await call(index, "run", operations.expire(index.state, ["taken"], None)) == 0
    assert await call(index, "run", operations.remaining_ttl(index.state, ["taken"])) == [None]
    assert await call(index, "run", operations.delete(index.state, ["taken", "b"])) == 1
    with pytest.warns(RuntimeWarning, match=f"the key '{key}'.*is not a record"):
        found = await call(index, "run", operations.fetch(index.state, ["a", "taken"]))
    assert [each and each.id for each in found] == ["a", None]
    assert server.dump(key) == before


async def test_what_others_write_later_is_left_out_with_a_warning(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    index, key = make(), f"{index_name}:theirs"
    add(index, record("far", n=1), record("farther", n=1))
    put(server, storage, key, text="a text of theirs", embedding=vector(storage), title="theirs")
    put(
        server,
        storage,
        f"{key} too",
        metadata="no JSON" if storage == "hash" else ["no mapping"],
        embedding=vector(storage),
    )
    until(lambda: server.execute_command("FT.SEARCH", index_name, "*", "LIMIT", 0, 0)[0] == 4)
    with pytest.warns(RuntimeWarning, match=f"the key '{key}.*' and 1 more .*'{index_name}' is not a record.*left out"):
        found = await call(index, "run", operations.search_by_vector(index.state, [1.0, 0.0, 0.0, 0.0], 4))
    assert [hit.record.id for hit in found] == ["far", "farther"]
    for read in (
        operations.fetch_matching(index.state, None),
        operations.fetch_matching(index.state, where("n", "ne", 2)),
    ):
        with pytest.warns(RuntimeWarning, match=f"'{key}"):
            assert {each.id for each in await call(index, "run", read)} == {"far", "farther"}
    with pytest.warns(RuntimeWarning, match=f"'{key}"):
        page = await call(index, "run", operations.first_page(index.state, None, 10))
    assert {each.id for each in page.records} == {"far", "farther"}
    assert await call(index, "run", operations.delete_matching(index.state, where("n", "ne", 2))) == 2
    assert keys_of(server, f"{index_name}:") == {key, f"{key} too"}


async def test_a_limit_counts_records(
    make: Indexes, server: redis.Redis, redis_url: str, index_name: str, storage: str, call: Call
) -> None:
    only_on_one(redis_url, "records come in no order, so that the limit may leave out the key of others")
    index = make()
    add(index, record("first", n=1))
    put(server, storage, f"{index_name}:theirs", text="theirs", embedding=vector(storage))
    add(index, record("second", n=1), record("third", n=1))
    with pytest.warns(RuntimeWarning, match=f"'{index_name}:theirs"):
        found = await call(index, "run", operations.fetch_matching(index.state, where("n", "ne", 2), limit=2))
    assert [each.id for each in found] == ["first", "second"]


async def test_a_key_of_others_may_be_any_bytes(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    index, key = make(), f"{index_name}:".encode() + b"\xff\xfe"
    add(index, record("a", n=1))
    put(server, storage, key, text="theirs", embedding=vector(storage))  # type: ignore[arg-type]  # a key of bytes
    until(lambda: server.execute_command("FT.SEARCH", index_name, "*", "LIMIT", 0, 0)[0] == 2)
    with pytest.warns(RuntimeWarning, match="is not a record"):
        found = await call(index, "run", operations.search_by_vector(index.state, [1.0, 0.0, 0.0, 0.0], 4))
    assert [hit.record.id for hit in found] == ["a"]
    assert [each.id for each in await call(index, "run", operations.fetch_matching(index.state, None))] == ["a"]
    assert await call(index, "run", operations.delete_matching(index.state, where("n", "ne", 2))) == 1
    await call(index, "run", operations.clear(index.state))
    with pytest.warns(RuntimeWarning, match="is not a record"):
        await call(index, "run", operations.drop(index.state))
    assert server.exists(key)


@pytest.mark.parametrize("name", ["clear", "drop"])
async def test_emptying_and_dropping_leave_it_alone(
    make: Indexes, server: redis.Redis, index_name: str, storage: str, call: Call, name: str
) -> None:
    index, key = make(), f"{index_name}:theirs"
    add(index, *(record(str(number)) for number in range(1200)))
    put(server, storage, key, title="theirs")
    until(lambda: server.execute_command("FT.SEARCH", index_name, "*", "LIMIT", 0, 0)[0] == 1201)
    if name == "clear":
        await call(index, "run", operations.clear(index.state))
        assert near(index, 3) == []
    else:
        with pytest.warns(RuntimeWarning, match=f"'{key}'"):
            await call(index, "run", operations.drop(index.state))
    assert keys_of(server, f"{index_name}:") == {key}
    assert (index_name in indexes_of(server, index_name)) == (name == "clear")
