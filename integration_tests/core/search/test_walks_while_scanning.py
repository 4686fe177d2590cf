"""A walk over an index that is new, while the server still looks for records that were there before."""

from __future__ import annotations

from typing import Any

import redis

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, store_on

clients = langchain_support.clients  # a fixture

OTHERS, OURS = 30_000, 2_000


async def test_a_walk_misses_nothing_while_the_server_scans_for_a_new_index(
    clients: Clients, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    """A cursor misses the records that the scan meets again."""
    pipeline = server.pipeline(transaction=False)
    names = [f"other:{index_name}:{number}" for number in range(OTHERS)]
    for name in names:
        pipeline.set(name, "")
    pipeline.execute()
    try:
        store = store_on(clients, index_name, storage=storage)
        ids = [str(number) for number in range(OURS)]
        await call(store, "add_texts", ids, ids=ids)
        found: Any = store.iterate(batch_size=100)
        assert sorted(document.id for document in found) == sorted(ids)
    finally:
        server.delete(*names)
