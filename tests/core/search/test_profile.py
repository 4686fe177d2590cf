"""What FT.PROFILE says, in the shapes of search 2.10 and of search 8, over RESP2 and RESP3."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from redisvl_adapters.core.search.profile import read_profile

# A KNN search for three of six records with a filter of numbers, by search 2.10.5.
OLD_RESP2 = [
    [3, b"docs:a", [b"d", b"1.5"]],
    [
        [b"Total profile time", b"56"],
        [b"Parsing time", b"0.25"],
        [b"Pipeline creation time", b"0"],
        [b"Warning"],
        [
            b"Iterators profile",
            [
                *(b"Type", b"VECTOR", b"Time", b"27", b"Counter", 3, b"Child iterator"),
                [b"Type", b"NUMERIC", b"Term", b"0 - 5", b"Time", b"5", b"Counter", 4, b"Size", 6],
            ],
        ],
        [
            b"Result processors profile",
            [b"Type", b"Index", b"Time", b"38", b"Counter", 3],
            [b"Type", b"Sorter", b"Time", b"6", b"Counter", 3],
        ],
    ],
]
OLD_RESP3 = {
    b"results": [{b"id": b"docs:a", b"extra_attributes": {b"d": b"1.5"}, b"values": []}],
    b"total_results": 3,
    b"warning": [],
    b"profile": {
        b"Total profile time": 56.0,
        b"Parsing time": 0.25,
        b"Pipeline creation time": 0.0,
        b"Warning": b"None",
        b"Iterators profile": [
            {
                b"Type": b"VECTOR",
                b"Time": 27.0,
                b"Counter": 3,
                b"Child iterator": {b"Type": b"NUMERIC", b"Term": b"0 - 5", b"Time": 5.0, b"Counter": 4, b"Size": 6},
            }
        ],
        b"Result processors profile": [
            {b"Type": b"Index", b"Time": 38.0, b"Counter": 3},
            {b"Type": b"Sorter", b"Time": 6.0, b"Counter": 3},
        ],
    },
}
OLD = {
    "shards": [
        {
            "total_ms": 56.0,
            "parsing_ms": 0.25,
            "pipeline_ms": 0.0,
            "iterators": {
                "Type": "VECTOR",
                "Time": 27.0,
                "Counter": 3,
                "Child iterator": {"Type": "NUMERIC", "Term": "0 - 5", "Time": 5.0, "Counter": 4, "Size": 6},
            },
            "processors": [
                {"Type": "Index", "Time": 38.0, "Counter": 3},
                {"Type": "Sorter", "Time": 6.0, "Counter": 3},
            ],
            "warnings": [],
            "more": {},
        }
    ],
    "coordinator": {},
}


def text_node(term: bytes, reads: int, protocol: int) -> Any:
    """Return a node of search 8 that reads a word."""
    node = {b"Type": b"TEXT", b"Term": term, b"Time": 0.5, b"Number of reading operations": reads}
    return node if protocol == 3 else flat(node)


def flat(node: dict[bytes, Any]) -> list[Any]:
    """Return a map as RESP2 has it."""
    return [
        part
        for name, value in node.items()
        for part in (name, str(value).encode() if isinstance(value, float) else value)
    ]


def new_shard(protocol: int, name: bytes, total: float, warning: bytes) -> Any:
    """Return what a shard of search 8 says of a union of two words."""
    make: Any = dict if protocol == 3 else flat
    union = make(
        {
            b"Type": b"UNION",
            b"Query type": b"UNION",
            b"Time": 1.5,
            b"Child iterators": [text_node(b"red", 7, protocol), text_node(b"fox", 2, protocol)],
        }
    )
    return make(
        {
            b"Shard ID": name,
            b"Total profile time": total,
            b"Parsing time": 0.125,
            b"Workers queue time": 0.0625,
            b"Pipeline creation time": 0.25,
            b"Warning": [warning],
            b"Iterators profile": union,
            b"Result processors profile": [make({b"Type": b"Threadsafe-Loader", b"GIL-Time": 0.5, b"Time": 1.0})],
        }
    )


def new_reply(protocol: int, shards: list[Any], coordinator: dict[bytes, Any]) -> Any:
    """Return the reply of search 8."""
    if protocol == 3:
        told = {b"Shards": shards, b"Coordinator": coordinator}
        return {b"Results": {b"total_results": 0, b"results": []}, b"Profile": told}
    return [[0], [b"Shards", shards, b"Coordinator", flat(coordinator)]]


def plain(reply: Any) -> Any:
    """Return what is read of a reply as JSON has it."""
    return json.loads(json.dumps(asdict(read_profile(reply))))


@pytest.mark.parametrize("reply", [OLD_RESP2, OLD_RESP3], ids=["RESP2", "RESP3"])
def test_search_2_10_says_the_same_in_both_protocols(reply: Any) -> None:
    assert plain(reply) == OLD
    assert read_profile(reply).total_ms == 56


def test_children_that_stand_behind_their_name_are_a_list() -> None:
    children = [[b"Type", b"TEXT", b"Term", term, b"Time", b"0", b"Counter", 6] for term in (b"red", b"fox")]
    union = [b"Type", b"UNION", b"Time", b"1", b"Counter", 6, b"Child iterators", *children]
    shard = plain([[0], [[b"Warning", b"Timeout limit was reached"], [b"Iterators profile", union]]])["shards"][0]
    assert [child["Term"] for child in shard["iterators"]["Child iterators"]] == ["red", "fox"]
    assert shard["warnings"] == ["Timeout limit was reached"]
    assert (shard["total_ms"], shard["processors"]) == (None, [])


@pytest.mark.parametrize("protocol", [2, 3])
def test_search_8_tells_of_each_shard_and_of_the_coordinator(protocol: int) -> None:
    shards = [new_shard(protocol, b"one", 3.5, b"None"), new_shard(protocol, b"two", 4.5, b"Timeout limit was reached")]
    reply = new_reply(protocol, shards, {b"Total Coordinator time": 5.5})
    told = plain(reply)
    assert told["coordinator"] == {"Total Coordinator time": 5.5}
    one, two = told["shards"]
    assert (one["total_ms"], one["parsing_ms"], one["pipeline_ms"], one["warnings"]) == (3.5, 0.125, 0.25, [])
    assert one["more"] == {"Shard ID": "one", "Workers queue time": 0.0625}
    assert one["iterators"] == {
        "Type": "UNION",
        "Query type": "UNION",
        "Time": 1.5,
        "Child iterators": [
            {"Type": "TEXT", "Term": "red", "Time": 0.5, "Number of reading operations": 7},
            {"Type": "TEXT", "Term": "fox", "Time": 0.5, "Number of reading operations": 2},
        ],
    }
    assert one["processors"] == [{"Type": "Threadsafe-Loader", "GIL-Time": 0.5, "Time": 1.0}]
    assert (two["more"]["Shard ID"], two["warnings"]) == ("two", ["Timeout limit was reached"])
    assert read_profile(reply).total_ms == 4.5


def test_labels_part_the_shards_of_a_list() -> None:
    one, two = ([[b"Total profile time", time], [b"Parsing time", b"0"]] for time in (b"2", b"3"))
    told = plain([[0], [[b"Shard #1"], *one, [b"Shard #2"], *two, [b"Coordinator"], [b"Total Coordinator time", b"4"]]])
    assert [shard["total_ms"] for shard in told["shards"]] == [2, 3]
    assert told["coordinator"] == {"Total Coordinator time": 4}


@pytest.mark.parametrize(
    "reply",
    [
        None,
        b"OK",
        [],
        [[0], []],
        [[0], None],
        [[0], [b"Shards", []]],
        [[0], [[b"Total profile time", b"soon"]]],
        {b"results": []},
        {b"profile": 3},
        {b"Profile": {b"Shards": [3], b"Coordinator": {}}},
    ],
    ids=repr,
)
def test_another_form_is_told_to_be_one(reply: Any) -> None:
    with pytest.raises(ValueError, match="form that is not known here"):
        read_profile(reply)
