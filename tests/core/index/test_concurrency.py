"""Several processes on one index, taking turns at random after every single command, for many orders of events.

Whatever the order: nobody fails, and whatever is stored afterwards can be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Unpack

import orjson
import pytest

from redisvl_adapters.core import operations
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.core.server.commands import Steps
from tests.core.fake_server import FakeServer, make_state, opened, record

ORDERS = range(150)
TYPES = {"flag": "bool", "when": "timestamp", "n": "numeric", "k": "tag"}


def writer(*records: Record, **options: Unpack[IndexOptions]) -> Steps[Any]:
    state = make_state(**options)
    return opened(state, operations.upsert(state, records, [[1.0, 2.0]] * len(records)))


def cleaner(operation: Callable[..., Steps[None]], **options: Unpack[IndexOptions]) -> Steps[None]:
    state = make_state(**options)
    return opened(state, operation(state))


@contextmanager
def told(seed: int) -> Iterator[None]:
    """Tell with an error in which order of events it came."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in the order of events of seed {seed}")
        raise


def check_found(server: FakeServer) -> None:
    """Check that each key of each record is filterable: by its right type, in the index, and covering the record."""
    types = {key.removeprefix(b"key:").decode(): orjson.loads(entry) for key, entry in server.registry.items()}
    for record_id, fields in server.records.items():
        for key in orjson.loads(fields[b"metadata"]):
            alias = field_alias(key)
            assert types[key]["type"] == TYPES[key], f"{key} of {record_id} in the registry"
            assert alias in (server.fields or {}), f"{key} of {record_id} in the index"
            assert alias.encode() in fields, f"{key} of {record_id} in the record"
            assert alias in server.covered[record_id], f"{key} of {record_id} is not covered"


@pytest.mark.parametrize(
    "options",
    [{}, {"metadata_schema": {"flag": "bool", "when": "timestamp"}}],
    ids=["learnt", "declared"],
)
@pytest.mark.parametrize(
    "writes",
    [
        [[record("a", flag=True)], [record("b", flag=False)]],
        [[record("a", flag=True, n=1)], [record("b", k="x", n=2)], [record("c", k="y")]],
        [[record("a", flag=True), record("b", n=1)], [record("a", flag=False)]],
    ],
    ids=["same key", "different keys", "same record"],
)
def test_writers_that_create_the_index_at_once_all_succeed(
    writes: Sequence[Sequence[Record]], options: IndexOptions
) -> None:
    for seed in ORDERS:
        with told(seed):
            server = FakeServer()
            server.race(seed, *(writer(*records, **options) for records in writes))
            assert set(server.records) == {record.id for records in writes for record in records}
            check_found(server)


@pytest.mark.parametrize("operation", [operations.clear, operations.drop])
def test_writers_survive_one_who_empties_the_index(operation: Callable[..., Steps[None]]) -> None:
    for seed in ORDERS:
        with told(seed):
            server, state = FakeServer(), make_state()
            server.run(state, operations.upsert(state, [record("old", n=1)], [[1.0, 2.0]]))
            server.race(
                seed,
                opened(state, operations.upsert(state, [record("a", n=1, k="x")], [[1.0, 2.0]])),
                writer(record("b", flag=True)),
                cleaner(operation),
            )
            check_found(server)


def test_emptying_an_index_keeps_the_fields_that_others_taught_it() -> None:
    server = FakeServer()
    first, other = make_state(), make_state()
    server.run(first, operations.upsert(first, [record("a", n=1)], [[1.0, 2.0]]))
    server.run(other, operations.upsert(other, [record("b", k="x")], [[1.0, 2.0]]))
    server.run(first, operations.clear(first))
    server.run(other, operations.upsert(other, [record("c", k="y")], [[1.0, 2.0]]))
    assert set(server.records) == {"c"}
    check_found(server)
