"""One process of the soak: a writer, a reader, or one that rebuilds, until it is told to stop.

A writer changes records of its own, and says in the end what they are. A reader searches, and ends with an error if a
search fails or finds fewer than there must be. The arguments come as JSON.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from integration_tests.core.moving.soak_faces import STEADY, Face, open_face
from redisvl_adapters import SchemaMismatchError
from redisvl_adapters.core.moving import job


class Follower:
    """A process that goes on with the new model where the index has another one: its store is opened anew then."""

    def __init__(self, told: dict[str, Any], face: str, *, is_async: bool) -> None:
        self._told, self._face, self._is_async = told, face, is_async
        self._size = told["size"]
        self._open = self._opened()

    def _opened(self) -> Face:
        return open_face(self._face, self._told["url"], self._told["name"], self._size, is_async=self._is_async)

    def run(self, act: Callable[[Face], Any]) -> Any:
        """Do something; again by a store with the other model, if this one is refused."""
        try:
            return act(self._open)
        except SchemaMismatchError as error:
            if self._told["other_size"] is None or "model" not in str(error):
                raise
        self._open.close()
        self._size = ({self._told["size"], self._told["other_size"]} - {self._size}).pop()
        self._open = self._opened()
        return act(self._open)


def write(store: Follower, stop: Path, who: str, seed: int) -> None:
    """Add, replace, change and delete records, and say what they are in the end."""
    dice, known = random.Random(seed), dict[str, int | None]()
    number = 0
    while not stop.exists():
        number += 1
        record_id = f"{who}{dice.randrange(20)}"
        has = known.get(record_id)
        spell = dice.choice(["add", "add", "update", "delete", "filter"])
        metadata = {"n": number, "who": who, "own": record_id}
        if spell == "add" or has is None:
            store.run(lambda face: face.add(record_id, f"fox {number}", metadata))  # noqa: B023  # called at once
            known[record_id] = number
        elif spell == "update":
            changed = store.run(lambda face: face.update(record_id, {"n": number}))  # noqa: B023  # as above
            assert changed == 1
            known[record_id] = number
        else:
            if spell == "delete":
                store.run(lambda face: face.delete(record_id))  # noqa: B023  # as above
            else:
                store.run(lambda face: face.delete_where({"own": record_id}))  # noqa: B023  # as above
            known[record_id] = None
        found = store.run(lambda face: face.numbers([record_id]))  # noqa: B023  # as above
        assert found == [n for n in [known[record_id]] if n is not None], (spell, record_id, number, found)
    sys.stdout.write(orjson.dumps(known).decode())


def read(stores: list[Follower], stop: Path) -> None:
    """Search in every way, by each store in turn, and find all that nobody changes."""
    times = 0
    while not stop.exists():
        for store in stores:
            for search in ("near", "count", "words", "matching"):
                found = store.run(lambda face: getattr(face, search)())  # noqa: B023  # called at once
                assert found == STEADY, (search, found)
        times += 1
    sys.stdout.write(str(times))


def rebuild(face: Face, options: dict[str, Any], lease: float) -> None:
    """Rebuild the index once, and say when that begins."""
    job.LEASE = lease
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    sys.stdout.write(str(face.rebuild(options)))


def main() -> None:
    """Do what the arguments say."""
    told = orjson.loads(sys.argv[1])
    stop = Path(told["stop"])
    match told["role"]:
        case "writer":
            write(Follower(told, told["face"], is_async=told["is_async"]), stop, told["who"], told["seed"])
        case "reader":
            ways = (("langchain", True), ("llama_index", False), ("langchain", False), ("llama_index", True))
            read([Follower(told, face, is_async=is_async) for face, is_async in ways], stop)
        case "rebuilder":
            face = open_face(told["face"], told["url"], told["name"], told["size"], is_async=told["is_async"])
            rebuild(face, told["options"], told["lease"])


if __name__ == "__main__":
    main()
