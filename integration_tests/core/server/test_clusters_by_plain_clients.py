"""A plain client on a cluster is told what to write, whatever was asked; one node with all slots serves it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import HumanMessage

from integration_tests.conftest import Call
from integration_tests.core.core_support import free_port, own_server, until
from redisvl_adapters import langchain
from redisvl_adapters.errors import ServerError, ServerUnavailableError

MODEL = DeterministicFakeEmbedding(size=4)


def cluster_node() -> Any:
    """Run a node of a cluster, as ``own_server`` does."""
    return own_server("--cluster-enabled", "yes", "--cluster-port", str(free_port()))


@pytest.fixture(scope="module", params=["moved", "ask", "down"])
def node(request: pytest.FixtureRequest) -> Iterator[tuple[int, str]]:
    """A node without slots, one that gives its slots away, and one of a cluster that lacks them: port and refusal."""
    with cluster_node() as (port, _), redis.Redis(port=port) as client:
        if request.param == "down":
            yield port, "does not serve this key now.*Hash slot not served"
            return
        with cluster_node() as (other, _), redis.Redis(port=other) as peer:
            peer.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
            bus = peer.config_get("cluster-port")["cluster-port"]
            client.execute_command("CLUSTER", "MEET", "127.0.0.1", other, bus)
            until(lambda: b"cluster_state:ok" in peer.execute_command("CLUSTER", "INFO", NEVER_DECODE=True))
            until(lambda: f"127.0.0.1:{other}" in (refusal_of(client) or ""))
            if request.param == "moved":
                yield port, rf"another node of a cluster \(.*\d+ 127.0.0.1:{other}\)"
                return
            myself = client.execute_command("CLUSTER MYID")
            pipeline = peer.pipeline(transaction=False)
            for slot in range(16384):
                pipeline.execute_command("CLUSTER", "SETSLOT", slot, "MIGRATING", myself)
            pipeline.execute()
            yield other, rf"another node of a cluster \(.*\d+ 127.0.0.1:{port}\)"


def refusal_of(client: redis.Redis) -> str | None:
    """Return what a node says to a write."""
    try:
        client.set("key", "")
    except redis.ResponseError as error:
        return str(error)
    return None


CALLS: list[tuple[Callable[..., Any], str, tuple[Any, ...]]] = [
    (lambda **given: langchain.RedisVectorStore(MODEL, index_name="docs", **given), "add_texts", (["text"],)),
    (lambda **given: langchain.RedisVectorStore(MODEL, index_name="docs", **given), "similarity_search", ("text",)),
    (langchain.RedisByteStore, "mset", ([("key", b"value")],)),
    (langchain.RedisByteStore, "mget", (["key", "other"],)),
    (langchain.RedisCache, "lookup", ("prompt", "model")),
    (lambda **given: langchain.RedisRecordManager("docs", **given), "update", (["key"],)),
    (lambda **given: langchain.RedisChatMessageHistory("one", **given), "add_messages", ([HumanMessage("hello")],)),
]


@pytest.mark.parametrize("given", ["url", "client"])
@pytest.mark.parametrize(("make", "name", "args"), CALLS, ids=[f"{name}" for _, name, _ in CALLS])
async def test_a_plain_client_on_a_cluster_is_told(
    node: tuple[int, str], call: Call, make: Callable[..., Any], name: str, args: tuple[Any, ...], given: str
) -> None:
    port, said = node
    with redis.Redis(port=port) as client:
        face = make(**({"redis_url": f"redis://127.0.0.1:{port}"} if given == "url" else {"client": client}), retry=0)
        with pytest.raises(ServerError, match=rf"on '.*{said}.*\?cluster=true") as told:
            await call(face, name, *args)
        assert isinstance(told.value, ServerUnavailableError) == ("does not serve" in said)
        assert len(str(told.value)) <= 300
        connection = face.index.connection if hasattr(face, "index") else face._connection
        await connection.aclose()


async def test_a_node_with_all_slots_serves_a_plain_client(call: Call) -> None:
    with cluster_node() as (port, _), redis.Redis(port=port) as client:
        client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until(lambda: refusal_of(client) is None)
        store = langchain.RedisByteStore(redis_url=f"redis://127.0.0.1:{port}")
        await call(store, "mset", [("key", b"value"), ("other", b"value")])
        assert await call(store, "mget", ["key", "other", "none"]) == [b"value", b"value", None]
        await store.aclose()
