"""Dropping an index with all its records and all its generations, and nothing else that lies there."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.index.background_scan import info_command, wait_for_scan
from redisvl_adapters.core.index.index_commands import drop_command
from redisvl_adapters.core.index.info import attributes_of, bare_schema, check_ours, index_name, is_ours, prefixes_of
from redisvl_adapters.core.index.moves import generation_names, journal_key, moved_to
from redisvl_adapters.core.index.ownership import others_commands, read_others
from redisvl_adapters.core.index.registry import (
    Registry,
    check_version,
    forget_command,
    read_registry_command,
    registered_fields,
    registered_origin,
    registry_header,
    registry_key,
)
from redisvl_adapters.core.index.removal import remove_records
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.own_records import warn_of_others
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import Command, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_missing_index, ok
from redisvl_adapters.errors import ArgumentError, ReadOnlyError, SchemaMismatchError


def refuse_in_scope(state: IndexState, what: str) -> None:
    """Refuse what is of the whole index in a scope.

    Raises:
        ArgumentError: If the state is within one.
    """
    if state.scope is not None:
        raise ArgumentError(
            f"{what} is of the whole index, and this store is scoped to {state.scope}; do it through the store that "
            "scoped() was called on, or call clear() to delete what is within the scope"
        )


def drop(state: IndexState, *, keep_records: bool = False) -> Steps[bool]:
    """Drop the index with all its records and generations, and nothing else that lies there. It does not need to exist.

    Args:
        state: The index.
        keep_records: Whether the records stay, and what is registered of them: an index of the same name and prefix
            that is made later takes them in as they were.

    Returns:
        Whether it existed.

    Raises:
        ArgumentError: If the state is within a scope.
        ReadOnlyError: If it was opened as one of another application.
        SchemaMismatchError: If it was made by somebody else or by a newer version, or its name is an alias, or that of
            one generation alone.
        IndexNotReadyError: If it is still being scanned: the server would drop the records that it knows.
    """
    refuse_in_scope(state, "drop" if state.opened else "create='overwrite'")
    handle = state.spec.name
    (reply,) = yield [read_registry_command(handle)]
    registry = as_mapping(ok(reply))
    check_version(handle, registry, older=True)
    if (origin := registered_origin(registry)) is not None:
        raise SchemaMismatchError(
            f"index {handle!r} is what a rebuild made of {origin.handle!r}; it is dropped or overwritten by that name"
        )
    current = moved_to(registry) or handle
    existed = False
    if keep_records:
        existed = yield from _drop_index(state, current, keep_records=True)
        state.snapshot, state.was_there = None, False
        return existed
    for name in generation_names(handle, registry):
        if name != current:
            existed |= yield from drop_generation(state, name)
    if current != handle:
        # Before the one that is read, so that nobody goes on to look for that.
        yield [forget_command(handle, registry_header(registry))]
    existed |= yield from drop_generation(state, current)
    state.snapshot, state.was_there, state.moved_to, state.model = None, False, None, None
    return existed


def drop_generation(
    state: IndexState, name: str, *, spared: str | None = None, kept: Sequence[bytes] = ()
) -> Steps[bool]:
    """Drop one index of a handle, and return whether it existed. See ``drop``.

    Args:
        state: The handle.
        name: The index.
        spared: Its records stay if they lie under this prefix, where they are those of another one too.
        kept: The entries of its registry that stay.
    """
    (reply,) = yield [read_registry_command(name)]
    entries = as_mapping(ok(reply))
    exists = yield from _drop_index(state, name, spared=spared)
    journals = [] if name == state.spec.name else [Command(("DEL", journal_key(name)), journal_key(name))]
    gone = [entry for entry in entries if entry not in kept]
    if len(gone) == len(entries):
        forgotten = forget_command(name, registry_header(entries))
    else:
        forgotten = Command(("HDEL", registry_key(name), *gone, b""), registry_key(name))
    for reply in (yield [*journals, forgotten]):
        ok(reply)
    return exists


def _drop_index(state: IndexState, name: str, *, spared: str | None = None, keep_records: bool = False) -> Steps[bool]:
    registry, info = yield [read_registry_command(name), info_command(name)]
    exists = not is_missing_index(info)
    if exists:
        if state.spec.is_foreign and not is_ours(ok(info)):
            raise ReadOnlyError(
                f"index {index_name(info)!r} was made by another application and is not dropped; FT.DROPINDEX drops it"
            )
        check_ours(ok(info))
        if index_name(info) != name:
            raise SchemaMismatchError(
                f"{name!r} is an alias of index {index_name(info)!r}, which is not dropped or overwritten by it; "
                "do that by the name of the index, or take the alias away with FT.ALIASDEL"
            )
        _check_mark(state, info, as_mapping(ok(registry)))
        if keep_records or spared in prefixes_of(info):
            (dropped,) = yield [drop_command(name, with_records=False)]
            if not is_missing_index(dropped):
                ok(dropped)
        else:
            yield from wait_for_scan(name, state.spec.wait_until_indexed)
            yield from drop_with_records(state, bare_schema(info))
    return exists


def _check_mark(state: IndexState, info: Reply, registry: Registry) -> None:
    if state.mark is None:
        return
    field = registered_fields(registry, frozenset()).get(state.mark)
    if state.mark not in attributes_of(info) or (field is not None and field.learnt):
        raise SchemaMismatchError(
            f"index {state.spec.name!r} is not dropped or overwritten: it was not made for this, and holds the records "
            "of something else; choose another index_name"
        )


def drop_with_records(state: IndexState, schema: Schema) -> Steps[None]:
    """Drop an index that was scanned, with the records under it."""
    replies = yield others_commands(schema)
    if any(map(is_missing_index, replies)):
        return
    others = read_others(replies)
    if others:
        warn_of_others(schema, *others)
        yield from remove_records(state, Snapshot(schema, {}, 0))
    (dropped,) = yield [drop_command(schema.name, with_records=not others)]
    if not is_missing_index(dropped):
        ok(dropped)
