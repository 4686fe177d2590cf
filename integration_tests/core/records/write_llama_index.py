"""Writes nodes by llama-index-vector-stores-redis, in a virtual environment of its own, and tells what they are."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

core: Any = importlib.import_module("llama_index.core.schema")
incumbent: Any = importlib.import_module("llama_index.vector_stores.redis")
redisvl_schema: Any = importlib.import_module("redisvl.schema")


def main(url: str, index_name: str) -> None:
    """Write nodes of several types, and print their ids and parts."""
    fields = [{"name": name, "type": "tag"} for name in ("id", "doc_id", "topic")]
    fields += [{"name": "text", "type": "text"}, {"name": "year", "type": "numeric"}]
    vector = {"dims": 4, "algorithm": "flat", "distance_metric": "cosine"}
    schema = redisvl_schema.IndexSchema.from_dict(
        {
            "index": {"name": index_name, "prefix": index_name, "key_separator": "_"},
            "fields": [*fields, {"name": "vector", "type": "vector", "attrs": vector}],
        }
    )
    store = incumbent.RedisVectorStore(schema=schema, redis_url=url)
    source = {core.NodeRelationship.SOURCE: core.RelatedNodeInfo(node_id="Doc A")}
    nodes = [
        core.TextNode(
            id_="n1",
            text="Redis is quick.",
            metadata={"topic": "databases", "year": 2024},
            relationships=source,
            embedding=[1.0, 0.0, 0.0, 0.0],
            start_char_idx=3,
            excluded_llm_metadata_keys=["year"],
        ),
        core.IndexNode(id_="n2", text="See elsewhere", index_id="other", embedding=[0.0, 1.0, 0.0, 0.0]),
        core.ImageNode(id_="n3", text="A dog", image_url="http://dogs.example/1.png", embedding=[0.0, 0.0, 1.0, 0.0]),
    ]
    store.add(nodes)
    told = {node.node_id: [node.class_name(), node.get_content(), node.metadata] for node in nodes}
    json.dump({"index_name": index_name, "nodes": told}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
