"""Writes documents by langchain-redis, in a virtual environment of its own, and tells what it returns of them."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

core: Any = importlib.import_module("langchain_core.embeddings")
langchain_redis: Any = importlib.import_module("langchain_redis")

TEXTS = ["Redis is quick.", "Dogs run in the park.", "Cards of the house"]
METADATAS: list[dict[str, Any]] = [
    {"topic": "databases", "year": 2024, "code": "00710"},
    {"topic": "Animals, small", "year": 1999.5, "tags": ["a", "b"]},
    {"topic": "games"},
]
SCHEMA = [{"name": "topic", "type": "tag"}, {"name": "year", "type": "numeric"}]


class Model(core.Embeddings):  # type: ignore[misc]  # it is found at run time
    """Makes a vector of the first letters of a text."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return the vectors of texts."""
        return [[float(ord(letter)) for letter in text[:4]] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text."""
        return self.embed_documents([text])[0]


def write(url: str, index_name: str, storage: str, schema: list[dict[str, Any]]) -> dict[str, Any]:
    """Write the documents, the last one without an id of its own, and return what the library says of them."""
    config = langchain_redis.RedisConfig(
        index_name=index_name, redis_url=url, storage_type=storage, metadata_schema=schema
    )
    store = langchain_redis.RedisVectorStore(Model(), config=config)
    named = store.add_texts(TEXTS[:2], METADATAS[:2], keys=["one", "two"])
    fresh = store.add_texts(TEXTS[2:], METADATAS[2:])
    (nearest,) = store.similarity_search(TEXTS[0], k=1)
    return {"index_name": index_name, "ids": [*named, *fresh], "nearest": nearest.metadata}


def main(url: str, name: str) -> None:
    """Write the documents into hashes and into JSON, with and without a schema, and print what the library says."""
    told = {
        f"{storage} {with_schema}": write(url, f"{name}{storage}{with_schema}", storage, schema)
        for storage in ("hash", "json")
        for with_schema, schema in (("schema", SCHEMA), ("none", []))
    }
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
