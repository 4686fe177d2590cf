"""Commands of text searches and of searches within a distance, and their replies over RESP2 and RESP3."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pytest

from redisvl_adapters.core.records.layouts import layout_of
from redisvl_adapters.core.schema.fields import VectorField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.search.complete_replies import RowsWithoutFieldsError
from redisvl_adapters.core.search.results import ReturnFields, read_text_hits, read_vector_hits
from redisvl_adapters.core.search.text_query import TextRequest, text_command
from redisvl_adapters.core.search.tuning import Tuning
from redisvl_adapters.core.search.vector_query import VectorRequest, vector_command
from redisvl_adapters.core.server.replies import as_mapping

both_protocols = pytest.mark.parametrize("protocol", [2, 3])
both_storages = pytest.mark.parametrize("storage", ["hash", "json"])

# As RediSearch 2.10.5 gave them.
FIELDS = {
    "hash": [b"text", b"fox 0", b"metadata", b'{"n":0}'],
    "json": [b"text", b"fox 0", b"metadata", b'{"n":9}', b"_exact", b'{"n":0}'],
}


def make_schema(storage: str = "hash", algorithm: str = "hnsw") -> Schema:
    return Schema("docs", "docs:", storage, VectorField("embedding", 2, "float32", "cosine", algorithm), {})


def resp3(rows: Sequence[dict[bytes, Any]]) -> dict[bytes, Any]:
    return {
        b"attributes": [],
        b"total_results": len(rows),
        b"format": b"STRING",
        b"results": [{**row, b"values": []} for row in rows],
        b"warning": [],
    }


def scored_reply(protocol: int, *rows: tuple[bytes, float, list[bytes] | None]) -> Any:
    """Return what FT.SEARCH answers WITHSCORES; a record without fields has expired."""
    if protocol == 2:
        return [len(rows), *(part for key, score, fields in rows for part in (key, repr(score).encode(), fields))]
    return resp3(
        [
            {b"id": key, b"score": score, b"extra_attributes": None if fields is None else as_mapping(fields)}
            for key, score, fields in rows
        ]
    )


def loaded_reply(protocol: int, *rows: tuple[bytes, bytes, list[bytes]] | None, total: int | None = None) -> Any:
    """Return what FT.AGGREGATE answers; a row that is None was a record that has expired."""
    loaded = [row and [b"vector_distance", row[1], b"__key", row[0], *row[2]] for row in rows]
    if protocol == 2:
        return [len(rows) if total is None else total, *loaded]
    return resp3([{b"extra_attributes": None if row is None else as_mapping(row)} for row in loaded])


@both_protocols
@both_storages
def test_text_hits_are_read_with_their_scores(protocol: int, storage: str) -> None:
    schema = make_schema(storage)
    reply = scored_reply(
        protocol,
        (b"docs:r:0", 0.18232159653038368, FIELDS[storage]),
        (b"docs:1", 0.0, [b"text", b"", b"metadata", b"{}"]),
    )
    first, second = read_text_hits(reply, schema, layout_of(schema))
    assert (first.record.id, first.record.text, first.record.metadata) == ("r:0", "fox 0", {"n": 0})
    assert (first.score, second.score) == (0.18232159653038368, 0.0)
    assert math.isnan(first.distance)
    assert (second.record.id, second.record.text, second.record.metadata) == ("1", "", {})


@both_protocols
def test_a_text_search_without_hits_is_read(protocol: int) -> None:
    schema = make_schema()
    assert read_text_hits(scored_reply(protocol), schema, layout_of(schema)) == []


@both_protocols
@both_storages
def test_a_text_hit_without_fields_is_told(protocol: int, storage: str) -> None:
    schema = make_schema(storage)
    for place in range(3):
        rows: list[Any] = [(f"docs:{number}".encode(), 1.0, FIELDS[storage]) for number in range(3)]
        lacking = rows[place][0]
        rows[place] = (lacking, 1.0, None)
        reply = scored_reply(protocol, *rows)
        with pytest.raises(RowsWithoutFieldsError) as error:
            read_text_hits(reply, schema, layout_of(schema))
        assert (error.value.keys, error.value.rows) == ([lacking], 3)
        others = [(str(number), 1.0) for number in range(3) if number != place]
        assert [(hit.record.id, hit.score) for hit in error.value.hits] == others


@both_protocols
@both_storages
def test_hits_within_a_distance_are_read(protocol: int, storage: str) -> None:
    schema = make_schema(storage)
    reply = loaded_reply(
        protocol,
        (b"docs:r:0", b"5.96046447754e-08", FIELDS[storage]),
        (b"docs:1", b"0.292893230915", [b"metadata", b"{}"]),
    )
    first, second = read_vector_hits(reply, schema, layout_of(schema))
    assert (first.record.id, first.record.text, first.record.metadata) == ("r:0", "fox 0", {"n": 0})
    assert (first.distance, first.score) == (5.96046447754e-08, None)
    assert (second.record.id, second.distance) == ("1", 0.292893230915)


@both_protocols
def test_no_hits_within_a_distance_are_read(protocol: int) -> None:
    schema = make_schema()
    assert read_vector_hits(loaded_reply(protocol), schema, layout_of(schema)) == []
    # The server counts what it has dropped, too.
    assert read_vector_hits(loaded_reply(protocol, total=2), schema, layout_of(schema)) == []


@both_protocols
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_hit_without_fields_within_a_distance_is_told(protocol: int, place: int) -> None:
    """In RESP2 its row is nil, wherever it stands, and nobody knows its key."""
    schema = make_schema()
    rows: list[Any] = [(f"docs:{number}".encode(), b"0.5", FIELDS["hash"]) for number in range(3)]
    rows[place] = None
    reply = loaded_reply(protocol, *rows)
    with pytest.raises(RowsWithoutFieldsError) as error:
        read_vector_hits(reply, schema, layout_of(schema))
    assert (error.value.keys, error.value.rows) == ([b""], 3)
    assert [hit.record.id for hit in error.value.hits] == [str(number) for number in range(3) if number != place]


# The commands


def near(request: VectorRequest, k: int = 7, storage: str = "hash", **wanted: bool) -> list[Any]:
    schema = make_schema(storage)
    return list(
        vector_command(request, ReturnFields(k=k, **wanted), schema, layout_of(schema)).command(request.vector).args
    )


def matching(request: TextRequest, k: int = 7, storage: str = "hash", **wanted: bool) -> list[Any]:
    schema = make_schema(storage)
    return list(text_command(request, ReturnFields(k=k, **wanted), schema, layout_of(schema)).args)


def test_the_tuning_of_a_search_stands_in_its_query() -> None:
    assert " EF_RUNTIME 200 AS " in near(VectorRequest(b"", tuning=Tuning(ef_runtime=200)))[2]
    tuned = near(VectorRequest(b"", "@n:[1 2]", tuning=Tuning(hybrid_policy="batches", batch_size=3)))[2]
    assert tuned.startswith("(@n:[1 2])=>[KNN 7 @embedding")
    assert " HYBRID_POLICY BATCHES BATCH_SIZE 3 AS " in tuned
    assert "EF_RUNTIME" not in near(VectorRequest(b""))[2]


@pytest.mark.parametrize("threshold", [0, 0.25, -3, 1e-7, -2.5e-9, 1e16, 1e20, -1e20, 1e308, 123456789.125])
def test_a_distance_threshold_is_a_bound_on_the_server(threshold: float) -> None:
    args = near(VectorRequest(b"\x01", tuning=Tuning(ef_runtime=9, distance_threshold=threshold)))
    assert args[:2] == ["FT.AGGREGATE", "docs"]
    assert "KNN 7 @embedding" in args[2]
    assert " EF_RUNTIME 9 " in args[2]
    bound = re.fullmatch(r"@vector_distance <= (\S+)", args[args.index("FILTER") + 1])
    assert bound is not None
    assert float(bound[1]) == threshold
    # RediSearch's expressions have no plus sign in an exponent.
    assert "e+" not in bound[1]
    assert args[args.index("SORTBY") :][:6] == ["SORTBY", 2, "@vector_distance", "ASC", "MAX", 7]
    assert args[args.index("TIMEOUT") + 1] == 0
    assert b"\x01" in args


@both_storages
def test_a_search_within_a_distance_loads_what_any_search_returns(storage: str) -> None:
    within = near(VectorRequest(b"", tuning=Tuning(distance_threshold=1)), storage=storage, frame=True, vectors=True)
    plain = near(VectorRequest(b""), storage=storage, frame=True, vectors=True)
    start = within.index("LOAD") + 2
    loaded = within[start : start + within[within.index("LOAD") + 1]]
    start = plain.index("RETURN") + 2
    returned = plain[start : start + plain[plain.index("RETURN") + 1]]
    assert loaded == ["@__key", *returned[:-1]]
    assert returned[-1] == "vector_distance"


def test_epsilon_makes_a_range_query_of_a_search_within_a_distance() -> None:
    tuning = Tuning(distance_threshold=0.25, epsilon=0.5)
    for where, start in (("*", "@embedding:[VECTOR_RANGE"), ("@n:[1 2]", "@n:[1 2] @embedding:[VECTOR_RANGE")):
        args = near(VectorRequest(b"\x01", where, tuning=tuning))
        assert args[:2] == ["FT.SEARCH", "docs"]
        assert args[2].startswith(start)
        assert "$EPSILON: 0.5" in args[2]
        params = args[args.index("PARAMS") :][:6]
        assert params == ["PARAMS", 4, "radius", 0.25, "vector", b"\x01"]
        assert args[args.index("SORTBY") + 1 :][:2] == ["vector_distance", "ASC"]
        assert args[args.index("LIMIT") + 1 :][:2] == [0, 7]


def test_among_ids_a_search_within_a_distance_is_an_ordinary_one() -> None:
    args = near(VectorRequest(b"", ids=["a", "b"], tuning=Tuning(distance_threshold=0.25)))
    assert args[0] == "FT.SEARCH"
    assert args[args.index("INKEYS") :][:4] == ["INKEYS", 2, "docs:a", "docs:b"]


def test_a_text_search_asks_for_scores_and_never_times_out_with_half_an_answer() -> None:
    args = matching(TextRequest("@_text:(fox)", "BM25STD"))
    assert args[:3] == ["FT.SEARCH", "docs", "@_text:(fox)"]
    assert "WITHSCORES" in args
    assert args[args.index("SCORER") + 1] == "BM25STD"
    assert args[args.index("LIMIT") + 1 :][:2] == [0, 7]
    assert args[args.index("TIMEOUT") + 1] == 0
    assert args[args.index("DIALECT") + 1] == 2
    returned = args[args.index("RETURN") :]
    assert {"text", "metadata"} <= set(returned)
    assert not {"_node", "embedding", "vector_distance", "INKEYS", "SORTBY"} & set(returned)


def test_a_text_search_is_verbatim_and_can_be_of_one_record() -> None:
    args = matching(TextRequest("@_text:(fox)", "TFIDF", record_id="b c"))
    assert args[2] == "@_text:(fox)"
    assert "VERBATIM" in args
    assert args[args.index("INKEYS") :][:3] == ["INKEYS", 1, "docs:b c"]
    assert {"$.text", "$.metadata", "$._node"} <= set(matching(TextRequest("", ""), storage="json", frame=True))
