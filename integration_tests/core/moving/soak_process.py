"""One process of the soak: a writer, a reader, or one that rebuilds, until it is told to stop.

A writer changes records of its own, and says in the end what they are. A reader searches, and ends with an error if a
search fails or finds fewer than there must be. The arguments come as JSON.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path
from typing import Any

import orjson
from langchain_core.embeddings import DeterministicFakeEmbedding

from redisvl_adapters.core.moving import job
from redisvl_adapters.langchain import RedisVectorStore

SIZE = 8
STEADY = 40
"""How many records nobody changes: each search finds them."""


def open_store(url: str, name: str, **options: Any) -> RedisVectorStore:
    """Return a store on the index of the soak."""
    return RedisVectorStore(DeterministicFakeEmbedding(size=SIZE), index_name=name, redis_url=url, **options)


class Store:
    """The methods of a store, called in one of two ways."""

    def __init__(self, store: RedisVectorStore, *, is_async: bool) -> None:
        self._store, self._is_async = store, is_async
        self._loop = asyncio.new_event_loop()

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if self._is_async:
            return self._loop.run_until_complete(getattr(self._store, f"a{name}")(*args, **kwargs))
        return getattr(self._store, name)(*args, **kwargs)


def write(store: Store, stop: Path, who: str, seed: int) -> None:
    """Add, replace, change and delete records, and say what they are in the end."""
    dice, known = random.Random(seed), dict[str, int | None]()
    number = 0
    while not stop.exists():
        number += 1
        record_id = f"{who}{dice.randrange(20)}"
        has = known.get(record_id)
        spell = dice.choice(["add", "add", "update", "delete", "filter"])
        if spell == "add" or has is None:
            store.call("add_texts", [f"fox {number}"], [{"n": number, "who": who, "own": record_id}], ids=[record_id])
            known[record_id] = number
        elif spell == "update":
            assert store.call("update_metadata", [record_id], {"n": number}) == 1
            known[record_id] = number
        elif spell == "delete":
            assert store.call("delete", [record_id])
            known[record_id] = None
        else:
            assert store.call("delete", filter={"own": record_id})
            known[record_id] = None
        found = store.call("get_by_ids", [record_id])
        assert [each.metadata["n"] for each in found] == [n for n in [known[record_id]] if n is not None], record_id
    sys.stdout.write(orjson.dumps(known).decode())


def read(store: Store, stop: Path) -> None:
    """Search in every way, and find all that nobody changes."""
    times = 0
    while not stop.exists():
        assert len(store.call("similarity_search", "fox", k=STEADY, filter={"who": "steady"})) == STEADY
        assert store.call("count", {"who": "steady"}) == STEADY
        assert len(store.call("text_search", "steady", k=STEADY)) == STEADY
        assert len(store.call("get", filter={"who": "steady"})) == STEADY
        times += 1
    sys.stdout.write(str(times))


def rebuild(store: Store, options: dict[str, Any], lease: float) -> None:
    """Rebuild the index once."""
    job.LEASE = lease
    sys.stdout.write(str(store.call("rebuild", **options)))


def main() -> None:
    """Do what the arguments say."""
    told = orjson.loads(sys.argv[1])
    store = Store(open_store(told["url"], told["name"]), is_async=told["is_async"])
    stop = Path(told["stop"])
    match told["role"]:
        case "writer":
            write(store, stop, told["who"], told["seed"])
        case "reader":
            read(store, stop)
        case "rebuilder":
            rebuild(store, told["options"], told["lease"])


if __name__ == "__main__":
    main()
