"""The life of an index: opened, created, emptied and dropped."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import wait_for_scan
from redisvl_adapters.core.index.compatibility import check_matches, check_model
from redisvl_adapters.core.index.coordinator import check_coordinator
from redisvl_adapters.core.index.dropping import drop, drop_with_records, refuse_in_scope
from redisvl_adapters.core.index.index_commands import create_command, drop_command, sweep_command, sweep_name
from redisvl_adapters.core.index.moves import is_same_place
from redisvl_adapters.core.index.neighbours import check_prefix_is_free
from redisvl_adapters.core.index.ownership import check_ownership, warn_of_unindexed
from redisvl_adapters.core.index.readiness import check_may_create, current_snapshot, whole_snapshot, writable_snapshot
from redisvl_adapters.core.index.registry import (
    HEADER,
    Registry,
    check_version,
    forget_command,
    is_of,
    mark_command,
    name_model_commands,
    new_registry,
    place_of,
    put_back_command,
    read_registry_command,
    register_command,
    registered_fields,
    registered_language,
    registered_model,
    registered_vectors,
    registry_header,
    scale_commands,
)
from redisvl_adapters.core.index.removal import remove_records
from redisvl_adapters.core.index.schema_changes import SchemaChange, apply_schema_change
from redisvl_adapters.core.index.snapshot import (
    ATTEMPTS,
    IndexState,
    Snapshot,
    read_snapshot,
)
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import NOTHING, IndexSpec
from redisvl_adapters.core.schema.named_vectors import NamedVector, spec_of
from redisvl_adapters.core.schema.option_parsing import check_dims
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, ok, readable, server_error
from redisvl_adapters.errors import (
    ArgumentError,
    IndexNotReadyError,
    MissingModuleError,
    ReadOnlyError,
    SchemaMismatchError,
    ServerError,
)


def open_index(state: IndexState) -> Steps[None]:
    """Look at the index, after dropping it if it is to be overwritten.

    Raises:
        MissingModuleError: If it is on a cluster whose search module has no coordinator.
        IndexNotFoundError: If it does not exist and is never to be created.
        SchemaMismatchError: If it is not what was asked for, or is to be overwritten and was made by somebody else.
    """
    if not state.spans_slots:
        yield from check_coordinator()
    if state.spec.create == "overwrite":
        existed = yield from drop(state)
        if not existed:
            yield from _sweep(state)
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is not None and snapshot.schema.foreign is not None:
        yield from warn_of_unindexed(snapshot.schema)
    state.opened = True


def create(state: IndexState, dims: int | None = None, named_dims: Mapping[str, int] = NOTHING) -> Steps[Snapshot]:
    """Create the index, if it does not exist, and add the declared fields that it lacks.

    Args:
        state: The index.
        dims: The number of dimensions of its vectors, if the index was not told.
        named_dims: Those of its named vectors, likewise.

    Raises:
        IndexNotFoundError: If it is never to be created.
        SchemaMismatchError: If another one of that name exists, or its prefix covers what is not its own.
        ArgumentError: If nobody said how many dimensions its vectors have, or dims is out of range or contradicts what
            the index was told.
    """
    dims = check_dims(dims)
    if dims is not None and state.spec.dims not in (None, dims):
        raise ArgumentError(f"dims={dims} contradicts the dims={state.spec.dims} that the index was told")
    for _ in range(ATTEMPTS):
        snapshot = yield from writable_snapshot(state, anew=True)
        if snapshot is None:
            snapshot = yield from _create(state, dims, named_dims)
        if snapshot is not None and dims not in (None, snapshot.schema.vector.dims):
            differences = [f"dims is {snapshot.schema.vector.dims!r}, asked for {dims!r:.80}"]
            check_matches(state.spec, snapshot.schema, differences)
        if snapshot is not None:
            snapshot = yield from apply_schema_change(
                state, snapshot, SchemaChange(state.spec.additions(snapshot.schema))
            )
        if snapshot is not None:
            return snapshot
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to create it; try again")


def _create(state: IndexState, dims: int | None, named_dims: Mapping[str, int]) -> Steps[Snapshot | None]:
    yield from check_may_create(state)
    schema = state.spec.schema(dims, named_dims)
    if state.moved_to is not None:
        # Dropped by others after it took the place of another one, which still points to it.
        schema = replace(schema, name=state.moved_to)
    (reply,) = yield [read_registry_command(schema.name)]
    before = as_mapping(ok(reply))
    if state.moved_to is not None:
        schema = place_of(before, schema)
    yield from check_prefix_is_free(schema)
    check_version(schema.name, before)
    if is_of(before, schema):
        check_model(state.spec, registered_model(before))
        # If somebody dropped an earlier index and left its records, then these are indexed by what was known of them.
        language, key = registered_language(before) if HEADER in before else (schema.language, schema.language_key)
        schema = replace(
            schema,
            fields={**registered_fields(before, schema.reserved), **schema.fields},
            language=state.spec.language or language,
            language_key=state.spec.language_key or key,
            vectors=_vectors_with(before, schema),
        )
    # Refused, if so, before anything is registered.
    creation, entries = create_command(schema), new_registry(schema)
    forgotten = [] if is_of(before, schema) else [forget_command(schema.name, registry_header(before))]
    # Registered first, so that nobody finds the index without its registry.
    registered = [*scale_commands(schema), *name_model_commands(schema), mark_command(schema.name, unchecked=True)]
    for reply in (yield [*forgotten, *registered, register_command(schema.name, entries)]):
        ok(reply)
    (created,) = yield [creation]
    if is_duplicate(created):
        return (yield from read_snapshot(state))
    undo = put_back_command(schema.name, entries[HEADER], before)
    if isinstance(created, ResponseError):
        yield [undo]
        raise _cannot_create(schema, created)
    try:
        # Somebody may have made another one at the same time.
        yield from check_prefix_is_free(schema)
        # If it takes too long, then whoever is the first to ask the index sees what lies there.
        with suppress(IndexNotReadyError):
            yield from wait_for_scan(schema.name, state.spec.wait_until_indexed)
            yield from check_ownership(schema)
    except SchemaMismatchError:
        yield [drop_command(schema.name, with_records=False)]
        yield [undo]
        raise
    return (yield from read_snapshot(state))


def _vectors_with(before: Registry, schema: Schema) -> dict[str, NamedVector]:
    """Return the named vectors of an index that is about to be made over records which an earlier one may have left.

    Raises:
        SchemaMismatchError: If those have others, with which the server would not index them.
    """
    known = registered_vectors(before)
    for name in known.keys() & schema.vectors.keys():
        check_matches(IndexSpec(schema.name), schema, spec_of(schema.vectors[name]).differences(known[name]))
    return {**known, **schema.vectors}


def _cannot_create(schema: Schema, error: ResponseError) -> ServerError:
    vector = schema.vector
    if vector.algorithm == "svs-vamana" or vector.dtype in ("int8", "uint8"):
        return MissingModuleError(
            f"the server cannot make an index of {vector.dtype} vectors by {vector.algorithm} ({readable(error)}); "
            "int8 and uint8 need Redis 8.0 or newer, svs-vamana needs Redis 8.2 or newer"
        )
    return server_error(error)


def clear(state: IndexState) -> Steps[None]:
    """Delete all records, one by one. The index stays, with its fields and aliases.

    Raises:
        ArgumentError: If the state is within a scope.
        ReadOnlyError: If it was made by another application.
    """
    refuse_in_scope(state, "clear")
    for _ in range(ATTEMPTS):
        yield from writable_snapshot(state, anew=True)
        snapshot = yield from whole_snapshot(state)
        if snapshot is None:
            return
        if snapshot.schema.foreign is not None:
            raise ReadOnlyError(
                f"index {snapshot.schema.name!r} was made by another application and is not cleared; delete records by "
                "their ids or by a filter"
            )
        settled = yield from remove_records(state, snapshot)
        # So that whoever is writing sees that what was written before is gone.
        header = {HEADER: new_registry(snapshot.schema)[HEADER]}
        registered, registry = yield [
            register_command(snapshot.schema.name, header),
            read_registry_command(snapshot.schema.name),
        ]
        ok(registered)
        state.snapshot = None
        if settled and is_same_place(as_mapping(ok(registry)), snapshot.registry):
            return
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to empty it; try again")


def _sweep(state: IndexState) -> Steps[None]:
    """Delete the records that outlived their index, which a new one would take in again."""
    schema = state.spec.draft()
    yield from check_prefix_is_free(schema)
    swept = replace(schema, name=sweep_name(schema.prefix))
    (created,) = yield [sweep_command(swept)]
    ok(created)
    try:
        yield from wait_for_scan(swept.name, state.spec.wait_until_indexed)
    except IndexNotReadyError:
        yield [drop_command(swept.name, with_records=False)]
        raise
    yield from drop_with_records(state, swept)
