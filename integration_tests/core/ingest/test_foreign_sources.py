"""Nodes of a source document are deleted in LlamaIndex's own index: these, all of them, and no others."""

from __future__ import annotations

import pytest
import redis

from integration_tests.conftest import Call
from integration_tests.core.foreign_support import Field, make_index, put_record
from integration_tests.llama_index.llama_index_support import ask, text_node
from redisvl_adapters import ArgumentError, FilterError, ReadOnlyError
from redisvl_adapters.llama_index import RedisVectorStore

FIELDS: list[Field] = [("id", "id", ["TAG"]), ("doc_id", "doc_id", ["TAG"]), ("text", "text", ["TEXT"])]
SOURCES = {"a": "Doc", "b": "doc", "c": "DOC", "d": None, "e": "doc 2", "f": "x, y.pdf", "g": "y.pdf,x", "h": "y.pdf"}


@pytest.fixture
def made(server: redis.Redis, index_name: str) -> str:
    """An index as llama-index-vector-stores-redis makes it: its tags do not tell case, and commas part them."""
    make_index(server, index_name, "hash", FIELDS, [index_name], vectors=["vector"])
    return index_name


async def test_equal_is_what_is_written_alike_whatever_the_index_takes_for_equal(
    redis_url: str, server: redis.Redis, made: str, call: Call
) -> None:
    async with RedisVectorStore.from_existing_index(made, redis_url=redis_url, writable=True) as nodes:
        await call(nodes, "add", [text_node(name, source=source) for name, source in SOURCES.items()])
        # One that another application has damaged, and one that is none.
        put_record(server, f"{made}_i", "hash", {"text": "no frame", "doc_id": "Doc,DOC", "vector": [1.0] * 4})
        server.set(f"{made}_j", "theirs")
        left = "abcdefghi"
        for source, gone in (("dOc", ""), ("doc", "b"), ("DOC", "c"), ("x, y.pdf", "f"), ("y.pdf", "h"), ("none", "")):
            await call(nodes, "delete", source)
            left = "".join(name for name in left if name not in gone)
            assert sorted(key.decode()[-1] for key in server.scan_iter(f"{made}_*")) == [*left, "j"]
        for source, why in (("None", "has no source"), (" , ", "blanks and separators"), ("a\nb", "control")):
            with pytest.raises(FilterError, match=why):
                await call(nodes, "delete", source)
        with pytest.raises(ArgumentError, match="ref_doc_id"):
            await call(nodes, "delete", "")
        # A search compares nothing more, and says so.
        assert sorted((await ask(call, nodes, doc_ids=["dOC"])).ids) == ["a", "i"]
        with pytest.raises(FilterError, match="parts values at ','"):
            await ask(call, nodes, doc_ids=["x, y.pdf"])
    assert not server.exists(f"redisvl-adapters/{made}")


async def test_all_of_thousands_go_and_none_from_an_index_that_is_only_read(
    redis_url: str, server: redis.Redis, made: str, call: Call
) -> None:
    pipeline = server.pipeline(transaction=False)
    for place in range(6000):
        source = ("many", "Many", "few")[place % 3]
        pipeline.hset(f"{made}_{place}", mapping={"text": "t", "doc_id": source, "vector": bytes(12) + b"\0\0\x80?"})
    pipeline.execute()
    async with RedisVectorStore.from_existing_index(made, redis_url=redis_url) as read:
        with pytest.raises(ReadOnlyError, match="writable=True"):
            await call(read, "delete", "many")
        assert await call(read, "count") == 6000
    async with RedisVectorStore.from_existing_index(made, redis_url=redis_url, writable=True) as nodes:
        await call(nodes, "delete", "many")
        assert await call(nodes, "count") == 4000
        assert {server.hget(key, "doc_id") for key in server.scan_iter(f"{made}_*", count=1000)} == {b"Many", b"few"}


async def test_an_index_that_does_not_tell_sources_says_so(
    redis_url: str, server: redis.Redis, index_name: str, storage: str, call: Call
) -> None:
    path = "$.text" if storage == "json" else "text"
    make_index(server, index_name, storage, [(path, "text", ["TEXT"])], [f"{index_name}:"])
    put_record(server, f"{index_name}:1", storage, {"text": "t", "doc_id": "d", "vec": [1.0] * 4})
    async with RedisVectorStore.from_existing_index(index_name, redis_url=redis_url, writable=True) as nodes:
        with pytest.raises(FilterError, match="does not say the source documents of its records; give a filter or ids"):
            await call(nodes, "delete", "d")
        assert await call(nodes, "count") == 1
