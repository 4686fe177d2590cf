"""Checking an index: its records against it and its registry, each that is not as it should be named."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from redis.exceptions import ResponseError

from redisvl_adapters.core.index.background_scan import info_command, wait_for_scan
from redisvl_adapters.core.index.changes import is_settled, send_changes
from redisvl_adapters.core.index.moves import rebuild_of
from redisvl_adapters.core.index.ownership import index_failures
from redisvl_adapters.core.index.readiness import current_snapshot
from redisvl_adapters.core.index.record_keys import matching_ids_command, read_keys
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.registry import registry_key
from redisvl_adapters.core.index.schema_changes import learn
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.metadata_updates import MetadataUpdate, read_for_update
from redisvl_adapters.core.records.own_records import is_record_command, read_is_record
from redisvl_adapters.core.records.stored_projection import doubt_of, mending_command, read_projection, read_update
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.server.commands import BATCH_SIZE, Command, Reply, Steps, batched
from redisvl_adapters.core.server.connection import Connection
from redisvl_adapters.core.server.plain_redis import PlainRedisBase
from redisvl_adapters.core.server.replies import as_mapping, is_wrong_type, ok
from redisvl_adapters.errors import ArgumentError, IndexNotFoundError


class FindingKind(StrEnum):
    """What is wrong with a key."""

    UNINDEXED = "unindexed"
    FOREIGN = "foreign"
    STALE = "stale"


class Finding(NamedTuple):
    """A key that is not as it should be.

    Attributes:
        kind: ``unindexed``: a record that the index does not have, so that no search finds it. ``foreign``: no record
            of this library, though under the prefix. ``stale``: a record whose indexed values are not those of its
            metadata, so that filters misjudge it; or a registry that has fields which the index lacks.
        key: The key in Redis.
        why: What is wrong with it, without its values.
    """

    kind: FindingKind
    key: str
    why: str


class CheckedPage(NamedTuple):
    """What a check found among some keys.

    Attributes:
        keys: How many keys there were.
        findings: Those that are not as they should be.
        fixed: How many of them were mended, and are no more among the findings.
    """

    keys: int
    findings: list[Finding]
    fixed: int = 0


class _Keys(PlainRedisBase):
    """The keys of a server, on a connection that others close."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def pages(self, prefixes: Sequence[str]) -> Iterator[list[bytes]]:
        page: list[bytes] = []
        for prefix in prefixes:
            for key in self._scan_bytes(prefix):
                page.append(key)
                if len(page) == BATCH_SIZE:
                    yield page
                    page = []
        yield page


def check_index(index: RedisIndex, *, fix: bool = False) -> Iterator[CheckedPage]:
    """Check an index, a page of keys at a time: first its registry, then all keys under its prefix.

    What others write meanwhile is no finding: each is looked at twice.

    Args:
        index: The index.
        fix: Whether to mend what can be: indexed values are written anew from the exact metadata of a record, unless
            somebody changes it meanwhile. Nothing is deleted, and nothing of others is touched.

    Raises:
        IndexNotFoundError: If there is no such index.
        IndexNotReadyError: If the server takes longer to scan it than the index was told to wait.
        ArgumentError: If the index is scoped, or takes only records in that meet a condition.
    """
    schema, page = index.run(check_registry(index.state))
    yield page
    for keys in _Keys(index.connection).pages(_prefixes(schema)):
        yield index.run(check_keys(index.state, keys, fix=fix))


def _prefixes(schema: Schema) -> Sequence[str]:
    return [schema.prefix] if schema.foreign is None else schema.foreign.prefixes


def check_registry(state: IndexState) -> Steps[tuple[Schema, CheckedPage]]:
    """Return what an index is, and what is wrong with its registry, once it is scanned. See ``check_index``."""
    if state.scope is not None:
        raise ArgumentError("a check is of the whole index, and this store is scoped; check it unscoped")
    snapshot = yield from _snapshot(state)
    schema = snapshot.schema
    if schema.foreign is not None and schema.foreign.has_filter:
        raise ArgumentError(
            f"index {schema.name!r} takes only records in that meet its FILTER: nobody can tell which are missing"
        )
    yield from wait_for_scan(schema.name, state.spec.wait_until_indexed)
    key, found = registry_key(schema.name), []
    if snapshot.is_restored:
        why = "it is lost, and its types are restored from the records; the next write writes it back"
        found.append(Finding(FindingKind.STALE, key, why))
    elif snapshot.claimed:
        found.append(Finding(FindingKind.STALE, key, "it has fields that the index lacks; the next write adds them"))
    return schema, CheckedPage(0, found)


def _snapshot(state: IndexState) -> Steps[Snapshot]:
    snapshot = yield from current_snapshot(state, anew=True)
    if snapshot is None:
        raise IndexNotFoundError(f"index {state.spec.name!r} does not exist: there is nothing to check")
    return snapshot


