"""The life of an index: opened, created, taught new keys, emptied and dropped."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from redis.exceptions import ResponseError

from redisvl_adapters.core import catalog, query
from redisvl_adapters.core.clauses import Condition
from redisvl_adapters.core.commands import Steps, as_mapping, explain, is_duplicate, is_missing_index, ok
from redisvl_adapters.core.leaves import presence
from redisvl_adapters.core.metadata import Survey, infer_type
from redisvl_adapters.core.options import DEFAULT_METRIC, IndexSpec, check_dims
from redisvl_adapters.core.schema import FieldType, MetadataField, Schema
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotFoundError,
    MissingModuleError,
    SchemaMismatchError,
    ServerError,
)

ATTEMPTS = 100
"""How often an operation starts anew when somebody else changes the index under it."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the server said of an index at one moment.

    Attributes:
        schema: What the index is.
        registry: Its registry.
        records: How many records it held.
        claimed: Whether somebody was about to add a field.
        compiled: The conditions of filters that were compiled for this schema.
        plans: The plans of searches that were made for it.
    """

    schema: Schema
    registry: Mapping[bytes, bytes]
    records: int
    claimed: bool = False
    compiled: dict[Hashable, Condition] = field(default_factory=dict, compare=False, repr=False)
    plans: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(slots=True)
class State:
    """What is known of an index. It is shared by threads and tasks: a snapshot is replaced as a whole, never changed.

    Attributes:
        spec: What was asked of it.
        snapshot: What the server said last; None if the index did not exist.
        opened: Whether the server was asked at all.
        in_one_place: Whether all keys lie on one node; False on a cluster.
        hybrid: Whether the server has FT.HYBRID; None if it was not asked.
        stems: The forms of words in the index, as far as they were asked for.
    """

    spec: IndexSpec
    snapshot: Snapshot | None = None
    opened: bool = False
    in_one_place: bool = True
    hybrid: bool | None = None
    stems: dict[str, Sequence[str]] = field(default_factory=dict, repr=False)

    @property
    def schema(self) -> Schema | None:
        """What the index is; None if it did not exist."""
        return self.snapshot.schema if self.snapshot else None

    @property
    def metric(self) -> str:
        """Its distance metric: as it is, or as it was asked for."""
        return self.snapshot.schema.vector.metric if self.snapshot else self.spec.metric or DEFAULT_METRIC


def open_index(state: State) -> Steps[None]:
    """Look at the index, after dropping it if it is to be overwritten.

    Raises:
        IndexNotFoundError: If it does not exist and is never to be created.
        SchemaMismatchError: If it is not what was asked for.
    """
    if state.spec.create == "overwrite":
        yield from drop(state)
    yield from look(state)
    if state.snapshot is None:
        check_may_create(state.spec)
    state.opened = True


def look(state: State) -> Steps[Snapshot | None]:
    """Ask the server what the index is.

    Raises:
        SchemaMismatchError: If it is not what was asked for.
    """
    attempts = 0
    while True:
        before, info, after = yield catalog.look_commands(state.spec.name)
        entries = as_mapping(ok(after))
        attempts += 1
        if attempts == ATTEMPTS or catalog.header_of(as_mapping(ok(before))) == catalog.header_of(entries):
            break
    if is_missing_index(info):
        state.snapshot = None
    else:
        schema, records = catalog.read_schema(ok(info), entries)
        differences = state.spec.differences(schema)
        if additions := state.spec.additions(schema):
            replies = yield [query.count_command(schema, presence(new.key, "~")) for new in additions]
            unseen = [0 if is_missing_index(reply) else query.read_total(ok(reply)) for reply in replies]
            differences += [
                f"metadata field {new.key!r} has values in {total} records that were written without indexing it, "
                f"asked for {str(new.type)!r}, which would not find them (it can only be left out, or all records "
                "be added to another index)"
                for new, total in zip(additions, unseen, strict=True)
                if total and new.redis_type
            ]
            # Until a write adds them, they are keys without a value.
            without = (new.key for new, total in zip(additions, unseen, strict=True) if not total)
            schema = replace(schema, met=schema.met.union(without))
        _check_matches(schema, differences)
        claimed = not catalog.registered(entries, schema.reserved).keys() <= schema.fields.keys()
        state.snapshot = Snapshot(schema, entries, records, claimed)
    return state.snapshot


def _check_matches(schema: Schema, differences: Sequence[str]) -> None:
    if differences:
        raise SchemaMismatchError(
            f"index {schema.name!r} exists, but is not what was asked for: {'; '.join(differences)}. Ask for what "
            "it is, choose another index_name, or pass create='overwrite' to drop it with its records"
        )


def check_may_create(spec: IndexSpec) -> None:
    """Refuse to create an index that is never to be created.

    Raises:
        IndexNotFoundError: Always, if so.
    """
    if spec.create == "never":
        raise IndexNotFoundError(
            f"index {spec.name!r} does not exist on this server; from_existing_index() and create='never' only open an "
            "index that exists. Check index_name and redis_url, or let a store create it"
        )


def create(state: State, dims: int | None = None) -> Steps[Snapshot]:
    """Create the index, if it does not exist, and add the declared fields that it lacks.

    Args:
        state: The index.
        dims: The number of dimensions of its vectors, if the index was not told.

    Raises:
        IndexNotFoundError: If it is never to be created.
        SchemaMismatchError: If another one of that name exists.
        ArgumentError: If nobody said how many dimensions its vectors have, or dims is out of range or contradicts what
            the index was told.
    """
    dims = check_dims(dims)
    if dims is not None and state.spec.dims not in (None, dims):
        raise ArgumentError(f"dims={dims} contradicts the dims={state.spec.dims} that the index was told")
    for _ in range(ATTEMPTS):
        snapshot = state.snapshot or (yield from _create(state, dims))
        if snapshot is not None and dims not in (None, snapshot.schema.vector.dims):
            _check_matches(snapshot.schema, [f"dims is {snapshot.schema.vector.dims!r}, asked for {dims!r}"])
        if snapshot is not None:
            snapshot = yield from learn(state, snapshot, Lesson(state.spec.additions(snapshot.schema)))
        if snapshot is not None:
            return snapshot
        yield from look(state)
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to create it; try again")


def _create(state: State, dims: int | None) -> Steps[Snapshot | None]:
    check_may_create(state.spec)
    schema = state.spec.schema(dims)
    # If somebody dropped an earlier index and left its records, then these are indexed by what was known of them.
    (registry,) = yield [catalog.read_registry(schema.name)]
    remembered = catalog.registered(as_mapping(ok(registry)), schema.reserved)
    schema = replace(schema, fields={**remembered, **schema.fields})
    creation = catalog.create_command(schema)
    # Registered first, so that nobody finds the index without its registry.
    for reply in (yield [*catalog.scale_commands(schema), catalog.register_command(schema)]):
        ok(reply)
    (created,) = yield [creation]
    if isinstance(created, ResponseError) and not is_duplicate(created):
        (registry,) = yield [catalog.read_registry(schema.name)]
        yield [catalog.forget_command(schema.name, catalog.header_of(as_mapping(ok(registry))))]
        raise _cannot_create(schema, created)
    return (yield from look(state))


def _cannot_create(schema: Schema, error: ResponseError) -> ServerError:
    vector = schema.vector
    if vector.algorithm == "svs-vamana" or vector.dtype in ("int8", "uint8"):
        return MissingModuleError(
            f"the server cannot make an index of {vector.dtype} vectors by {vector.algorithm} ({error}); int8 and "
            "uint8 need Redis 8.0 or newer, svs-vamana needs Redis 8.2 or newer"
        )
    return explain(error)


@dataclass(frozen=True, slots=True)
class Lesson:
    """What some records have that an index does not know yet.

    Attributes:
        fields: The fields that their new keys ask for, and those that were declared.
        met: Those of their new keys whose values tell no type.
    """

    fields: Sequence[MetadataField] = ()
    met: Sequence[str] = ()


def prepare_lesson(spec: IndexSpec, schema: Schema, surveys: Sequence[Survey]) -> Lesson:
    """Return what an index is to learn from some records, as far as it may."""
    additions = spec.additions(schema)
    if not spec.learn_limit:
        return Lesson(additions)
    schema = schema.with_fields(additions)
    types: dict[str, FieldType] = {}
    met: dict[str, None] = {}
    for found in surveys:
        for key, value in found.values.items():
            if key not in schema.fields and key not in types:
                if (type := infer_type(value)) is not None:
                    types[key] = type
                elif key not in schema.met:
                    met[key] = None
    room = max(0, spec.learn_limit - schema.learnt)
    fields = [schema.learnt_field(key, type) for key, type in islice(types.items(), room)]
    room = max(0, spec.learn_limit - len(schema.met))
    return Lesson([*additions, *fields], list(islice((key for key in met if key not in types), room)))


def learn(state: State, snapshot: Snapshot, lesson: Lesson) -> Steps[Snapshot | None]:
    """Make new keys filterable, and declared ones.

    Args:
        state: The index.
        snapshot: What was known of it when the lesson was prepared.
        lesson: What is new.

    Returns:
        What is known of it then; None if somebody dropped it or made it anew meanwhile.

    Raises:
        SchemaError: If a declared field has attributes that do not exist.
        SchemaMismatchError: If somebody else made something else of a declared key meanwhile.
    """
    if not (lesson.fields or lesson.met or snapshot.claimed):
        return snapshot
    schema = snapshot.schema
    for new in lesson.fields:
        if new.attrs and new.redis_type:
            # Refused before it is claimed.
            schema.redisvl_field(new)
    counts = yield [
        query.count_command(schema, presence(new.key, signs)) for signs in ("~", "+-") for new in lesson.fields
    ]
    if any(map(is_missing_index, counts)):
        return None
    totals = [query.read_total(ok(reply)) for reply in counts]
    # Values from before anybody could learn the key are not in the records' projections: no filter would see them.
    claims = [
        replace(new, type=FieldType.UNINDEXED) if unseen else new
        for new, unseen in zip(lesson.fields, totals, strict=False)
    ]
    *first, registry = yield catalog.claim_commands(schema.name, claims, lesson.met)
    # Whoever finishes a write from here on sees the claim; whoever did before it may not have known the key.
    claimed = [new for new, was_first in zip(claims, first, strict=False) if ok(was_first) and new.redis_type]
    counts = yield [query.count_command(schema, presence(new.key, "~")) for new in claimed]
    if any(map(is_missing_index, counts)):
        return None
    header = catalog.header_of(snapshot.registry)
    if late := [new for new, reply in zip(claimed, counts, strict=True) if query.read_total(ok(reply))]:
        *_, registry = yield catalog.disclaim_commands(schema.name, header, late)
    entries = as_mapping(ok(registry))
    if catalog.header_of(entries) != header:
        return None
    # Of two writers that learn one key at once, the first one's type holds, and both add the field before they write.
    held = catalog.registered(entries, schema.reserved)
    learnt = [new for key, new in held.items() if key not in schema.fields]
    # Records that have the key already, from before the index was made anew, are scanned for it.
    scan = any(totals)
    replies = yield [catalog.alter_command(schema, new, scan=scan) for new in learnt if new.redis_type]
    if any(map(is_missing_index, replies)):
        return None
    for reply in replies:
        if not is_duplicate(reply):
            ok(reply)
    schema = replace(schema.with_fields(learnt), met=catalog.met_keys(entries))
    _check_matches(schema, state.spec.differences(schema))
    state.snapshot = Snapshot(schema, entries, snapshot.records)
    return state.snapshot


def clear(state: State) -> Steps[None]:
    """Delete all records. The index stays, with its fields."""
    snapshot = yield from look(state)
    if snapshot is None:
        return
    schema = snapshot.schema
    (registered,) = yield [catalog.register_command(schema)]
    ok(registered)
    dropped, created = yield [catalog.drop_command(schema.name), catalog.create_command(schema)]
    if not is_missing_index(dropped):
        ok(dropped)
    if not is_duplicate(created):
        ok(created)
    # What somebody taught the index meanwhile is taught again, to records too that were written meanwhile.
    snapshot = yield from look(state)
    if snapshot is not None:
        held = catalog.registered(snapshot.registry, schema.reserved)
        lost = [field for key, field in held.items() if key not in snapshot.schema.fields and field.redis_type]
        for reply in (yield [catalog.alter_command(schema, field, scan=True) for field in lost]):
            if not is_duplicate(reply) and not is_missing_index(reply):
                ok(reply)
    state.snapshot = None


def drop(state: State) -> Steps[None]:
    """Drop the index with all its records. It does not need to exist."""
    name = state.spec.name
    registry, dropped = yield [catalog.read_registry(name), catalog.drop_command(name)]
    if not is_missing_index(dropped):
        ok(dropped)
    (forgotten,) = yield [catalog.forget_command(name, catalog.header_of(as_mapping(ok(registry))))]
    ok(forgotten)
    state.snapshot = None
