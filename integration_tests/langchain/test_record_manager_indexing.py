"""``langchain_core.indexing`` with our record manager and our store: three runs, against LangChain's own in memory."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, RecordManager, aindex, index

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, store_on
from redisvl_adapters.langchain import RedisRecordManager, RedisVectorStore

clients = langchain_support.clients  # a fixture


def page(source: str, *texts: str) -> list[Document]:
    return [Document(text, metadata={"source": source, "place": place}) for place, text in enumerate(texts)]


ADD = [*page("a", "one", "two", "three"), *page("b", "four", "five"), *page("c", "six")]
CHANGE = [*page("a", "one", "TWO", "three"), *page("b", "four", "five", "more"), *page("c", "six")]
REMOVE = [*page("a", "one"), *page("c", "SIX", "six")]
RUNS = [ADD, CHANGE, REMOVE]


async def run(
    call: Call, manager: RecordManager, store: RedisVectorStore, documents: list[Document], cleanup: Any
) -> Any:
    settings: dict[str, Any] = {
        "cleanup": cleanup,
        "source_id_key": "source",
        "key_encoder": "sha256",
        "batch_size": 3,
        "cleanup_batch_size": 2,
    }
    if call.__name__ == "sync":
        return index(documents, manager, store, **settings)
    return await aindex(documents, manager, store, **settings)


@pytest.mark.parametrize("cleanup", ["full", "incremental", "scoped_full", None])
async def test_three_runs_count_and_keep_what_they_do_in_memory(
    call: Call, clients: Clients, index_name: str, cleanup: str | None
) -> None:
    ours = RedisRecordManager(index_name, prefix=f"{index_name}-records", **clients)
    theirs = InMemoryRecordManager(index_name)
    mine, reference = store_on(clients, f"{index_name}-1"), store_on(clients, f"{index_name}-2")
    for documents in RUNS:
        counted = await run(call, ours, mine, documents, cleanup)
        assert counted == await run(call, theirs, reference, documents, cleanup)
        held, expected = ({found.id: found for found in store.get()} for store in (mine, reference))
        assert held == expected
        assert sorted(await call(ours, "list_keys")) == sorted(theirs.list_keys()) == sorted(map(str, held))
        for source in "abc":
            group = await call(ours, "list_keys", group_ids=[source])
            assert sorted(group) == sorted(theirs.list_keys(group_ids=[source]))


async def test_a_run_that_fails_half_way_loses_nothing_for_the_next_one(
    call: Call, clients: Clients, index_name: str
) -> None:
    manager = RedisRecordManager(index_name, prefix=f"{index_name}-records", **clients)
    store = store_on(clients, index_name)
    await run(call, manager, store, ADD, "incremental")

    def failing() -> Any:
        yield from ADD[:4]
        raise RuntimeError("the loader failed")

    with pytest.raises(RuntimeError, match="the loader failed"):
        await run(call, manager, store, failing(), "incremental")
    await run(call, manager, store, REMOVE, "full")
    assert sorted(found.page_content for found in store.get()) == ["SIX", "one", "six"]
