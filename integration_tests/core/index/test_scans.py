"""Scans by a real server: an index over records that exist is asked when the server has found all of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import Indexes, count, ids_of, opened_indexes, where
from integration_tests.core.ingest.failing_support import victim
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, store_on
from redisvl_adapters.core import RedisIndex, operations
from redisvl_adapters.core.index import readiness, snapshot
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.errors import ArgumentError, IndexNotReadyError

clients = langchain_support.clients  # a fixture

DIMS, TENANTS = 16, 5
MANY = 2000
"""Records: the server takes a good part of a second to scan them, since it makes a graph of them."""


@pytest.fixture
async def make(redis_url: str, index_name: str, storage: Any) -> AsyncIterator[Indexes]:
    """Indexes of the test's name in the test's storage."""
    async with opened_indexes(redis_url=redis_url, index_name=index_name, storage=storage) as make:
        yield make


def write(index: RedisIndex, many: int = MANY, **metadata: Any) -> None:
    """Write records of several tenants."""
    records = [Record(str(place), "a text", {"tenant": f"t{place % TENANTS}", **metadata}) for place in range(many)]
    vectors = np.random.default_rng(0).normal(size=(many, DIMS))
    index.run(operations.upsert(index.state, records, vectors))


@pytest.fixture
def outlived(make: Indexes, server: redis.Redis, index_name: str) -> Indexes:
    """Records of ours whose index and registry are gone; returns what makes an index over them."""
    write(make())
    server.execute_command("FT.DROPINDEX", index_name)
    server.delete(registry_key(index_name))
    return make


async def test_a_new_index_over_records_that_exist_counts_them_all(outlived: Indexes, call: Call) -> None:
    index = outlived()
    await call(index, "run", operations.create(index.state, DIMS))
    assert await call(index, "run", operations.count(index.state)) == MANY


async def test_a_key_that_they_have_is_filtered_in_all_of_them_as_soon_as_it_is_learnt(
    outlived: Indexes, call: Call
) -> None:
    index, other = outlived(), outlived()
    await call(index, "run", operations.create(index.state, DIMS))
    assert count(other) == MANY
    new = Record("new", "a text", {"tenant": "t1"})
    await call(index, "run", operations.upsert(index.state, [new], np.ones((1, DIMS))))
    of_t1, of_others = where("tenant", "eq", "t1"), where("tenant", "ne", "t1")
    share = MANY // TENANTS
    for each in (index, other):
        assert await call(each, "run", operations.count(each.state, of_t1)) == share + 1
        assert await call(each, "run", operations.count(each.state, of_others)) == MANY - share
    assert await call(index, "run", operations.delete_matching(index.state, of_others)) == MANY - share
    assert await call(other, "run", operations.count(other.state)) == share + 1


async def test_whoever_does_not_wait_is_told_how_far_the_server_is(outlived: Indexes, call: Call) -> None:
    index = outlived(wait_until_indexed=0)
    await call(index, "run", operations.create(index.state, DIMS))
    for operation in (operations.count, operations.clear, operations.drop):
        with pytest.raises(IndexNotReadyError, match=r"scanned \d+ %") as told:
            await call(index, "run", operation(index.state))
        assert 0 <= told.value.percent < 100
    # What goes by ids is answered meanwhile.
    (found,) = await call(index, "run", operations.fetch(index.state, ["7"]))
    assert found.metadata == {"tenant": "t2"}
    await call(index, "run", readiness.wait_until_indexed(index.state, 60))
    assert await call(index, "run", operations.count(index.state)) == MANY


async def test_a_store_waits_as_long_as_it_is_told(
    outlived: Indexes,
    clients: Clients,
    index_name: str,
    storage: str,
    call: Call,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = store_on(clients, index_name, storage=storage, wait_until_indexed=0)
    await call(store, "create", DIMS)
    for arguments in ([], [0.001]):
        with pytest.raises(IndexNotReadyError, match=r"after 0\S* seconds of waiting"):
            await call(store, "wait_until_indexed", *arguments)
    for wrong in (-1, "soon", True):
        with pytest.raises(ArgumentError, match="timeout is a number of seconds from 0 on"):
            await call(store, "wait_until_indexed", wrong)
    with pytest.raises(ArgumentError, match="show_progress"):
        await call(store, "wait_until_indexed", show_progress="yes")
    capsys.readouterr()
    await call(store, "wait_until_indexed", timeout=60, show_progress=True)
    assert f"Indexing {index_name}: 100%" in capsys.readouterr().err
    assert await call(store, "count") == MANY


async def test_a_scan_that_others_began_is_noticed(
    outlived: Indexes, call: Call, server: redis.Redis, index_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also within a second: a delete by a filter never goes by what was known before."""
    index, maker = outlived(), outlived(wait_until_indexed=0, metadata_schema={"tenant": "tag"})
    maker.run(operations.create(maker.state, DIMS))
    maker.run(readiness.wait_until_indexed(maker.state, 60))
    of_others = where("tenant", "ne", "t1")
    assert count(index, of_others) == MANY * (TENANTS - 1) // TENANTS
    # Made anew, as by an application that wants other parameters.
    server.execute_command("FT.DROPINDEX", index_name)
    maker.run(operations.create(maker.state, DIMS))
    monkeypatch.setattr(snapshot, "MAX_AGE", 0)
    assert await call(index, "run", operations.count(index.state, of_others)) == MANY * (TENANTS - 1) // TENANTS
    server.execute_command("FT.DROPINDEX", index_name)
    maker.run(operations.create(maker.state, DIMS))
    monkeypatch.undo()
    deleted = await call(index, "run", operations.delete_matching(index.state, of_others))
    assert deleted == MANY * (TENANTS - 1) // TENANTS
    assert ids_of(index, of_others) == set()


async def test_a_server_that_was_restarted_with_its_data_is_not_asked_before_it_has_scanned_them(
    storage: Any, call: Call
) -> None:
    with victim("--appendonly", "yes") as running:
        async with opened_indexes(redis_url=running.url, index_name="docs", storage=storage) as make:
            index = make()
            write(index)
            running.restart()
            for other in (make(), make()):
                assert (
                    await call(other, "run", operations.count(other.state, where("tenant", "eq", "t1")))
                    == MANY // TENANTS
                )
