"""Operations without a server: what they send, what they make of interruptions, and what others do in the middle."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from redis.exceptions import ResponseError

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import MATCH_ALL, Compare, Filter, Not, Operator
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.ingest.write_batches import PER_SCRIPT
from redisvl_adapters.core.search.filter_compiler import compile_for_delete
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotFoundError,
    PartialWriteError,
    RecordError,
    SchemaMismatchError,
    ServerUnavailableError,
    UnknownFieldError,
    UnknownFieldWarning,
)
from tests.core.fake_server import NAME, FakeServer, make_state, record

VECTOR = [1.0, 2.0]
HAS_K = Compare("k", Operator.EXISTS, value=True)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


def write(server: FakeServer, state: IndexState, *records: Any) -> list[str]:
    return server.run(state, operations.upsert(state, records, [VECTOR] * len(records)))


def types(server: FakeServer) -> dict[str, str]:
    return {
        key.decode().removeprefix("key:"): orjson.loads(entry)["type"]
        for key, entry in server.registry.items()
        if key.startswith(b"key:")
    }


def lose_connection() -> None:
    raise ServerUnavailableError("no Redis server answers at here:1")


def test_a_constructor_and_an_empty_write_send_nothing(server: FakeServer) -> None:
    assert next(operations.upsert(make_state(), [], []), None) is None
    assert server.sent == []


def test_the_first_write_creates_the_index_and_learns_its_keys(server: FakeServer) -> None:
    assert write(server, make_state(), record("a", n=1, tag="x"), record("b", flag=True)) == ["a", "b"]
    assert types(server) == {"n": "numeric", "tag": "tag", "flag": "bool"}
    assert server.covered["a"] >= {"n", "_k_tag", "flag"}


def test_each_batch_of_a_write_is_one_round_trip_that_sees_that_it_is_indexed(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a", n=1))
    server.sent.clear()
    write(server, state, *(record(str(place), n=place) for place in range(BATCH_SIZE + 1)))
    assert [batch.count("EVAL") for batch in server.sent if "EVAL" in batch] == [BATCH_SIZE // PER_SCRIPT, 1]
    assert len(server.sent) == 2


def test_of_several_records_with_one_id_the_last_is_written(server: FakeServer) -> None:
    assert write(server, make_state(), record("a", n=1), record("b"), record("a", n=2)) == ["a", "b", "a"]
    assert server.records["a"][b"n"] == b"2"
    assert len(server.records) == 2


@pytest.mark.parametrize(
    ("records", "named"),
    [
        ([record("a"), record("")], "record 1 has the id ''"),
        ([record("a"), record(None)], "record 1 has the id None"),  # type: ignore[arg-type]
        ([record("a"), record("\ud800")], "record 1.*surrogate"),
        ([record("a", n=1), record("b", n=2**64)], r"record 1 \(id 'b'\).*'n'.*64 bits"),
        ([record("a"), record("b", x=object())], r"record 1 \(id 'b'\).*'x'.*object"),
    ],
)
def test_one_bad_record_leaves_nothing_behind(server: FakeServer, records: list[Any], named: str) -> None:
    """langchain-redis 14, llama-index 11: with a bad document in the middle, those before it were written."""
    with pytest.raises(RecordError, match=named):
        write(server, make_state(), *records)
    assert server.keys == {}
    assert server.fields is None


def test_an_index_that_is_never_to_be_created_is_not(server: FakeServer) -> None:
    state = make_state(create="never")
    with pytest.raises(IndexNotFoundError, match=r"'docs'.*create='never'"):
        write(server, state, record("a"))
    assert server.fields is None


def test_a_lost_race_to_create_is_no_error(server: FakeServer) -> None:
    other = make_state()
    server.interrupt("FT.CREATE", lambda: write(server, other, record("theirs", n=1)))
    write(server, make_state(), record("ours", n=2, k="x"))
    assert set(server.records) == {"ours", "theirs"}
    assert server.covered["ours"] >= {"n", "k"}


def test_a_lost_race_to_create_another_index_is_told(server: FakeServer) -> None:
    other = make_state(distance_metric="l2")
    server.interrupt("FT.CREATE", lambda: write(server, other, record("theirs")))
    with pytest.raises(SchemaMismatchError, match="distance_metric is 'l2', asked for 'cosine'"):
        write(server, make_state(distance_metric="cosine"), record("ours"))
    assert set(server.records) == {"theirs"}


@pytest.mark.parametrize("command", ["HSETNX", "FT.SEARCH", "FT.ALTER", "EVAL"])
def test_a_claim_lost_to_another_writer_of_the_same_type_is_no_error(server: FakeServer, command: str) -> None:
    state, other = make_state(), make_state()
    write(server, state, record("first"))
    server.interrupt(command, lambda: write(server, other, record("theirs", k="x", other=1)))
    write(server, state, record("ours", k="y"))
    assert types(server)["other"] == "numeric"
    assert server.covered["ours"] >= {"k"}
    assert server.covered["theirs"] >= {"k", "other"}


def test_a_claim_lost_to_another_writer_of_another_type_keeps_both_values(server: FakeServer) -> None:
    state, other = make_state(), make_state()
    write(server, state, record("first"))
    server.interrupt("HSETNX", lambda: write(server, other, record("theirs", k="x")))
    write(server, state, record("ours", k=1))
    assert types(server) == {"k": "tag"}
    assert server.registry[b"kind:number:k"] == b""
    assert server.records["theirs"][b"k"] == b"x"
    assert b"k" not in server.records["ours"]
    assert server.records["ours"][b"_typed"] == b"k:n1.0"


def test_a_key_that_records_have_from_before_it_could_be_learnt_is_indexed_in_them_too(server: FakeServer) -> None:
    write(server, make_state(learn=False), record("old", k="x"), record("other", k=2))
    write(server, make_state(), record("new", k="y"))
    assert types(server) == {"k": "tag"}
    assert server.registry[b"kind:number:k"] == b""
    assert server.records["old"][b"k"] == b"x"
    assert server.records["other"][b"_typed"] == b"k:n2.0"
    assert b"~k" not in b"".join(held[b"_keys"] for held in server.records.values())
    assert all("k" in covered for covered in server.covered.values())


def test_a_key_that_was_learnt_from_values_that_no_field_holds_becomes_filterable(server: FakeServer) -> None:
    write(server, make_state(), record("old", k=[{"a": 1}]))
    assert types(server) == {"k": "unindexed"}
    write(server, make_state(), record("new", k=["y"]))
    assert types(server) == {"k": "tag"}
    assert server.records["old"][b"_keys"] == b"=english\x1f+k"


@pytest.mark.parametrize("metadata", [{"k": None}, {"k": []}])
def test_a_key_that_had_no_value_so_far_is_learnt(server: FakeServer, metadata: dict[str, Any]) -> None:
    state = make_state()
    write(server, state, record("old", **metadata))
    write(server, state, record("new", k="y"))
    assert types(server) == {"k": "tag"}


def drop_all(server: FakeServer) -> Callable[[], None]:
    def drop() -> None:
        state = make_state()
        server.run(state, operations.drop(state))

    return drop


def recreate(server: FakeServer) -> Callable[[], None]:
    def drop_and_write() -> None:
        drop_all(server)()
        write(server, make_state(), record("theirs", z=1))

    return drop_and_write


@pytest.mark.parametrize("meanwhile", [drop_all, recreate])
@pytest.mark.parametrize("command", ["FT.SEARCH", "HSETNX", "FT.ALTER", "EVAL"])
def test_records_are_found_although_the_index_was_dropped_in_mid_write(
    server: FakeServer, command: str, meanwhile: Callable[[FakeServer], Callable[[], None]]
) -> None:
    """llama-index 14: after the index was dropped, add succeeded and queries said "no such index"."""
    state = make_state()
    write(server, state, record("first", n=1))
    server.interrupt(command, meanwhile(server))
    write(server, state, record("ours", n=2, k="x"))
    assert server.fields is not None
    assert "ours" in server.records
    assert {key: types(server)[key] for key in ("n", "k")} == {"n": "numeric", "k": "tag"}
    assert server.covered["ours"] >= {"n", "k"}


@pytest.mark.parametrize("changes", [1, 2, 3, 4])
def test_a_registry_that_others_change_in_mid_write_is_followed(server: FakeServer, changes: int) -> None:
    state = make_state()
    write(server, state, record("first", n=1))
    for change in range(changes):
        new = {f"new{change}": change}
        server.interrupt("EVAL", lambda new=new: write_quietly(server, new))  # type: ignore[misc]
    assert write(server, state, record("ours", n=2)) == ["ours"]
    assert len(server.records) == 2 + changes


def write_quietly(server: FakeServer, metadata: dict[str, Any]) -> None:
    """Write as another writer does, without running into interruptions that are meant for ours."""
    interrupts, server._interrupts = server._interrupts, []
    write(server, make_state(), record(f"theirs {metadata}", **metadata))
    server._interrupts = interrupts


def test_a_key_of_this_write_that_others_learn_meanwhile_covers_its_records(server: FakeServer) -> None:
    state = make_state(learn=False)
    write(server, state, record("first"))
    server.interrupt("EVAL", lambda: write(server, make_state(), record("theirs", k="y")))
    write(server, state, record("ours", k="x"))
    assert types(server) == {"k": "tag"}
    assert server.records["ours"][b"k"] == b"x"
    assert "k" in server.covered["ours"]


def test_a_connection_that_is_lost_part_way_tells_which_records_are_written(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("first"))
    ids = [f"r{place}" for place in range(2 * BATCH_SIZE + 1)]
    server.interrupt("EVAL", lambda: server.interrupt("EVAL", lose_connection))
    with pytest.raises(
        PartialWriteError, match=rf"{BATCH_SIZE} of {len(ids)} .*no Redis server answers at here:1"
    ) as partial:
        write(server, state, *map(record, ids))
    assert partial.value.written == ids[:BATCH_SIZE]
    assert partial.value.unwritten == ids[BATCH_SIZE:]
    assert set(server.records) == {"first", *ids[:BATCH_SIZE]}


def test_a_refusal_part_way_tells_which_records_are_written(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state()
    write(server, state, record("first"))
    ids = [f"r{place}" for place in range(BATCH_SIZE + 3)]
    execute = server.execute

    def refuse(command: Any) -> Any:
        if command.args[0] != "EVAL" or command.args[3] not in (f"{NAME}:r0", f"{NAME}:r{BATCH_SIZE}"):
            return execute(command)
        if command.args[3] == f"{NAME}:r{BATCH_SIZE}":
            return ResponseError("OOM command not allowed")
        # The script writes one record and gives up at the second.
        execute(Command(("EVAL", command.args[1], 1, command.args[3], *command.args[3 + PER_SCRIPT :])))
        return [1, b"OOM command not allowed"]

    monkeypatch.setattr(server, "execute", refuse)
    with pytest.raises(PartialWriteError, match=r"491 of 503.*'r1'.*OOM") as partial:
        write(server, state, *map(record, ids))
    assert partial.value.written == ["r0", *ids[PER_SCRIPT:BATCH_SIZE]]
    assert partial.value.unwritten == [*ids[1:PER_SCRIPT], *ids[BATCH_SIZE:]]
    assert set(server.records) == {"first", *partial.value.written}


def test_on_a_cluster_each_script_writes_one_record(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a"))
    state.spans_slots = False
    server.sent.clear()
    write(server, state, *(record(str(place)) for place in range(12)))
    assert server.sent[0] == ["EVAL"] * 12
    assert "EVAL" not in server.sent[1]


def test_a_lost_connection_before_the_first_record_is_no_partial_write(server: FakeServer) -> None:
    server.interrupt("FT.CREATE", lose_connection)
    with pytest.raises(ServerUnavailableError):
        write(server, make_state(), record("a"))


@pytest.mark.parametrize("filter", [None, MATCH_ALL, Not(()), Compare("k", Operator.NIN, []), MATCH_ALL & MATCH_ALL])
def test_a_delete_that_would_match_everything_is_refused(server: FakeServer, filter: Filter | None) -> None:
    """llama-index 2: `delete_nodes` with `IN []` or with empty filters deleted everything."""
    state = make_state()
    write(server, state, record("a", k="x"))
    with pytest.raises(ArgumentError, match=r"would delete everything; call clear\(\)"):
        server.run(state, operations.delete_matching(state, filter))
    assert set(server.records) == {"a"}


def test_a_delete_by_a_filter_that_was_read_for_an_older_index_is_made_again(server: FakeServer) -> None:
    """What the same store learns in another thread must not pass for what the filter was read for."""
    state = make_state()
    write(server, state, record("a", k="x", n=1))
    wanted = HAS_K & Compare("n", Operator.NE, 5) & Not((Compare("k", Operator.LIKE, "y%"),))
    server.interrupt("FT.TAGVALS", lambda: write(server, state, record("b", k="x", n=[1, 5])))
    server.run(state, operations.delete_matching(state, wanted))
    assert "b" in server.records


def test_what_a_search_remembers_of_a_filter_is_not_what_a_delete_goes_by(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a", k="x"))
    lacks = Compare("never", Operator.EXISTS, value=False)
    assert server.run(state, operations.count(state, lacks)) == 0
    with pytest.raises(UnknownFieldError, match="'never' is not in index 'docs'"):
        server.run(state, compile_for_delete(state, lacks))


def test_an_empty_list_of_ids_deletes_nothing(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a", k="x"))
    for filter in (None, HAS_K):
        assert server.run(state, operations.delete_matching(state, filter, [])) == 0
    with pytest.raises(ArgumentError, match="empty filter"):
        server.run(state, operations.delete_matching(state, MATCH_ALL, []))
    assert set(server.records) == {"a"}


@pytest.mark.parametrize("wrong", ["", None, 3])
def test_an_id_that_cannot_exist_is_refused(server: FakeServer, wrong: Any) -> None:
    """llama-index 2: `delete("")` deleted everything."""
    state = make_state()
    for operation in (operations.fetch, operations.delete):
        with pytest.raises(ArgumentError, match="non-empty string"):
            server.run(state, operation(state, ["a", wrong]))


def test_a_key_that_others_taught_the_index_is_found_at_the_second_look(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a"))
    write(server, make_state(), record("b", k="x"))
    assert server.run(state, operations.count(state, HAS_K)) == 1


def test_a_key_that_was_never_met_means_the_same_before_the_first_record_and_after_the_last(server: FakeServer) -> None:
    is_x, is_not_x = Compare("k", Operator.EQ, "x"), Compare("k", Operator.NE, "x")
    state = make_state()
    for step in ("no index", "records", "no record"):
        match step:
            case "records":
                write(server, state, record("a", other="x"))
            case "no record":
                server.run(state, operations.clear(state))
        fresh = make_state()
        with pytest.warns(UnknownFieldWarning, match=r"'k' is not in index 'docs'.*finds nothing"):
            assert server.run(fresh, operations.count(fresh, is_x)) == 0
        # One warning for each key.
        assert server.run(fresh, operations.count(fresh, is_x)) == 0
        for operation in (operations.count, operations.fetch_matching):
            with pytest.raises(UnknownFieldError, match=r"'k' is not in index 'docs'.*everything would match"):
                server.run(fresh, operation(fresh, is_not_x))
        for filter in (is_x, is_not_x, HAS_K):
            with pytest.raises(UnknownFieldError, match="'k' is not in index 'docs'"):
                server.run(fresh, operations.delete_matching(fresh, filter))
        assert server.run(fresh, operations.count(fresh, HAS_K)) == 0


def test_a_key_that_was_met_but_not_learnt_can_be_asked_for(server: FakeServer) -> None:
    state = make_state(learn=False)
    write(server, state, record("a", k=None), record("b"))
    assert server.run(state, operations.count(state, HAS_K)) == 1


def test_an_index_is_not_created_with_other_dimensions_than_it_has(server: FakeServer) -> None:
    state = make_state()
    write(server, state, record("a"))
    server.run(state, operations.create(state, 2))
    with pytest.raises(SchemaMismatchError, match="dims is 2, asked for 8"):
        server.run(state, operations.create(state, 8))
    with pytest.raises(ArgumentError, match="dims is an integer"):
        server.run(state, operations.create(state, True))


@pytest.mark.parametrize(("create", "advised"), [("if-missing", True), ("never", False)])
def test_who_never_creates_is_not_advised_to_overwrite(server: FakeServer, create: Any, advised: bool) -> None:
    write(server, make_state(), record("a"))
    state = make_state(create=create, storage="json")
    with pytest.raises(SchemaMismatchError, match="storage is 'hash', asked for 'json'") as refused:
        server.run(state, operations.count(state))
    assert ("create='overwrite'" in str(refused.value)) is advised
