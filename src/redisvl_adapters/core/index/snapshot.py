"""The snapshot: what the server said of an index at one moment, and the state that holds the last one."""

from __future__ import annotations

import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from operator import attrgetter
from typing import Any, NamedTuple

from redisvl_adapters.core.filters.conditions import Condition
from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.index.background_scan import DONE, ScanProgress, scan_progress
from redisvl_adapters.core.index.compatibility import check_matches
from redisvl_adapters.core.index.foreign_info import foreign_schema, refuse_foreign_options, sample_command
from redisvl_adapters.core.index.info import (
    index_name,
    is_ours,
    read_count,
    read_schema,
    scores_unions_whole,
    snapshot_commands,
)
from redisvl_adapters.core.index.lost_registry import has_same_fields, restore_registry
from redisvl_adapters.core.index.moves import PAUSED, moved_to, pause_seconds, unmark_command
from redisvl_adapters.core.index.record_keys import count_command, read_keys, read_total
from redisvl_adapters.core.index.registry import HEADER, UNCHECKED, registered_fields, registry_header
from redisvl_adapters.core.index.scope import Scope
from redisvl_adapters.core.records.vectors import ROUNDING
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import DEFAULT_DTYPE, DEFAULT_METRIC, IndexSpec
from redisvl_adapters.core.server.commands import Pause, Reply, Steps
from redisvl_adapters.core.server.replies import as_mapping, is_between_shards, is_missing_index, ok
from redisvl_adapters.errors import SchemaMismatchError

ATTEMPTS = 100
"""How often an operation starts anew when somebody else changes the index under it."""

_BETWEEN_SHARDS = 0.05
_WHILE_PAUSED = 0.005

MAX_AGE = 1.0
"""How many seconds a snapshot is used before the server is asked again."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the server said of an index at one moment.

    Attributes:
        schema: What the index is.
        registry: Its registry.
        records: How many records it held.
        claimed: Whether somebody was about to add a field.
        scan: How far the server was with records that were there before the index or one of its fields.
        is_unchecked: Whether nobody has seen yet that all keys under the prefix are records.
        is_restored: Whether the registry was lost, and is what the records tell.
        scores_unions_whole: Whether the server scores a union of words whole wherever it stands.
        read_at: When it was read, by the monotonic clock.
        compiled: The conditions of filters that were compiled for this schema.
        plans: The plans of searches that were made for it.
        oversized: The tag fields that have more values than can be looked through.
    """

    schema: Schema
    registry: Mapping[bytes, bytes]
    records: int
    claimed: bool = False
    scan: ScanProgress = DONE
    is_unchecked: bool = False
    is_restored: bool = False
    scores_unions_whole: bool = False
    read_at: float = field(default_factory=time.monotonic, compare=False)
    compiled: dict[Hashable, Condition] = field(default_factory=dict, compare=False, repr=False)
    plans: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)
    oversized: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def is_whole(self) -> bool:
        """Whether the index held all records, and nothing else."""
        return not (self.scan.is_running or self.is_unchecked)

    @property
    def is_old(self) -> bool:
        """Whether others may have changed the index since."""
        return time.monotonic() - self.read_at > MAX_AGE


