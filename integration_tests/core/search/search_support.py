"""What the tests of retrieving share: records with words and vectors, all three ways to them, and what is sent."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import redis
from llama_index.core.vector_stores.types import VectorStoreQuery
from numpy.typing import NDArray

from integration_tests.conftest import Call
from integration_tests.core.core_support import until
from integration_tests.langchain.langchain_support import Clients, Model, store_on
from redisvl_adapters.core import Filter, Hit, RedisIndex, operations
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.server import retrying_drivers
from redisvl_adapters.core.server.commands import Command
from redisvl_adapters.langchain import RedisVectorStore
from redisvl_adapters.llama_index import RedisVectorStore as LlamaIndexStore

DIMS = 8
WORDS = "red fox river stone cloud garden winter signal copper violin lantern harbour".split()
QUERY = "red foxes near the river"


@dataclass(frozen=True)
class Item:
    """A record."""

    id: str
    text: str
    vector: NDArray[np.float64]
    metadata: dict[str, Any]


def items(size: int = 40, seed: int = 0) -> list[Item]:
    """Return records whose texts are drawn from few words, no two of one length, so that hardly two score the same."""
    dice = random.Random(seed)
    rows = np.random.default_rng(seed).normal(size=(size, DIMS)).astype(np.float32).astype(np.float64)
    return [
        Item(
            f"r{place}",
            " ".join(dice.choices(WORDS, range(len(WORDS), 0, -1), k=3 + place)),
            rows[place],
            {"n": place, "kind": dice.choice("abc"), "title": " ".join(dice.sample(WORDS, 2))},
        )
        for place in range(size)
    ]


@dataclass(frozen=True)
class Shelf:
    """One index with records in it, seen through LangChain, LlamaIndex and the core.

    Attributes:
        items: The records by their ids.
        langchain: The LangChain store.
        llama_index: The LlamaIndex store.
        core: The index.
        model: The embedding model of the LangChain store.
        call: What runs a method or its async twin.
    """

    items: dict[str, Item]
    langchain: RedisVectorStore
    llama_index: LlamaIndexStore
    core: RedisIndex
    model: Model
    call: Call

    async def lc(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of the LangChain store."""
        return await self.call(self.langchain, name, *args, **kwargs)

    async def li(self, **parts: Any) -> dict[str, float]:
        """Query the LlamaIndex store; returns similarities by id, in their order."""
        options = parts.pop("options", {})
        query = VectorStoreQuery(**{"similarity_top_k": 1000, **parts})
        result = await self.call(self.llama_index, "query", query, **options)
        assert [node.node_id for node in result.nodes] == result.ids
        return dict(zip(result.ids, result.similarities, strict=True))

    async def run(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run an operation of the core."""
        return await self.call(self.core, "run", operation(self.core.state, *args, **kwargs))

    async def texts(self, text: str, filter: Filter | None = None, k: int = 1000, **options: Any) -> dict[str, float]:
        """Search by text through the core; returns scores by id, in their order."""
        return scores_of(await self.run(operations.search_text, text, k, filter, **options))

    def distances(self, metric: str = "cosine", query: str = QUERY, ids: Iterable[str] | None = None) -> dict[str, Any]:
        """Return the true distances of records from a query by id, nearest first."""
        vector = np.asarray(self.model.vector(query), dtype=np.float32).astype(np.float64)
        found = {each: distance(vector, self.items[each].vector, metric) for each in ids or self.items}
        return dict(sorted(found.items(), key=lambda pair: pair[1]))


def distance(one: NDArray[np.float64], other: NDArray[np.float64], metric: str) -> float:
    """Return a distance as Redis defines it."""
    if metric == "l2":
        return float(((one - other) ** 2).sum())
    product = float(one @ other)
    return 1 - (product if metric == "ip" else product / float(np.linalg.norm(one) * np.linalg.norm(other)))


async def shelf(
    call: Call, clients: Clients, index_name: str, content: Sequence[Item] | None = None, **options: Any
) -> Shelf:
    """Return an index that has these records, with the title of each as a text field."""
    content = items() if content is None else content
    model = Model({item.text: item.vector.tolist() for item in content}, dims=DIMS)
    given = {"metadata_schema": {"title": "text"}, **options}
    store = store_on(clients, index_name, model, **given)
    await call(store, "create", DIMS)
    await_scan(clients["client"], index_name)
    await call(
        store,
        "add_texts",
        [item.text for item in content],
        [item.metadata for item in content],
        ids=[item.id for item in content],
    )
    other = LlamaIndexStore(index_name=index_name, **clients)
    assert await call(other, "count") == len(content)  # which opens it
    return Shelf({item.id: item for item in content}, store, other, store.index, model, call)


def await_scan(client: redis.Redis, index_name: str) -> None:
    """Wait for the scan that follows the creation of an index: it can index records again, which changes scores."""

    def is_done() -> bool:
        told: Any = client.execute_command("FT.INFO", index_name)
        facts = told if isinstance(told, dict) else dict(zip(told[::2], told[1::2], strict=True))
        return not int(facts[b"indexing"])

    until(is_done)


def scores_of(hits: Sequence[Hit]) -> dict[str, float]:
    """Return the scores of hits by id, in their order."""
    return {hit.record.id: hit.score or 0.0 for hit in hits}


def distances_of(found: Sequence[tuple[Any, float]]) -> dict[str, float]:
    """Return the numbers that came with LangChain's documents by id, in their order."""
    return {document.id: number for document, number in found}


class Sent(list[list[tuple[Any, ...]]]):
    """What was sent: the commands of each round trip."""

    refusing = False

    def names(self) -> list[set[str]]:
        """Return the names of the commands of each round trip."""
        return [{str(args[0]) for args in batch} for batch in self]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    """Record every round trip; or, once told to be refusing, fail at the first one.

    What is known of an index does not get old meanwhile, which would cost one more.
    """
    monkeypatch.setattr(snapshot, "MAX_AGE", math.inf)
    recorded = Sent()
    send, asend = retrying_drivers._send, retrying_drivers._asend

    def record(commands: Sequence[Command]) -> None:
        assert not recorded.refusing, f"nothing should have been sent, but {commands[0].args[:3]} was"
        recorded.append([command.args for command in commands])

    def sending(client: Any, commands: Sequence[Command], *rest: Any) -> Any:
        record(commands)
        return send(client, commands, *rest)

    async def asending(client: Any, commands: Sequence[Command]) -> Any:
        record(commands)
        return await asend(client, commands)

    monkeypatch.setattr(retrying_drivers, "_send", sending)
    monkeypatch.setattr(retrying_drivers, "_asend", asending)
    return recorded
