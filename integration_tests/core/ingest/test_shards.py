"""One node of a cluster that has all slots, and a client that is unaware of slots: scripts with several are refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.core_support import all_slots, cluster_arguments, own_server, record, vectors_for
from integration_tests.core.ingest.ingest_support import stored_in
from redisvl_adapters.core import RedisIndex, operations


@pytest.fixture(scope="module")
def node_url() -> Iterator[str]:
    """A node of a cluster that has all slots."""
    with own_server(*cluster_arguments()) as (port, _):
        all_slots(port)
        yield f"redis://127.0.0.1:{port}"


async def test_records_are_written_replaced_told_of_and_deleted(node_url: str, call: Call, storage: str) -> None:
    ids, name = [str(place) for place in range(25)], f"{call.__name__}-{storage}"
    with redis.Redis.from_url(node_url) as client:
        with pytest.raises(redis.ResponseError, match="hash to the same slot"):
            client.exists("a", "b")
        index = RedisIndex(redis_url=node_url, index_name=name, storage="json" if storage == "json" else "hash")
        state = index.state
        for version in (1, 2):
            written = [record(record_id, version=version) for record_id in ids]
            assert await call(index, "run", operations.upsert(state, written, vectors_for(ids))) == ids
            assert stored_in(client, name) == set(ids)
        found = await call(index, "run", operations.fetch(state, ids))
        assert [each.metadata["version"] for each in found] == [2] * len(ids)
        assert await call(index, "run", operations.expire(state, ids, 60_000)) == len(ids)
        assert all(59 <= left <= 60 for left in await call(index, "run", operations.remaining_ttl(state, ids)))
        assert await call(index, "run", operations.count(state)) == len(ids)
        assert await call(index, "run", operations.delete(state, [*ids[:12], "none"])) == 12
        assert stored_in(client, name) == set(ids[12:])
        await index.aclose()