@dataclass(slots=True)
class IndexState:
    """What is known of an index. It is shared by threads and tasks: a snapshot is replaced as a whole, never changed.

    Attributes:
        spec: What was asked of it.
        snapshot: What the server said last; None if the index did not exist.
        opened: Whether the server was asked at all.
        was_there: Whether the index existed at some time, and was not dropped through this since.
        alias_of: The index that its name stood for as an alias, if it was one.
        moved_to: The index that has taken the place of the one with its name, if that was rebuilt.
        model: A mark of the vectors that the index had when it was first looked at; each embedding model has its own.
        spans_slots: Whether one script may have keys of several slots; not on a cluster, nor where that was refused.
        warned: What a warning was given of, once: keys of filters that no record has had, above all.
        names_model: Whether it is to be registered which embedding model an index has that has none yet.
        is_described: Whether the descriptions of its declared fields were registered through this.
        mark: The key of a field that the index must have been made with to be dropped or overwritten; None for any.
        scope: The metadata that all records have which are read, written or deleted; None for all records.
    """

    spec: IndexSpec
    snapshot: Snapshot | None = None
    opened: bool = False
    was_there: bool = False
    alias_of: str | None = None
    moved_to: str | None = None
    model: str | None = None
    spans_slots: bool = True
    warned: set[str] = field(default_factory=set, repr=False)
    names_model: bool = True
    is_described: bool = False
    mark: str | None = None
    scope: Scope | None = None

    @property
    def schema(self) -> Schema | None:
        """What the index is; None if it did not exist."""
        return self.snapshot.schema if self.snapshot else None

    @property
    def rounding(self) -> float:
        """How far a cosine distance can be from the true one, for the dtype of its vectors."""
        return ROUNDING[self.snapshot.schema.vector.dtype if self.snapshot else self.spec.dtype or DEFAULT_DTYPE]

    @property
    def metric(self) -> str:
        """Its distance metric: as it is, or as it was asked for."""
        return self.snapshot.schema.vector.metric if self.snapshot else self.spec.metric or DEFAULT_METRIC


class ScopedState(IndexState):
    """The state of an index within a scope: all but the scope is that of the whole, where it is read and changed.

    Args:
        whole: The state of the whole index.
        scope: The scope.
    """

    __slots__ = ("_whole",)

    def __init__(self, whole: IndexState, scope: Scope) -> None:
        self._whole = whole
        self.scope = scope


def _of_whole(name: str) -> property:
    def change(state: ScopedState, value: Any) -> None:
        setattr(state._whole, name, value)  # noqa: SLF001  # its own

    return property(attrgetter(f"_whole.{name}"), change)


for _name in {each.name for each in fields(IndexState)} - {"scope"}:
    setattr(ScopedState, _name, _of_whole(_name))


class _Found(NamedTuple):
    """Where an index is, and what the server said of it.

    Attributes:
        name: Its name.
        info: The reply to FT.INFO.
        entries: Its registry.
        last: What was known of it; None if that was another one.
        is_alias: Whether the name that was asked for is an alias.
    """

    name: str
    info: Reply
    entries: Mapping[bytes, bytes]
    last: Snapshot | None
    is_alias: bool


def _find(state: IndexState) -> Steps[_Found]:
    """Ask the server for the index that a name stands for: by itself, as an alias, or since an index has moved."""
    attempts, last, has_moved, is_alias = 0, state.snapshot, False, False
    asked, name = state.spec.name, last.schema.name if last else state.spec.name
    if last and last.schema.name == state.moved_to and state.alias_of is None:
        asked = name
    while True:
        before, info, after = yield snapshot_commands(asked, name)
        entries = as_mapping(ok(after))
        attempts += 1
        if attempts == ATTEMPTS:
            break
        if is_between_shards(info):
            yield Pause(_BETWEEN_SHARDS)
        elif not is_missing_index(info) and (found := index_name(ok(info))) != name:
            # An alias, which stands for another index than before.
            name, last = found, None
        elif (target := moved_to(entries)) is not None:
            is_alias = is_alias or asked == state.spec.name != name
            asked = name = target
            last, has_moved = None, True
        elif is_missing_index(info):
            if asked == state.spec.name or has_moved:
                break
            # Dropped, after it moved on or with all: the handle tells.
            asked = name = state.spec.name
            last = None
        elif registry_header(as_mapping(ok(before))) == registry_header(entries):
            break
    has_moved = asked != state.spec.name
    is_alias = is_alias or asked == state.spec.name != name
    state.moved_to = asked if has_moved else None
    return _Found(name, info, entries, last, is_alias)


