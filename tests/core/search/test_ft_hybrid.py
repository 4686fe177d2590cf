"""FT.HYBRID: when it is used, what it is sent, and its replies as RESP2 arrays and RESP3 maps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.search.ft_hybrid import PROBE, can_serve, has_command, hybrid_command, read_hybrid
from redisvl_adapters.core.search.fusion import Fusion
from redisvl_adapters.core.search.hybrid_search import search_hybrid
from redisvl_adapters.core.search.results import ReturnFields
from redisvl_adapters.core.search.text_query import TextRequest
from redisvl_adapters.core.search.tuning import Tuning
from redisvl_adapters.core.search.vector_query import VectorRequest
from redisvl_adapters.core.server.commands import Steps, T
from redisvl_adapters.errors import ServerError

NEAR = VectorRequest(b"\x00\x01", "@kind:{a}", None, Tuning(ef_runtime=200))
MATCHING = TextRequest("(x)", "BM25STD", unspelled="@_text:(dogs)")
ROWS = [
    {"__key": "docs:both", "text": "one", "metadata": '{"n":1}', "vector_score": "0.9", "text_score": "2.5"},
    {"__key": "docs:near", "text": "two", "metadata": "{}", "vector_score": "0.95"},
    {"__key": "docs:said", "text": "three", "metadata": "{}", "text_score": "4"},
    {"__key": "docs:gone"},
]


def schema_of(storage: str) -> Schema:
    return IndexSpec("docs", storage=storage).schema(2)


def reply_of(protocol: int, storage: str, rows: list[dict[str, str]] = ROWS, warnings: tuple[bytes, ...] = ()) -> Any:
    """Return a reply as redis-py hands it over unparsed."""
    named = [
        {("$." if storage == "json" and key in ("text", "metadata") else "") + key: row[key] for key in row}
        for row in rows
    ]
    encoded = [{key.encode(): value.encode() for key, value in row.items()} for row in named]
    if protocol == 3:
        return {b"total_results": len(rows), b"execution_time": 0.4, b"warnings": list(warnings), b"results": encoded}
    results = [[part for pair in row.items() for part in pair] for row in encoded]
    return [b"total_results", len(rows), b"results", results, b"warnings", list(warnings), b"execution_time", b"0.4"]


both_protocols = pytest.mark.parametrize("protocol", [2, 3])
both_storages = pytest.mark.parametrize("storage", ["hash", "json"])


@pytest.mark.parametrize(
    ("reply", "known"),
    [
        ([[b"ft.hybrid", -4, [b"readonly"], 0, 0, 0]], True),
        ([None], False),
        ([[]], False),
        ([], False),
        ({b"ft.hybrid": {b"arity": -4}}, True),
        ({}, False),
        (ResponseError("NOPERM this user has no permissions"), False),
    ],
)
def test_the_command_is_probed_for(reply: Any, known: bool) -> None:
    assert PROBE.args == ("COMMAND", "INFO", "FT.HYBRID")
    assert has_command(reply) is known


@pytest.mark.parametrize("option", ["hybrid_policy", "batch_size", "search_window_size", "distance_threshold"])
def test_what_the_command_cannot_be_told_is_left_to_two_searches(option: str) -> None:
    assert can_serve(NEAR)
    values: dict[str, Any] = {option: 1}
    assert not can_serve(VectorRequest(b"", tuning=Tuning(**values)))
    assert not can_serve(VectorRequest(b"", ids=["a"]))


@both_storages
def test_the_command_asks_both_sides_with_the_filter(storage: str) -> None:
    schema = schema_of(storage)
    args: list[Any] = list(
        hybrid_command(NEAR, 50, MATCHING, ReturnFields(k=20, frame=True), schema, layout_of(schema)).args
    )
    text = " ".join(map(str, args))
    assert text.startswith(
        "FT.HYBRID docs SEARCH @_text:(dogs) SCORER BM25STD YIELD_SCORE_AS text_score VSIM @embedding"
    )
    assert "$vector KNN 4 K 50 EF_RUNTIME 200 FILTER (@kind:{a}) YIELD_SCORE_AS vector_score COMBINE RRF 4" in text
    assert "WINDOW 50" in text
    assert "LIMIT 0 70" in text
    assert args[-4:] == ["PARAMS", 2, "vector", b"\x00\x01"]
    count = args[args.index("LOAD") + 1]
    loaded = args[args.index("LOAD") + 2 :][:count]
    paths = ["$.text", "$.metadata", "$._exact", "$._node"] if storage == "json" else ["@text", "@metadata", "@_node"]
    assert loaded == ["@__key", *paths]


def test_a_filter_with_a_union_of_compounds_is_asked_as_in_any_knn_search() -> None:
    """The server takes it for empty where a value is unknown."""
    schema, where = schema_of("hash"), "(@kind:{a} | (@kind:{b} @n:[1 2]))"
    args = hybrid_command(
        VectorRequest(b"", where), 5, TextRequest("x", "BM25"), ReturnFields(k=5), schema, layout_of(schema)
    ).args
    assert args[args.index("FILTER") + 1] == f"({where} (-@_keys:{{none}}))"


def test_without_a_filter_or_a_tuning_neither_is_sent() -> None:
    schema = schema_of("hash")
    args = hybrid_command(
        VectorRequest(b""), 5, TextRequest("x", "BM25"), ReturnFields(k=5), schema, layout_of(schema)
    ).args
    assert "FILTER" not in args
    assert "EF_RUNTIME" not in args
    assert args[args.index("KNN") : args.index("KNN") + 4] == ("KNN", 2, "K", 5)


@both_protocols
@both_storages
def test_a_reply_is_read_by_sides(protocol: int, storage: str) -> None:
    schema = schema_of(storage)
    sides = read_hybrid(reply_of(protocol, storage), 50, ReturnFields(k=50), schema, layout_of(schema))
    assert list(sides.vector_scores.items()) == [("near", 0.95), ("both", 0.9)]
    assert list(sides.text_scores.items()) == [("said", 4.0), ("both", 2.5)]
    assert {name: (hit.record.text, hit.record.metadata) for name, hit in sides.hits.items()} == {
        "both": ("one", {"n": 1}),
        "near": ("two", {}),
        "said": ("three", {}),
    }


@both_protocols
def test_each_side_gives_no_more_candidates_than_asked(protocol: int) -> None:
    schema = schema_of("hash")
    sides = read_hybrid(reply_of(protocol, "hash"), 1, ReturnFields(k=1), schema, layout_of(schema))
    assert (list(sides.vector_scores), list(sides.text_scores)) == (["near"], ["said"])


@both_protocols
def test_an_answer_in_part_is_none(protocol: int) -> None:
    schema = schema_of("hash")
    reply = reply_of(protocol, "hash", warnings=(b"Timeout limit was reached (SEARCH)",))
    with pytest.raises(ServerError, match=r"in part.*Timeout"):
        read_hybrid(reply, 50, ReturnFields(k=50), schema, layout_of(schema))


# The whole search


def opened(storage: str = "hash") -> IndexState:
    spec = IndexSpec("docs", storage=storage)
    return IndexState(spec, Snapshot(schema_of(storage), {}, 3), opened=True)


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


NEAR_REPLY = [
    *(2, b"docs:near", [b"vector_distance", b"0.05", b"text", b"two", b"metadata", b"{}"]),
    *(b"docs:both", [b"vector_distance", b"0.1", b"text", b"one", b"metadata", b"{}"]),
]
TEXT_REPLY = [
    2,
    b"docs:said",
    b"4",
    [b"text", b"three", b"metadata", b"{}"],
    b"docs:both",
    b"2.5",
    [b"text", b"one", b"metadata", b"{}"],
]


@pytest.mark.parametrize("fusion", [Fusion(), Fusion("linear", 0.3), Fusion("rrf", 0.8, 1)])
def test_both_ways_give_one_ranking(fusion: Fusion) -> None:
    one, sent_one = drive(
        search_hybrid(opened(), [1.0, 0.0], "dogs", 4, fusion=fusion), [[[b"ft.hybrid"]]], [reply_of(2, "hash")]
    )
    two, sent_two = drive(
        search_hybrid(opened(), [1.0, 0.0], "dogs", 4, fusion=fusion), [[None]], [NEAR_REPLY, TEXT_REPLY]
    )
    assert [hit.record.id for hit in one] == [hit.record.id for hit in two]
    assert [hit.score for hit in one] == pytest.approx([hit.score for hit in two])
    assert sent_one == [["COMMAND"], ["FT.HYBRID"]]
    assert sent_two == [["COMMAND"], ["FT.SEARCH", "FT.SEARCH"]]


def test_the_server_is_asked_once_whether_it_has_the_command() -> None:
    state = opened()
    drive(search_hybrid(state, [1.0, 0.0], "dogs", 4), [[None]], [NEAR_REPLY, TEXT_REPLY])
    _, sent = drive(search_hybrid(state, [1.0, 0.0], "dogs", 4), [NEAR_REPLY, TEXT_REPLY])
    assert sent == [["FT.SEARCH", "FT.SEARCH"]]


def test_where_the_command_fails_two_searches_do_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    refused = ResponseError("Unknown argument `FILTER`")
    found, sent = drive(
        search_hybrid(opened(), [1.0, 0.0], "dogs", 4), [[[b"ft.hybrid"]]], [refused], [NEAR_REPLY, TEXT_REPLY]
    )
    assert [hit.record.id for hit in found] == ["near", "said", "both"]
    assert sent == [["COMMAND"], ["FT.HYBRID"], ["FT.SEARCH", "FT.SEARCH"]]
    assert "FT.HYBRID failed" in caplog.text


def test_scaled_vectors_are_left_to_two_searches() -> None:
    """The command would fuse the distances of what is stored."""
    state = opened()
    assert state.snapshot is not None
    schema = state.snapshot.schema
    scaled = replace(schema, vector=replace(schema.vector, dtype="int8", metric="l2", scale=2.0))
    state.snapshot = replace(state.snapshot, schema=scaled)
    _, sent = drive(search_hybrid(state, [1.0, 0.0], "dogs", 4), [[[b"ft.hybrid"]]], [NEAR_REPLY, TEXT_REPLY])
    assert sent == [["COMMAND"], ["FT.SEARCH", "FT.SEARCH"]]
