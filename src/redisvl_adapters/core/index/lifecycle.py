"""The life of an index: opened, created, emptied and dropped."""

from __future__ import annotations

from dataclasses import replace

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.definition import alter_command, create_command, drop_command
from redisvl_adapters.core.index.learning import SchemaChange, apply_schema_change
from redisvl_adapters.core.index.registry import (
    forget_command,
    read_registry_command,
    register_command,
    registered_fields,
    registry_header,
    scale_commands,
)
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, Snapshot, check_matches, read_snapshot
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.option_parsing import check_dims
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok, server_error
from redisvl_adapters.errors import ArgumentError, IndexNotFoundError, MissingModuleError, ServerError


def open_index(state: IndexState) -> Steps[None]:
    """Look at the index, after dropping it if it is to be overwritten.

    Raises:
        IndexNotFoundError: If it does not exist and is never to be created.
        SchemaMismatchError: If it is not what was asked for.
    """
    if state.spec.create == "overwrite":
        yield from drop(state)
    yield from read_snapshot(state)
    if state.snapshot is None:
        check_may_create(state.spec)
    state.opened = True


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


def create(state: IndexState, dims: int | None = None) -> Steps[Snapshot]:
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
            check_matches(snapshot.schema, [f"dims is {snapshot.schema.vector.dims!r}, asked for {dims!r:.80}"])
        if snapshot is not None:
            snapshot = yield from apply_schema_change(
                state, snapshot, SchemaChange(state.spec.additions(snapshot.schema))
            )
        if snapshot is not None:
            return snapshot
        yield from read_snapshot(state)
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to create it; try again")


def _create(state: IndexState, dims: int | None) -> Steps[Snapshot | None]:
    check_may_create(state.spec)
    schema = state.spec.schema(dims)
    # If somebody dropped an earlier index and left its records, then these are indexed by what was known of them.
    (registry,) = yield [read_registry_command(schema.name)]
    remembered = registered_fields(as_mapping(ok(registry)), schema.reserved)
    schema = replace(schema, fields={**remembered, **schema.fields})
    creation = create_command(schema)
    # Registered first, so that nobody finds the index without its registry.
    for reply in (yield [*scale_commands(schema), register_command(schema)]):
        ok(reply)
    (created,) = yield [creation]
    if isinstance(created, ResponseError) and not is_duplicate(created):
        (registry,) = yield [read_registry_command(schema.name)]
        yield [forget_command(schema.name, registry_header(as_mapping(ok(registry))))]
        raise _cannot_create(schema, created)
    return (yield from read_snapshot(state))


def _cannot_create(schema: Schema, error: ResponseError) -> ServerError:
    vector = schema.vector
    if vector.algorithm == "svs-vamana" or vector.dtype in ("int8", "uint8"):
        return MissingModuleError(
            f"the server cannot make an index of {vector.dtype} vectors by {vector.algorithm} ({error}); int8 and "
            "uint8 need Redis 8.0 or newer, svs-vamana needs Redis 8.2 or newer"
        )
    return server_error(error)


def clear(state: IndexState) -> Steps[None]:
    """Delete all records. The index stays, with its fields."""
    snapshot = yield from read_snapshot(state)
    if snapshot is None:
        return
    schema = snapshot.schema
    (registered,) = yield [register_command(schema)]
    ok(registered)
    dropped, created = yield [drop_command(schema.name), create_command(schema)]
    if not is_missing_index(dropped):
        ok(dropped)
    if not is_duplicate(created):
        ok(created)
    # What somebody taught the index meanwhile is taught again, to records too that were written meanwhile.
    snapshot = yield from read_snapshot(state)
    if snapshot is not None:
        held = registered_fields(snapshot.registry, schema.reserved)
        lost = [field for key, field in held.items() if key not in snapshot.schema.fields and field.redis_type]
        for reply in (yield [alter_command(schema, field, scan=True) for field in lost]):
            if not is_duplicate(reply) and not is_missing_index(reply):
                ok(reply)
    state.snapshot = None


def drop(state: IndexState) -> Steps[None]:
    """Drop the index with all its records. It does not need to exist."""
    name = state.spec.name
    registry, dropped = yield [read_registry_command(name), drop_command(name)]
    if not is_missing_index(dropped):
        ok(dropped)
    (forgotten,) = yield [forget_command(name, registry_header(as_mapping(ok(registry))))]
    ok(forgotten)
    state.snapshot = None