def check_keys(state: IndexState, keys: Sequence[bytes], *, fix: bool = False) -> Steps[CheckedPage]:
    """Check some keys under the prefix of an index. See ``check_index``."""
    snapshot = yield from _snapshot(state)
    schema = snapshot.schema
    names, found = [], []
    for key in keys:
        try:
            names.append(key.decode())
        except UnicodeDecodeError:
            told = key.decode("utf-8", "backslashreplace")
            found.append(Finding(FindingKind.FOREIGN, told, "its name is no UTF-8 text, as every key of a record is"))
    looked: dict[str, _Looked] = {}
    for chunk in batched(names, BATCH_SIZE):
        first = yield from _look(schema, chunk)
        # Somebody may have written or deleted it between the commands.
        again = yield from _look(schema, [name for name, each in first.items() if each.finding is not None])
        looked |= {name: each for name, each in again.items() if each.finding is not None}
    fixed = (yield from _fix(state, snapshot, looked)) if fix else set()
    left = [each.finding for name, each in looked.items() if name not in fixed and each.finding is not None]
    return CheckedPage(len(keys), found + left, len(fixed))


class _Looked(NamedTuple):
    finding: Finding | None
    update: MetadataUpdate | None
    """What can be written anew, if anything can."""


def _look(schema: Schema, keys: Sequence[str]) -> Steps[dict[str, _Looked]]:
    """Return what is wrong with some keys, as they are now.

    Left out are those that are gone, and those that an index of another application cannot take in, as of another type.
    """
    if not keys:
        return {}
    ids = [schema.id_of(key.encode()) for key in keys]
    there = [Command(("EXISTS", key), key) for key in keys]
    if schema.foreign is None:
        records = [
            command for each in ids for command in (read_for_update(schema, each), read_projection(schema, each))
        ]
    else:
        records = [is_record_command(schema, each) for each in ids]
    replies = yield [*there, *records, matching_ids_command(schema, "*", ids), info_command(schema.name)]
    *told, matching, info = replies
    indexed = {key.decode("utf-8", "replace") for key in read_keys(ok(matching))}
    failures = index_failures(as_mapping(ok(info)))
    refused = {} if failures is None else {failures[1]: failures[2]}
    rest, step = told[len(keys) :], len(records) // len(keys)
    looked = {}
    for place, (key, exists) in enumerate(zip(keys, told, strict=False)):
        is_others = schema.foreign is not None and not read_is_record(rest[place])
        if ok(exists) and not is_others:
            found, update = _what(schema, ids[place], key, rest[step * place : step * (place + 1)])
            if found is None and key not in indexed:
                why = refused.get(key, "a vector of another length, or a value that is not of the type of its field")
                found = Finding(FindingKind.UNINDEXED, key, f"the index could not take it in ({why})")
            looked[key] = _Looked(found, update)
    return looked


def _what(
    schema: Schema, record_id: str, key: str, replies: Sequence[Reply]
) -> tuple[Finding | None, MetadataUpdate | None]:
    if schema.foreign is not None:
        return None, None
    foreign = Finding(FindingKind.FOREIGN, key, "it is no record of this library; something else writes there")
    for reply in replies:
        if isinstance(reply, ResponseError) and not is_wrong_type(reply):
            ok(reply)
    if not record_id or any(map(is_wrong_type, replies)):
        return foreign, None
    update = read_update(schema, record_id, replies[0])
    if update is None:
        return foreign, None
    doubt = doubt_of(schema, update, replies[1])
    if doubt is None:
        return None, update
    return Finding(FindingKind.STALE, key, doubt.why), update if doubt.can_be_mended else None


def _fix(state: IndexState, snapshot: Snapshot, looked: dict[str, _Looked]) -> Steps[set[str]]:
    """Write the indexed values of records anew, and return the keys of those that are as they should be then."""
    updates = {name: each.update for name, each in looked.items() if each.update is not None}
    if not updates or rebuild_of(snapshot.registry) is not None:
        return set()
    snapshot.schema.check_writable()
    learnt = yield from learn(state, snapshot, [update.after for update in updates.values()])
    if learnt is None:
        return set()
    made = {name: mending_command(learnt.schema, update) for name, update in updates.items()}
    commands = {name: command for name, command in made.items() if command is not None}
    if not commands:
        return set()
    ids = [updates[name].record_id for name in commands]
    replies, (registry,) = yield from send_changes(state, learnt, list(commands.values()), ids)
    for reply in replies:
        ok(reply)
    if not is_settled(learnt, registry):
        return set()
    again = yield from _look(learnt.schema, list(commands))
    return {name for name, each in again.items() if each.finding is None}
