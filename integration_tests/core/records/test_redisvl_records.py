"""What RedisVL's own index wrote, by the example of its documentation: read without being described."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from redisvl.index import SearchIndex

from integration_tests.conftest import Call
from integration_tests.langchain import langchain_support
from integration_tests.langchain.langchain_support import Clients, Model
from integration_tests.servers import connect
from redisvl_adapters.langchain import RedisVectorStore

clients = langchain_support.clients  # a fixture

PEOPLE: list[dict[str, Any]] = [
    {"user": "john", "age": 18, "job": "engineer", "credit_score": "high"},
    {"user": "derrick", "age": 14, "job": "doctor", "credit_score": "low"},
]


@pytest.mark.parametrize("separator", [":", "_"])
async def test_what_redisvl_loads_is_read(
    clients: Clients, redis_url: str, index_name: str, storage: str, call: Call, separator: str
) -> None:
    kind: Literal["hash", "json"] = "json" if storage == "json" else "hash"
    vector = {"dims": 3, "distance_metric": "cosine", "algorithm": "flat", "datatype": "float32"}
    fields = [
        {"name": "user", "type": "tag"},
        {"name": "credit_score", "type": "tag"},
        {"name": "job", "type": "text"},
        {"name": "age", "type": "numeric"},
        {"name": "user_embedding", "type": "vector", "attrs": vector},
    ]
    named = {"name": index_name, "prefix": index_name, "key_separator": separator, "storage_type": kind}
    vectors = [[0.1, 0.1, 0.5], [0.9, 0.1, 0.1]]
    # With a client of its own, whose replies it changes.
    with connect(redis_url, protocol=2) as client:
        index = SearchIndex.from_dict({"index": named, "fields": fields}, redis_client=client)
        index.create()
        index.load(
            [
                {**person, "user_embedding": numbers if kind == "json" else np.array(numbers, "f4").tobytes()}
                for person, numbers in zip(PEOPLE, vectors, strict=True)
            ],
            id_field="user",
        )
    store = RedisVectorStore.from_existing_index(index_name, Model({"who?": vectors[1]}, dims=3), **clients)
    (found,) = await call(store, "similarity_search", "who?", k=1, filter={"age": {"$lt": 18}})
    expected = {name: value for name, value in PEOPLE[1].items() if name != "job"}
    assert (found.id, found.page_content, found.metadata) == ("derrick", "doctor", expected)
    assert await call(store, "get_by_ids", ["derrick"]) == [found]
    assert [each.id for each in await call(store, "text_search", "engineers")] == ["john"]
