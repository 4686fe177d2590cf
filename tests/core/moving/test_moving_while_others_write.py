"""A rebuild beside writers and readers that take turns at random after every single command.

Whatever the order: what was told to be written is there, what was deleted is not, and who reads finds what was last
written, or something that is being written at that moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import orjson
import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.filters.algebra import Compare, Operator
from redisvl_adapters.core.index import snapshot
from redisvl_adapters.core.moving.plan import RebuildOptions
from redisvl_adapters.core.moving.rebuild import rebuild
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import ServerError
from tests.core.fake_server import NAME, make_state, opened, record
from tests.core.moving.fake_generations import VECTOR, ServerOfMany, as_steps

ORDERS = range(60)
KINDS: Mapping[str, RebuildOptions] = {"indexed": {"algorithm": "flat"}, "copied": {"dtype": "float64"}}
IDS = [f"r{place}" for place in range(4)]


@pytest.fixture(autouse=True)
def known_to_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each operation begin with a look at the index: a rebuild lasts longer than anybody trusts what is known."""
    monkeypatch.setattr(snapshot, "MAX_AGE", -1.0)


@pytest.fixture(params=KINDS)
def options(request: pytest.FixtureRequest) -> RebuildOptions:
    """What the index is to be: indexed anew where the records lie, or with copies of them."""
    return KINDS[request.param]


