"""Hybrid search, fed replies: two searches in one round trip, and the ranking that becomes of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.hybrid_search import search_hybrid
from redisvl_adapters.core.server.commands import Steps, T

NEAR_REPLY = [
    *(2, b"docs:near", [b"vector_distance", b"0.05", b"text", b"two", b"metadata", b"{}"]),
    *(b"docs:both", [b"vector_distance", b"0.1", b"text", b"one", b"metadata", b"{}"]),
]
TEXT_REPLY = [
    *(2, b"docs:said", b"4", [b"text", b"three", b"metadata", b"{}"]),
    *(b"docs:both", b"2.5", [b"text", b"one", b"metadata", b"{}"]),
]


def opened() -> IndexState:
    spec = IndexSpec("docs", storage="hash", algorithm="flat")
    return IndexState(spec, Snapshot(spec.schema(2), {}, 0), opened=True)


def drive(steps: Steps[T], *replies: list[Any]) -> tuple[T, list[list[str]]]:
    """Send an operation its replies, and return its result with the names of the commands in each round trip."""
    sent: list[list[str]] = []
    waiting = iter(replies)
    try:
        batch = next(steps)
        while True:
            sent.append([str(command.args[0]) for command in batch])
            batch = steps.send(next(waiting))
    except StopIteration as stop:
        assert not list(waiting)
        return stop.value, sent


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [
        (Fusion(), {"said": 0.7, "near": 0.3, "both": 0.0}),
        (Fusion("linear", 0.5), {"near": 0.5, "said": 0.5, "both": 0.0}),
        (Fusion("rrf", 0.8, 1), {"near": 1.6 / 2, "both": 1.6 / 3 + 0.4 / 3, "said": 0.4 / 2}),
    ],
)
def test_two_searches_in_one_round_trip_become_one_ranking(fusion: Fusion, expected: dict[str, float]) -> None:
    hits, sent = drive(search_hybrid(opened(), [1.0, 0.0], "dogs", 4, fusion=fusion), [NEAR_REPLY, TEXT_REPLY])
    assert sent == [["FT.SEARCH", "FT.SEARCH"]]
    assert {hit.record.id: hit.score for hit in hits} == pytest.approx(expected)
    assert [hit.score for hit in hits] == sorted((hit.score or 0.0 for hit in hits), reverse=True)
    assert {hit.record.id: hit.record.text for hit in hits} == {"near": "two", "both": "one", "said": "three"}


@pytest.mark.parametrize(
    ("alpha", "reply", "found"), [(1, NEAR_REPLY, ["near", "both"]), (0, TEXT_REPLY, ["said", "both"])]
)
def test_a_side_without_weight_is_not_asked(alpha: float, reply: list[Any], found: list[str]) -> None:
    hits, sent = drive(search_hybrid(opened(), [1.0, 0.0], "dogs", 4, fusion=Fusion(alpha=alpha)), [reply])
    assert sent == [["FT.SEARCH"]]
    assert [hit.record.id for hit in hits] == found


def test_the_distances_of_scaled_vectors_are_those_of_the_vectors() -> None:
    """l2 of vectors of twice the length is four times as large, which the similarity 1 / (1 + d) would show."""
    state = opened()
    assert state.snapshot is not None
    schema = state.snapshot.schema
    scaled = replace(schema, vector=replace(schema.vector, dtype="int8", metric="l2", scale=2.0))
    state.snapshot = replace(state.snapshot, schema=scaled)
    (near, both), _ = drive(search_hybrid(state, [1.0, 0.0], "dogs", 4, fusion=Fusion(alpha=1)), [NEAR_REPLY])
    assert (near.distance, both.distance) == pytest.approx((0.05 / 4, 0.1 / 4))
