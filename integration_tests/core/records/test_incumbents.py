"""What langchain-redis and llama-index-vector-stores-redis wrote is recognised, and read as they gave it to users."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import redis
from llama_index.core.schema import ImageNode, IndexNode, TextNode

from integration_tests.conftest import Call
from integration_tests.core.records import incumbent_support
from integration_tests.core.records.incumbent_support import OLDEST_REDIS, Write
from integration_tests.langchain.langchain_support import Model
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as NodeStore

write = incumbent_support.write  # a fixture

LANGCHAIN = {"0.1": ("langchain-redis==0.1.0", OLDEST_REDIS), "0.2": ("langchain-redis==0.2.6",)}
LLAMA_INDEX = {
    "0.4": ("llama-index-vector-stores-redis==0.4.0", OLDEST_REDIS),
    "0.9": ("llama-index-vector-stores-redis==0.9.0",),
}


class Letters(Model):
    """The model of the script: a vector of the first letters of a text."""

    def vector(self, text: str) -> list[float]:
        return [float(ord(letter)) for letter in text[:4]]


@pytest.mark.parametrize("schema", ["schema", "none"])
@pytest.mark.parametrize("version", [*LANGCHAIN])
async def test_documents_of_langchain_redis(
    redis_url: str, storage: str, call: Call, write: Write, version: str, schema: str
) -> None:
    told = write(LANGCHAIN[version], "write_langchain.py")[f"{storage} {schema}"]
    name = told["index_name"]
    store = RedisVectorStore.from_existing_index(name, Letters(), redis_url=redis_url)
    ids = [record_id.removeprefix(f"{name}:") for record_id in told["ids"]]
    documents = {document.id: document for document in store.iterate()}
    assert set(documents) == set(ids)
    quick, dogs, cards = (documents[record_id] for record_id in ids)
    assert [each.page_content for each in (quick, dogs, cards)] == [
        "Redis is quick.",
        "Dogs run in the park.",
        "Cards of the house",
    ]
    # Where 0.1 has no field for a number, its hashes hold a text.
    is_text = version == "0.1" and storage == "hash" and schema == "none"
    assert quick.metadata == {"topic": "databases", "year": "2024" if is_text else 2024, "code": "00710"}
    assert dogs.metadata["tags"] == (["a", "b"] if version == "0.2" else "a|b")
    assert cards.metadata == {"topic": "games"}
    if version == "0.2":
        assert told["nearest"] == quick.metadata
    (nearest,) = await call(store, "similarity_search", "Redis is quick.", k=1)
    assert nearest == quick
    assert await call(store, "get_by_ids", ["one"]) == [quick]
    assert [each.id for each in await call(store, "text_search", "running dogs")] == ["two"]
    if schema == "schema":
        assert [
            each.id for each in await call(store, "similarity_search", "x" * 4, filter={"year": {"$gt": 2000}})
        ] == ["one"]
    await store.aclose()


@pytest.mark.parametrize("version", [*LLAMA_INDEX])
async def test_nodes_of_llama_index(redis_url: str, call: Call, write: Write, version: str) -> None:
    told: Mapping[str, Any] = write(LLAMA_INDEX[version], "write_llama_index.py")
    index_name = told["index_name"]
    store = NodeStore.from_existing_index(index_name, redis_url=redis_url)
    nodes = {node.node_id: node for node in await call(store, "get_nodes")}
    assert {
        record_id: [node.class_name(), node.get_content(), node.metadata] for record_id, node in nodes.items()
    } == told["nodes"]
    text, pointer, image = nodes["n1"], nodes["n2"], nodes["n3"]
    assert isinstance(text, TextNode)
    assert (text.ref_doc_id, text.start_char_idx, text.excluded_llm_metadata_keys) == ("Doc A", 3, ["year"])
    assert isinstance(pointer, IndexNode)
    assert pointer.index_id == "other"
    assert isinstance(image, ImageNode)
    assert image.image_url == "http://dogs.example/1.png"
    documents = RedisVectorStore.from_existing_index(index_name, Letters(), redis_url=redis_url)
    (document,) = await call(documents, "get_by_ids", ["n1"])
    assert (document.page_content, document.metadata) == ("Redis is quick.", {"topic": "databases", "year": 2024})
    await documents.aclose()
    await store.aclose()


@pytest.mark.parametrize("version", [*LLAMA_INDEX])
async def test_nodes_are_written_as_llama_index_lays_them_out(
    redis_url: str, server: redis.Redis, call: Call, write: Write, version: str
) -> None:
    index_name = write(LLAMA_INDEX[version], "write_llama_index.py")["index_name"]
    store = NodeStore.from_existing_index(index_name, redis_url=redis_url, writable=True)
    before = server.hgetall(f"{index_name}_n2")
    node = IndexNode(id_="new", text="See there", index_id="other", embedding=[0.0, 1.0, 0.0, 1.0])
    await call(store, "add", [node])
    after: Any = server.hgetall(f"{index_name}_new")
    assert set(after) == set(before)
    (read,) = await call(store, "get_nodes", ["new"])
    assert read == node.model_copy(update={"embedding": None})
    await call(store, "delete_nodes", ["new"])
    assert await call(store, "count") == 3
    await store.aclose()