@contextmanager
def told(seed: int) -> Iterator[None]:
    """Tell with an error in which order of events it came."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the order of events of seed {seed}")
        raise


@dataclass(slots=True)
class Register:
    """What one writer does to one record: which version was told to be written, and which one may be.

    Attributes:
        done: The number of the last change that was told to be made.
        begun: The number of the last change that was begun.
        values: What the record is after each change; None where it is deleted.
    """

    done: int = 0
    begun: int = 0
    values: list[int | None] = field(default_factory=lambda: [0])

    def change(self, value: int | None, steps: Steps[Any]) -> Steps[None]:
        self.values.append(value)
        self.begun += 1
        yield from steps
        self.done = self.begun

    def read(self, steps: Steps[int | None]) -> Steps[None]:
        earliest = self.done
        found = yield from steps
        assert found in self.values[earliest : self.begun + 1], f"found {found}, of {self}"


def server_with_records(cluster: bool = False) -> ServerOfMany:
    server, state = ServerOfMany(), make_state()
    state.spans_slots = not cluster
    records = [record(record_id, n=0, k="x") for record_id in IDS]
    server.run(state, operations.upsert(state, records, [VECTOR] * len(IDS)))
    return server


def rebuilding(options: RebuildOptions, *, cluster: bool = False, **others: Any) -> Steps[Any]:
    state = make_state()
    state.spans_slots = not cluster
    return as_steps(rebuild(state, options, **others))


def found_by_all(server: ServerOfMany) -> dict[str, int]:
    """Return the numbers that the records have, as a process finds them that begins now."""
    state = make_state()
    records = server.run(state, operations.fetch_matching(state, None))
    return {each.id: each.metadata["n"] for each in records}


def writer(register: Register, record_id: str, *, cluster: bool, spells: Sequence[str]) -> Steps[None]:
    state = make_state()
    state.spans_slots = not cluster
    for number, spell in enumerate(spells, 1):
        changes: Mapping[str, tuple[int | None, Callable[[], Steps[Any]]]] = {
            "upsert": (number, lambda n=number: operations.upsert(state, [record(record_id, n=n, k="x")], [VECTOR])),  # type: ignore[misc]
            "teach": (number, lambda n=number: operations.upsert(state, [record(record_id, n=n, new="y")], [VECTOR])),  # type: ignore[misc]
            "delete": (None, lambda: operations.delete(state, [record_id])),
        }
        value, start = changes[spell]
        yield from register.change(value, opened(state, start()))


def reader(register: Register, record_id: str, *, cluster: bool, times: int = 4) -> Steps[None]:
    state = make_state()
    state.spans_slots = not cluster

    def by_id() -> Steps[int | None]:
        (found,) = yield from opened(state, operations.fetch(state, [record_id]))
        return None if found is None else found.metadata["n"]

    def by_search() -> Steps[int | None]:
        hits = yield from opened(state, operations.search_by_vector(state, VECTOR, 10))
        return next((hit.record.metadata["n"] for hit in hits if hit.record.id == record_id), None)

    for _ in range(times):
        yield from register.read(by_id())
        yield from register.read(by_search())


@pytest.mark.parametrize("cluster", [False, True], ids=["single", "cluster"])
@pytest.mark.parametrize(
    "spells",
    [["upsert"] * 3, ["delete", "upsert", "delete"], ["teach", "upsert", "delete", "teach"]],
    ids=["replaced", "deleted", "taught"],
)
def test_who_writes_and_reads_sees_no_difference(options: RebuildOptions, spells: list[str], cluster: bool) -> None:
    for seed in ORDERS:
        with told(seed):
            server = server_with_records(cluster)
            registers = {record_id: Register() for record_id in IDS[:2]}
            server.race(
                seed,
                rebuilding(options, cluster=cluster),
                *(writer(each, name, cluster=cluster, spells=spells) for name, each in registers.items()),
                *(reader(each, name, cluster=cluster) for name, each in registers.items()),
            )
            expected = dict.fromkeys(IDS[2:], 0)
            expected |= {name: each.values[-1] for name, each in registers.items() if each.values[-1] is not None}
            assert found_by_all(server) == expected
            assert set(server.indexes) == {NAME, f"{NAME}@2"}


def test_what_a_filter_deletes_stays_deleted(options: RebuildOptions) -> None:
    for seed in ORDERS:
        with told(seed):
            server, state = server_with_records(), make_state()
            where = Compare("k", Operator.EXISTS, True)
            server.race(seed, rebuilding(options), opened(state, operations.delete_matching(state, where)))
            assert found_by_all(server) == {}


def test_an_index_that_is_emptied_stays_empty(options: RebuildOptions) -> None:
    for seed in ORDERS:
        with told(seed):
            server, state = server_with_records(), make_state()
            server.race(seed, rebuilding(options), opened(state, operations.clear(state)))
            assert found_by_all(server) == {}


def test_a_rebuild_that_was_killed_at_any_point_is_gone_on_with(options: RebuildOptions) -> None:
    seed = 0
    while True:
        with told(seed):
            server, register = server_with_records(), Register()
            killed = rebuilding(options)
            is_whole = run_some(server, killed, seed)
            server.race(seed, writer(register, "r0", cluster=False, spells=["upsert", "delete", "upsert"]))
            server.race(seed, rebuilding(options), reader(register, "r0", cluster=False))
            assert found_by_all(server) == {"r0": 3, **dict.fromkeys(IDS[1:], 0)}
            current = server.keys[f"redisvl-adapters/{NAME}"][b"moved"].decode()
            assert set(server.indexes) == {NAME, current}, "nothing half made is left"
            assert not any(key.endswith("@journal") for key in server.keys)
            if is_whole:
                return
        seed += 1


def test_a_rebuild_that_was_killed_at_any_point_can_be_undone(options: RebuildOptions) -> None:
    seed = 0
    while True:
        with told(seed):
            server, state = server_with_records(), make_state()
            is_whole = run_some(server, rebuilding(options), seed)
            if b"moved" in server.keys[f"redisvl-adapters/{NAME}"]:
                return
            server.run(state, operations.cancel_rebuild(state))
            assert set(server.indexes) == {NAME}
            marks = server.keys[f"redisvl-adapters/{NAME}"].keys() & {b"moving", b"paused", b"moved"}
            assert not marks
            assert {key for key in server.keys if "@" in key} == set()
            assert found_by_all(server) == dict.fromkeys(IDS, 0)
            assert not is_whole
        seed += 1


def run_some(server: ServerOfMany, steps: Steps[Any], most: int) -> bool:
    """Run an operation until it has sent some commands, and then no more of it; return whether it came to its end."""
    sent = 0
    process = server._process(steps)
    while sent < most:
        if next(process, True):
            return True
        sent += 1
    return False


@pytest.mark.parametrize("seed", range(20))
def test_of_two_that_rebuild_at_once_one_is_told_and_nothing_is_lost(options: RebuildOptions, seed: int) -> None:
    server = server_with_records()
    done: list[bool] = []
    told_them: list[str] = []

    def one() -> Steps[None]:
        try:
            yield from rebuilding(options)
        except ServerError as error:
            done.append(False)
            told_them.append(str(error))
        else:
            done.append(True)

    server.race(seed, one(), one())
    assert any(done)
    assert all("rebuil" in told for told in told_them)
    assert found_by_all(server) == dict.fromkeys(IDS, 0)


def test_the_registry_of_a_handle_points_to_the_newest(options: RebuildOptions) -> None:
    server = server_with_records()
    for number in range(2, 5):
        dtype: Literal["float32", "float64"] = "float64" if number % 2 == 0 else "float32"
        other: RebuildOptions = {"m": 16 + number} if "algorithm" in options else {"dtype": dtype}
        state = make_state()
        server.run(state, rebuilding(other))
    moved = server.keys[f"redisvl-adapters/{NAME}"][b"moved"].decode()
    assert orjson.loads(server.keys[f"redisvl-adapters/{moved}"][b"layout"])["origin"]["handle"] == NAME
    assert found_by_all(server) == dict.fromkeys(IDS, 0)