def read_snapshot(state: IndexState) -> Steps[Snapshot | None]:
    """Ask the server what the index is.

    Raises:
        SchemaMismatchError: If it is not what was asked for.
    """
    found = yield from _find(state)
    name, info, entries, last = found.name, found.info, found.entries, found.last
    if is_missing_index(info):
        state.snapshot = None
    else:
        is_foreign = state.spec.is_foreign and not is_ours(info)
        is_restored = HEADER not in entries and not is_foreign
        if is_restored:
            known = last is not None and has_same_fields(last.schema, info)
            restored = last.registry if last and known else (yield from restore_registry(info, entries, state.spec))
            entries = {**entries, **restored}
        if is_foreign:
            entries = {}
            schema, records = yield from _read_foreign(info, state.spec, last)
        else:
            refuse_foreign_options(state.spec, name)
            schema, records = read_schema(info, entries)
        state.alias_of = name if found.is_alias else None
        if found.is_alias and state.moved_to is None:
            schema = replace(schema, alias=state.spec.name)
        scan = scan_progress(info)
        # Those cannot be counted yet.
        if not scan.is_running:
            schema = yield from _with_additions(state.spec, schema)
        check_matches(state.spec, schema)
        _check_model(state, schema)
        claimed = not registered_fields(entries, schema.reserved).keys() <= schema.fields.keys()
        state.was_there = True
        state.snapshot = Snapshot(
            schema,
            entries,
            records,
            claimed,
            scan,
            UNCHECKED in entries,
            is_restored,
            scores_unions_whole(info),
        )
    return state.snapshot


def _read_foreign(info: Reply, spec: IndexSpec, last: Snapshot | None) -> Steps[tuple[Schema, int]]:
    """Return what an index of another application is, and how many records it holds."""
    known = last.schema.foreign if last is not None else None
    keys: Sequence[bytes] = ()
    if known is None:
        (found,) = yield [sample_command(index_name(info))]
        keys = [] if is_missing_index(found) else read_keys(ok(found))
    return foreign_schema(info, spec, keys, known), read_count(info)


def past_pause(state: IndexState, snapshot: Snapshot | None) -> Steps[Snapshot | None]:
    """Wait while an index is about to move, and return what is known of it then.

    Whoever moves it says how long that takes. After that time its process must have ended, and the mark is taken away;
    if it has not, then it sees that, and begins again.
    """
    waited, last = 0.0, None
    while snapshot is not None and (mark := snapshot.registry.get(PAUSED)) is not None:
        waited, last = waited if mark == last else 0.0, mark
        if waited < pause_seconds(mark):
            yield Pause(_WHILE_PAUSED)
            waited += _WHILE_PAUSED
        else:
            (reply,) = yield [unmark_command(snapshot.schema.name, PAUSED, mark)]
            ok(reply)
        snapshot = yield from read_snapshot(state)
    return snapshot


def _with_additions(spec: IndexSpec, schema: Schema) -> Steps[Schema]:
    """Return a schema that knows of the fields which were declared, and which a write is yet to add."""
    additions = spec.additions(schema)
    replies = (yield [count_command(schema, presence_query(new.key, "~")) for new in additions]) if additions else []
    # Until a write adds them, they are keys without a value, unless records have values that are not indexed.
    without = {
        new.key
        for new, reply in zip(additions, replies, strict=True)
        if is_missing_index(reply) or not read_total(ok(reply))
    }
    return replace(schema, untyped_keys=schema.untyped_keys | without) if without else schema


def _check_model(state: IndexState, schema: Schema) -> None:
    """Refuse an index that was rebuilt with another embedding model while this store had it open.

    Raises:
        SchemaMismatchError: If so: its vectors mean nothing to the model of the store.
    """
    mark = (schema.origin and schema.origin.vectors) or ""
    if state.model is None:
        state.model = mark
    elif mark and mark != state.model and (state.spec.embedding_id is None or schema.embedding_id is None):
        raise SchemaMismatchError(
            f"index {schema.handle!r} was rebuilt with another embedding model since this store was made: the vectors "
            "of the old one would find neighbours by chance. Make the store anew, with the new model"
        )
