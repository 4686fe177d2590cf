"""Named vectors while several writers take turns after every command: a record has the vector of the text it has."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from redisvl_adapters.core import Record, operations
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Steps
from tests.core.fake_server import FakeServer, make_state, opened

VECTORS: dict[str, list[float]] = {"one": [1.0, 0.0], "two": [2.0, 0.0], "three": [3.0, 0.0], "four": [4.0, 0.0]}
DECLARED: Any = {"title": {"key": "title", "dims": 2}}


def written(state: IndexState, record_id: str, title: str | None) -> Steps[list[str]]:
    vectors: Any = None if title is None else {"title": VECTORS[title]}
    metadata = {"n": 1} if title is None else {"title": title}
    return operations.upsert(state, [Record(record_id, "text", metadata, vectors=vectors)], [[1.0, 2.0]])


def changed(state: IndexState, title: str | None) -> Steps[int]:
    vectors: Any = {} if title is None else {"title": VECTORS[title]}
    return operations.update_metadata(state, {"title": title}, ["a", "b"], vectors=vectors)


@pytest.mark.parametrize("seed", range(40))
def test_every_order_of_events_leaves_the_vector_of_the_text(seed: int) -> None:
    server, first = FakeServer(), make_state(vectors=DECLARED)
    server.run(first, written(first, "a", "one"))
    server.run(first, written(first, "b", None))
    states = [make_state() for _ in range(4)]
    server.race(
        seed,
        opened(states[0], changed(states[0], "two")),
        opened(states[1], changed(states[1], None)),
        opened(states[2], written(states[2], "a", "three")),
        opened(states[3], written(states[3], "b", "four")),
    )
    for record_id in ("a", "b"):
        fields = server.records[record_id]
        title = orjson.loads(fields[b"metadata"]).get("title")
        stored = fields.get(b"_v_title")
        assert (None if stored is None else np.frombuffer(stored, "f4").tolist()) == VECTORS.get(title)
