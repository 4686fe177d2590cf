"""Every operation on an index, written once: generators that yield batches of commands and are sent their replies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from redis.exceptions import ResponseError
from redisvl.query.filter import FilterExpression

from redisvl_adapters.core import catalog, query
from redisvl_adapters.core.commands import Command, Reply, Steps, as_mapping, explain, is_duplicate, is_missing_index, ok
from redisvl_adapters.core.filters import And, Compare, Filter, Not, Operator, matches_everything
from redisvl_adapters.core.metadata import Survey, infer_type, is_empty, survey
from redisvl_adapters.core.options import IndexSpec
from redisvl_adapters.core.query import Hit, Knn
from redisvl_adapters.core.record import Layout, Record, layout_of
from redisvl_adapters.core.render import Rendered, presence, render
from redisvl_adapters.core.schema import FieldType, MetadataField, Schema
from redisvl_adapters.core.vectors import Matrix, Vector, as_matrix, as_query, check_matrix, describe
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotFoundError,
    PartialWriteError,
    RecordError,
    SchemaMismatchError,
    ServerError,
    UnknownFieldError,
)

BATCH = 500
"""How many records are written, read or deleted in one round trip."""

_ATTEMPTS = 5

T = TypeVar("T")


@dataclass(slots=True)
class State:
    """What is known of an index.

    Attributes:
        spec: What was asked of it.
        schema: What it was when last looked at; None if it did not exist.
        registry: Its registry at that time.
        records: How many records it held at that time.
        opened: Whether it has been looked at.
    """

    spec: IndexSpec
    schema: Schema | None = None
    registry: Mapping[bytes, bytes] = field(default_factory=dict)
    records: int = 0
    opened: bool = False


def open_index(state: State) -> Steps[None]:
    """Look at the index, after dropping it if it is to be overwritten.

    Raises:
        IndexNotFoundError: If it does not exist and is never to be created.
        SchemaMismatchError: If it is not what was asked for.
    """
    if state.spec.create == "overwrite":
        yield from drop(state)
    yield from _look(state)
    if state.schema is None and state.spec.create == "never":
        raise IndexNotFoundError(f"index {state.spec.name!r} does not exist, and create='never' says not to create it")
    state.opened = True


def create(state: State, dims: int | None = None) -> Steps[Schema]:
    """Create the index, if it does not exist.

    Args:
        state: The index.
        dims: The number of dimensions of its vectors, if the index was not told.

    Raises:
        IndexNotFoundError: If it is never to be created.
        SchemaMismatchError: If another one of that name exists.
        ArgumentError: If nobody said how many dimensions its vectors have.
    """
    spec = state.spec
    dims = spec.dims or dims
    if state.schema is not None:
        return state.schema
    if spec.create == "never":
        raise IndexNotFoundError(f"index {spec.name!r} does not exist, and create='never' says not to create it")
    if dims is None:
        raise ArgumentError(f"creating index {spec.name!r} before the first record needs dims=")
    schema = spec.schema(dims)
    (reply,) = yield [catalog.create_command(schema)]
    if not is_duplicate(reply):
        ok(reply)
        for reply in (yield catalog.register_commands(schema)):
            ok(reply)
    yield from _look(state)
    if state.schema is None:
        raise ServerError(f"index {spec.name!r} was dropped by somebody else as it was created")
    return state.schema


def upsert(state: State, records: Sequence[Record], vectors: Sequence[Vector] | Matrix, ttl_ms: int | None = None) -> Steps[list[str]]:
    """Write records, replacing wholly those that exist. The index is created and learns new keys as needed.

    Everything that can be known to be wrong is refused before anything is written. Of several records with one id the
    last one is written.

    Args:
        state: The index.
        records: The records; their ``vector`` is not looked at.
        vectors: One per record.
        ttl_ms: Milliseconds after which they expire; by default as the index was told.

    Returns:
        The ids of the records, in their order.

    Raises:
        RecordError: If a record could not be stored, indexed and read back exactly.
        SchemaMismatchError: If the index is not what was asked for.
        PartialWriteError: If the server failed after some records may have been written.
    """
    ids = [record.id for record in records]
    if not ids:
        return ids
    places = [_Place(position, record) for position, record in enumerate(records)]
    matrix = as_matrix(vectors, ids)
    schema = state.schema or (yield from _look(state)) or (yield from create(state, matrix.shape[1]))
    matrix = _checked(matrix, ids, schema)
    yield from _learn(state, [place.found for place in places])
    last = list({place.record.id: place for place in places}.values())
    ttl_ms = state.spec.ttl_ms if ttl_ms is None else ttl_ms
    # Encoded as a whole before the first write, so that one bad record leaves nothing behind.
    layout = layout_of(_known(state))
    commands = [place.write(layout, matrix, ttl_ms) for place in last]
    done = 0
    for _ in range(_ATTEMPTS * (1 + len(last) // BATCH)):
        batch = commands[done : done + BATCH]
        if not batch:
            return ids
        written = [place.record.id for place in last[:done]]
        unwritten = [place.record.id for place in last[done:]]
        guard = [catalog.read_registry(state.spec.name), Command(("FT.EXPLAIN", state.spec.name, "*"))]
        try:
            registry, exists, *replies = yield [*guard, *batch]
        except ServerError as error:
            raise PartialWriteError(
                f"{len(written)} of {len(last)} records are written, then: {error}", written=written, unwritten=unwritten
            ) from error
        _check_written(last[done : done + BATCH], replies, written, unwritten)
        if as_mapping(ok(registry)) == state.registry and not isinstance(exists, ResponseError):
            done += len(batch)
            continue
        # Somebody dropped the index or taught it a key meanwhile: these records may lack an index entry.
        schema = (yield from _look(state)) or (yield from create(state, matrix.shape[1]))
        yield from _learn(state, [place.found for place in last])
        layout = layout_of(_known(state))
        commands = [place.write(layout, _checked(matrix, ids, schema), ttl_ms) for place in last]
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to write to it; try again")


class _Place:
    """A record at its place in a call, checked as far as that goes without its index."""

    __slots__ = ("found", "position", "record", "where")

    def __init__(self, position: int, record: Record) -> None:
        if not isinstance(record.id, str) or not record.id:
            raise RecordError(f"record {position} has the id {record.id!r}; an id is a non-empty string")
        self.position = position
        self.record = record
        self.where = describe(position, record.id)
        if not isinstance(record.text, str):
            raise RecordError(f"{self.where} has a text of type {type(record.text).__name__}; a text is a string")
        try:
            (record.id + record.text + (record.source or "")).encode()
        except UnicodeEncodeError:
            raise RecordError(f"{self.where} has text with a lone surrogate, which UTF-8 lacks") from None
        self.found = survey(record.metadata, self.where)

    def write(self, layout: Layout, matrix: Matrix, ttl_ms: int | None) -> Command:
        """Return the command that writes it."""
        return layout.write(self.record, self.found, matrix[self.position], ttl_ms, self.where)


def _checked(matrix: Matrix, ids: Sequence[str], schema: Schema) -> Matrix:
    vector = schema.vector
    return check_matrix(matrix, ids, dims=vector.dims, dtype=vector.dtype, metric=vector.metric)


def _check_written(places: list[_Place], replies: list[Reply], before: list[str], from_here: list[str]) -> None:
    refused = {place.record.id: reply for place, reply in zip(places, replies, strict=True) if isinstance(reply, ResponseError)}
    if refused:
        here = [place.record.id for place in places]
        written = before + [record_id for record_id in here if record_id not in refused]
        unwritten = [record_id for record_id in from_here if record_id in refused or record_id not in here]
        first = next(iter(refused))
        raise PartialWriteError(
            f"{len(written)} records are written and {len(unwritten)} are not; the first of these, {first!r}: "
            f"{explain(refused[first])}",
            written=written,
            unwritten=unwritten,
        )


def fetch(state: State, ids: Sequence[str]) -> Steps[list[Record | None]]:
    """Return records by their ids, in that order, None where there is none."""
    for record_id in ids:
        if not isinstance(record_id, str) or not record_id:
            raise ArgumentError(f"an id is a non-empty string; not {record_id!r}")
    schema = state.schema or (yield from _look(state))
    if schema is None:
        return [None for _ in ids]
    layout = layout_of(schema)
    found: list[Record | None] = []
    for chunk in _chunks(ids, BATCH):
        replies = yield [layout.read(record_id) for record_id in chunk]
        found += [layout.decode_reply(record_id, ok(reply)) for record_id, reply in zip(chunk, replies, strict=True)]
    return found


def fetch_matching(state: State, filter: Filter | None, ids: Sequence[str] | None = None) -> Steps[list[Record]]:
    """Return all records that match a filter and, if ids are given, are among them."""
    if ids is not None and filter is None:
        found = yield from fetch(state, ids)
    else:
        found = yield from fetch(state, (yield from _find(state, (yield from _compile(state, filter)), ids)))
    return [record for record in found if record is not None]


def delete(state: State, ids: Sequence[str]) -> Steps[int]:
    """Delete records by their ids and return how many there were."""
    for record_id in ids:
        if not isinstance(record_id, str) or not record_id:
            raise ArgumentError(f"an id is a non-empty string; not {record_id!r}")
    schema = state.schema or (yield from _look(state))
    if schema is None:
        return 0
    deleted = 0
    for chunk in _chunks(ids, BATCH):
        replies = yield [Command(("UNLINK", key), key) for key in map(schema.key_of, chunk)]
        deleted += sum(map(ok, replies))
    return deleted


def delete_matching(state: State, filter: Filter | None, ids: Sequence[str] | None = None) -> Steps[int]:
    """Delete all records that match a filter and, if ids are given, are among them; return how many there were.

    Raises:
        ArgumentError: If the filter matches everything.
    """
    if filter is None and ids is not None:
        return (yield from delete(state, ids))
    if ids is None and matches_everything(filter):
        raise ArgumentError("an empty filter would delete everything; call clear() if that is what you want")
    rendered = yield from _compile(state, filter)
    if ids is None and rendered is True:
        raise ArgumentError("the filter is always true and would delete everything; call clear() if that is what you want")
    return (yield from delete(state, (yield from _find(state, rendered, ids))))


def count(state: State, filter: Filter | None = None) -> Steps[int]:
    """Count the records, or those that match a filter."""
    rendered = yield from _compile(state, filter)
    if rendered is False or state.schema is None:
        return 0
    (reply,) = yield [query.count_command(state.schema, _expression(rendered))]
    if is_missing_index(reply):
        state.schema = None
        return 0
    return query.read_total(ok(reply))


def search(
    state: State,
    vector: Vector,
    k: int,
    filter: Filter | None = None,
    *,
    ids: Sequence[str] | None = None,
    frame: bool = False,
    vectors: bool = False,
) -> Steps[list[Hit]]:
    """Return the records nearest to a vector, nearest first.

    Args:
        state: The index.
        vector: The query, shape (dims,).
        k: How many at most.
        filter: Only records that match this.
        ids: Only these records.
        frame: Whether to return what LlamaIndex needs to restore its nodes.
        vectors: Whether to return the vectors.

    Raises:
        ArgumentError: If k or the vector is out of range.
        FilterError: If the filter cannot be honoured.
    """
    query.check_k(k)
    rendered = yield from _compile(state, filter)
    schema = state.schema
    if schema is None:
        return []
    asked = as_query(vector, dims=schema.vector.dims, dtype=schema.vector.dtype, metric=schema.vector.metric)
    if rendered is False or k == 0 or (ids is not None and not ids):
        return []
    request = Knn(asked, k, _expression(rendered), ids=ids, frame=frame, vectors=vectors)
    layout = layout_of(schema)
    (reply,) = yield [query.knn_command(request, schema, layout)]
    if is_missing_index(reply):
        state.schema = None
        return []
    return query.read_hits(ok(reply), schema, layout)


def clear(state: State) -> Steps[None]:
    """Delete all records. The index stays, with its fields."""
    schema = state.schema or (yield from _look(state))
    if schema is None:
        return
    dropped, created = yield [catalog.drop_commands(schema.name)[0], catalog.create_command(schema)]
    if not is_missing_index(dropped):
        ok(dropped)
    if not is_duplicate(created):
        ok(created)


def drop(state: State) -> Steps[None]:
    """Drop the index with all its records. It does not need to exist."""
    for reply in (yield catalog.drop_commands(state.spec.name)):
        if not is_missing_index(reply):
            ok(reply)
    state.schema = None


def _look(state: State) -> Steps[Schema | None]:
    """Read from the server what the index is."""
    info, registry = yield catalog.look_commands(state.spec.name)
    state.schema = None
    state.registry = as_mapping(ok(registry))
    if not is_missing_index(info):
        schema, state.records = catalog.read_schema(ok(info), state.registry)
        if differences := state.spec.differences(schema):
            raise SchemaMismatchError(
                f"index {schema.name!r} exists, but is not what was asked for: {'; '.join(differences)}. Ask for what it is, "
                "choose another index_name, or pass create='overwrite' to drop it with its records"
            )
        state.schema = schema
    return state.schema


def _known(state: State) -> Schema:
    if state.schema is None:
        raise ServerError(f"index {state.spec.name!r} was dropped by somebody else as it was written to")
    return state.schema


def _learn(state: State, surveys: Sequence[Survey]) -> Steps[None]:
    """Make the new keys of some records filterable, as far as that may go."""
    schema = _known(state)
    room = state.spec.learn_limit - (len(schema.fields) - len(state.spec.fields))
    if room <= 0:
        return
    new: dict[str, FieldType] = {}
    for found in surveys:
        for key, value in found.values.items():
            if key not in schema.fields and key not in new and (type := infer_type(value)) is not None:
                new[key] = type
    wanted = list(islice(new.items(), room))
    if not wanted:
        return
    # A key that records already have, from before anybody could learn it, cannot be filtered exactly any more.
    counts = yield [query.count_command(schema, presence(key, empty=False)) for key, _ in wanted]
    fields = [
        schema.make_field(key, FieldType.UNINDEXED if query.read_total(ok(reply)) else type)
        for (key, type), reply in zip(wanted, counts, strict=True)
    ]
    *_, registry = yield catalog.claim_commands(schema.name, fields)
    state.registry = as_mapping(ok(registry))
    # Of two writers that learn one key at once, the first one's type holds, and both add the field before they write.
    held = catalog.registered(state.registry, schema.reserved)
    learnt = [field for key, field in held.items() if key not in schema.fields]
    for reply in (yield [catalog.alter_command(schema, field) for field in learnt if field.redis_type]):
        if not is_duplicate(reply):
            ok(reply)
    state.schema = schema.with_fields(learnt)


def _compile(state: State, filter: Filter | None) -> Steps[Rendered]:
    """Render a filter; on an index that does not exist or holds no records nothing matches, whatever the filter."""
    schema = state.schema or (yield from _look(state))
    met: set[str] = set()
    looked = False
    while schema is not None:
        try:
            return render(filter, schema, met)
        except UnknownFieldError as error:
            if not looked:
                # Somebody else may have taught the index this key.
                looked = True
                schema = yield from _look(state)
            elif error.key not in met and (yield from _has_met(schema, error.key)):
                met.add(error.key)
            elif state.records:
                raise
            else:
                return False
    return False


def _has_met(schema: Schema, key: str) -> Steps[bool]:
    (reply,) = yield [query.count_command(schema, presence(key))]
    return not isinstance(reply, ResponseError) and query.read_total(reply) > 0


def _find(state: State, rendered: Rendered, ids: Sequence[str] | None) -> Steps[list[str]]:
    """Return the ids of all records that match, of any number."""
    schema = state.schema
    if schema is None or rendered is False:
        return []
    skip = len(schema.prefix.encode())
    keys: list[bytes] = []
    if ids is not None:
        for chunk in _chunks(ids, BATCH):
            (reply,) = yield [query.pick_command(schema, _expression(rendered), chunk)]
            keys += query.read_keys(ok(reply))
    else:
        (reply,) = yield [query.walk_command(schema, _expression(rendered), BATCH)]
        page, cursor = query.read_page(ok(reply))
        keys += page
        while cursor:
            (reply,) = yield [query.next_command(schema, cursor, BATCH)]
            page, cursor = query.read_page(ok(reply))
            keys += page
    return [key[skip:].decode() for key in keys]


def _expression(rendered: Rendered) -> FilterExpression | None:
    return rendered if isinstance(rendered, FilterExpression) else None


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
