"""What LlamaIndex's own Redis stores wrote is read and written by ours, and the other way round."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.schema import Document

from integration_tests.conftest import Call
from integration_tests.langchain.langchain_support import keys_of
from integration_tests.llama_index.llama_index_support import text_node
from redisvl_adapters.llama_index import RedisDocumentStore, RedisIndexStore, RedisKVStore

PACKAGES = [
    "llama-index-storage-kvstore-redis==0.6.0",
    "llama-index-storage-docstore-redis==0.6.0",
    "llama-index-storage-index-store-redis==0.7.0",
]

THEIRS = """
import json, sys
from llama_index.core.data_structs.data_structs import IndexDict
from llama_index.core.schema import Document, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.storage.docstore.redis import RedisDocumentStore
from llama_index.storage.index_store.redis import RedisIndexStore
from llama_index.storage.kvstore.redis import RedisKVStore

step, url, name = sys.argv[1:]
kept = RedisKVStore(redis_uri=url)
documents, structs = RedisDocumentStore(kept, namespace=name), RedisIndexStore(kept, namespace=name)
if step == "write":
    source = Document(id_="s", text="käse 🧀", metadata={"year": 2024})
    nodes = [TextNode(id_=each, text=each, metadata={"nan": float("nan"), "big": 2**70}) for each in "ab"]
    for node in nodes:
        node.relationships[NodeRelationship.SOURCE] = RelatedNodeInfo(node_id="s")
    documents.add_documents([source, *nodes])
    documents.set_document_hash("s", "hash")
    structs.add_index_struct(IndexDict(index_id="i"))
    kept.put("key", {"a": [1, None]}, collection=name + "-cache")
else:
    infos = {key: info.to_dict() for key, info in documents.get_all_ref_doc_info().items()}
    hashes = sorted(documents.get_all_document_hashes().values())
    ids = [struct.index_id for struct in structs.index_structs()]
    found = [sorted(documents.docs), infos, hashes, ids, kept.get_all(collection=name + "-cache")]
    print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with LlamaIndex's own stores, which cannot be installed beside a current redis-py."""
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        pytest.skip("needs uv to bring LlamaIndex's own stores")
    folder = tmp_path_factory.mktemp("theirs")
    command = [uv, "pip", "install", "--quiet", "--no-deps", "--python", sys.executable, "--target", str(folder)]
    done = subprocess.run([*command, *PACKAGES], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"LlamaIndex's own stores cannot be had here: {done.stderr.strip()[-200:]}")
    return folder


def run(theirs: Path, step: str, redis_url: str, name: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", THEIRS, step, redis_url, name],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(theirs)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_stores_with_an_empty_prefix_are_those_of_llama_index(
    call: Call, theirs: Path, redis_url: str, index_name: str, server: redis.Redis
) -> None:
    run(theirs, "write", redis_url, index_name)
    async with (
        RedisDocumentStore(redis_url=redis_url, namespace=index_name, prefix="") as documents,
        RedisIndexStore(redis_url=redis_url, namespace=index_name, prefix="") as structs,
        RedisKVStore(redis_url=redis_url, prefix="") as kept,
    ):
        assert set(documents.docs) == {"s", "a", "b"}
        (source, node) = await call(documents, "get_nodes", ["s", "a"])
        assert isinstance(source, Document)
        assert source.text == "käse 🧀"
        assert repr(node.metadata) == repr({"nan": float("nan"), "big": 2**70})
        assert await call(documents, "get_document_hash", "s") == "hash"
        assert (await call(documents, "get_ref_doc_info", "s")).node_ids == ["a", "b"]
        assert structs.get_index_struct("i") == IndexDict(index_id="i")
        assert await call(kept, "get_all", f"{index_name}-cache") == {"key": {"a": [1, None]}}

        await call(documents, "delete_document", "b")
        await call(documents, "add_documents", [text_node("c", source="s"), text_node("d", source="t", year=2024)])
        structs.add_index_struct(IndexDict(index_id="j"))
        await call(kept, "put", "other", {"ä": 0.5}, f"{index_name}-cache")
    found = json.loads(run(theirs, "read", redis_url, index_name))
    infos = {"s": ["a", "c"], "t": ["d"]}
    assert found[0] == ["a", "c", "d", "s"]
    assert {key: info["node_ids"] for key, info in found[1].items()} == infos
    assert found[1]["t"]["metadata"] == {"year": 2024}
    assert found[2] == ["a", "c", "d", "s"]
    assert sorted(found[3]) == ["i", "j"]
    assert found[4] == {"key": {"a": [1, None]}, "other": {"ä": 0.5}}
    expected = [f"{index_name}/{each}" for each in ("doc", "index", "metadata", "ref_doc_info")]
    assert sorted(keys_of(server, index_name)) == sorted([*expected, f"{index_name}-cache"])
