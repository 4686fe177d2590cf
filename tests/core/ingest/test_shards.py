"""A server that refuses scripts with keys of several slots: one slot a script from then on, nothing lost or doubled."""

from __future__ import annotations

from typing import Any

import pytest
from redis.crc import key_slot
from redis.exceptions import ClusterCrossSlotError, ResponseError, TryAgainError

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import is_split
from tests.core.fake_server import FakeServer, make_state, record

IDS = [str(place) for place in range(25)]


class ShardedServer(FakeServer):
    """The server, sharded.

    Attributes:
        sizes: How many keys each script had.
        refused: How many scripts were refused.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []
        self.refused = 0

    def execute(self, command: Command) -> Reply:
        if command.args[0] == "EVAL":
            keys = command.args[3 : 3 + int(command.args[2])]
            self.sizes.append(len(keys))
            if len({key_slot(str(key).encode()) for key in keys}) > 1:
                self.refused += 1
                return ClusterCrossSlotError("Keys in request don't hash to the same slot")
        return super().execute(command)


@pytest.fixture
def server() -> ShardedServer:
    """A server that refuses scripts with keys of several slots."""
    return ShardedServer()


def write(server: FakeServer, state: IndexState, **metadata: Any) -> list[str]:
    """Write the records."""
    records = [record(record_id, **metadata) for record_id in IDS]
    return server.run(state, operations.upsert(state, records, [[1.0, 2.0]] * len(IDS)))


def test_all_records_are_written_and_only_the_first_batch_is_refused(server: ShardedServer) -> None:
    state = make_state()
    assert write(server, state) == IDS
    assert set(server.records) == set(IDS)
    assert server.refused == 3
    server.sizes.clear()
    assert write(server, state, k="new") == IDS
    assert server.refused == 3
    assert set(server.sizes) == {1}
    assert all(b"new" in fields[b"metadata"] for fields in server.records.values())


def test_each_record_that_is_deleted_counts_once(server: ShardedServer) -> None:
    state, other = make_state(), make_state()
    write(server, state)
    # Another store has yet to learn what it may do.
    assert server.run(other, operations.delete(other, [*IDS[:12], "none"])) == 12
    assert set(server.records) == set(IDS[12:])
    refused = server.refused
    assert server.run(other, operations.delete(other, IDS)) == 13
    assert server.refused == refused
    assert not server.records


def test_everything_is_cleared(server: ShardedServer) -> None:
    state, other = make_state(), make_state()
    write(server, state)
    server.run(other, operations.clear(other))
    assert not server.records


def test_records_of_one_slot_are_written_ten_a_script(server: ShardedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    state = make_state()
    write(server, state)
    server.sizes.clear()
    monkeypatch.setattr("redisvl_adapters.core.server.slots.key_slot", lambda _: 7)
    monkeypatch.setattr("tests.core.ingest.test_shards.key_slot", lambda _: 7)
    write(server, state)
    assert server.sizes == [10, 10, 5]


def test_records_of_a_slot_that_moves_are_written_and_deleted_one_by_one(
    server: ShardedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = make_state()
    write(server, state)
    monkeypatch.setattr("redisvl_adapters.core.server.slots.key_slot", lambda _: 7)
    execute = FakeServer.execute

    def moving(command: Command) -> Reply:
        if command.args[0] == "EVAL" and int(command.args[2]) > 1:
            server.refused += 1
            return TryAgainError("Multiple keys request during rehashing of slot")
        return execute(server, command)

    monkeypatch.setattr(server, "execute", moving)
    server.refused = 0
    assert write(server, state, k="new") == IDS
    assert server.refused == 3
    assert all(b"new" in fields[b"metadata"] for fields in server.records.values())
    assert server.run(state, operations.delete(state, IDS)) == len(IDS)
    assert not server.records


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (ClusterCrossSlotError("Keys in request don't hash to the same slot"), True),
        (ResponseError("CROSSSLOT Keys in request don't hash to the same slot (context='within LUA')"), True),
        (ResponseError("Script attempted to access keys that do not hash to the same slot script: 1, on line 3"), True),
        (TryAgainError("Multiple keys request during rehashing of slot"), True),
        (ResponseError("OOM command not allowed"), False),
        ([10], False),
        (b"CROSSSLOT", False),
    ],
)
def test_what_a_server_says_of_slots_is_understood(reply: Reply, expected: bool) -> None:
    assert is_split(reply) is expected
