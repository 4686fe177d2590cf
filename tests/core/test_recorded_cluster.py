"""Operations on what a cluster of three masters replied to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from redisvl_adapters.core import Compare, Operator, operations
from redisvl_adapters.core.index.lifecycle import open_index
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Steps
from tests.core.fake_server import record
from tests.core.recorded_cluster import RecordedCluster, cluster_state

IDS = [f"r{place}" for place in range(12)]
EVEN = Compare("even", Operator.EQ, value=True)
LATE = Compare("year", Operator.GTE, 2006)

OPERATIONS: Mapping[str, Callable[[IndexState], Steps[Any]]] = {
    "open": open_index,
    "upsert": lambda state: operations.upsert(
        state,
        [record(record_id, year=2000 + place, even=place % 2 == 0) for place, record_id in enumerate(IDS)],
        [[1.0, float(place)] for place in range(12)],
    ),
    "count": lambda state: operations.count(state, LATE),
    "vector": lambda state: operations.search_by_vector(state, [1.0, 0.0], 4, EVEN),
    "text": lambda state: operations.search_text(state, "text of r3", 2),
    "hybrid": lambda state: operations.search_hybrid(state, [1.0, 0.0], "r3", 3),
    "fetch": lambda state: operations.fetch(state, ["r0", "none", "r11"]),
    "matching": lambda state: operations.fetch_matching(state, LATE & EVEN),
    "delete": lambda state: operations.delete_matching(state, EVEN),
    "delete ids": lambda state: operations.delete(state, ["r1", "r3", "none"]),
}
"""In their order: each finds what those before it left."""

FOUND: Mapping[str, Callable[[Any], bool]] = {
    "open": lambda result: result is None,
    "upsert": lambda result: result == IDS,
    "count": lambda result: result == 6,
    "vector": lambda hits: [hit.record.id for hit in hits] == ["r0", "r2", "r4", "r6"],
    "text": lambda hits: hits[0].record.id == "r3" and len(hits) == 2,
    "hybrid": lambda hits: {"r3", "r0"} <= {hit.record.id for hit in hits},
    "fetch": lambda found: (
        [each and each.metadata for each in found]
        == [{"year": 2000, "even": True}, None, {"year": 2011, "even": False}]
    ),
    "matching": lambda found: {each.id for each in found} == {"r6", "r8", "r10"},
    "delete": lambda result: result == 6,
    "delete ids": lambda result: result == 2,
}


@pytest.fixture
def opened() -> tuple[RecordedCluster, IndexState]:
    """The cluster, and an index on it that was looked at."""
    cluster, state = RecordedCluster(), cluster_state()
    cluster.run("open", open_index(state))
    return cluster, state


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name != "open"])
def test_an_operation_understands_what_a_cluster_replies(opened: tuple[RecordedCluster, IndexState], name: str) -> None:
    cluster, state = opened
    assert FOUND[name](cluster.run(name, OPERATIONS[name](state)))


def test_each_script_of_an_ingest_writes_one_record(opened: tuple[RecordedCluster, IndexState]) -> None:
    _, state = opened
    steps = OPERATIONS["upsert"](state)
    assert [command.args[2] for command in next(steps)] == [1] * 12
