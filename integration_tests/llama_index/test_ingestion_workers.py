"""Ingestion pipelines whose transformations run in processes of their own, with document store and cache on Redis."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from redisvl_adapters.llama_index import RedisStorageContext

TEXTS = ["the quick brown fox", "a lazy dog", "vectors have a direction"]

WORKERS = """
import asyncio, json, sys
from llama_index.core import Document, MockEmbedding
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from redisvl_adapters.llama_index import RedisKVStore, RedisStorageContext

if __name__ == "__main__":
    url, name, mode, *texts = sys.argv[1:]
    kept = RedisKVStore(redis_url=url, prefix=name + "-kv")
    with kept, RedisStorageContext(redis_url=url, index_name=name) as storage:
        pipeline = IngestionPipeline(
            transformations=[MockEmbedding(embed_dim=8)],
            vector_store=storage.vector_store,
            docstore=storage.docstore,
            cache=IngestionCache(cache=kept),
        )
        given = {"documents": [Document(id_=text, text=text) for text in texts], "num_workers": 2}
        nodes = pipeline.run(**given) if mode == "sync" else asyncio.run(pipeline.arun(**given))
        print(json.dumps([len(nodes), len(kept.get_all("llama_cache"))]))
"""


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_workers_share_document_store_and_cache(redis_url: str, index_name: str, tmp_path: Path, mode: str) -> None:
    """Each worker is a process of its own, which gets the cache pickled."""
    script = tmp_path / "workers.py"
    script.write_text(WORKERS)
    command = [sys.executable, str(script), redis_url, index_name, mode, *TEXTS]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    # Three documents for two workers are three batches.
    assert json.loads(done.stdout.splitlines()[-1]) == [3, 3]
    with RedisStorageContext(redis_url=redis_url, index_name=index_name) as storage:
        assert set(storage.docstore.docs) == {node.node_id for node in storage.vector_store.get_nodes()} == set(TEXTS)
        storage.clear()
