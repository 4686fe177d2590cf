"""Schema changes: new metadata keys and declared fields, claimed in the registry and added by FT.ALTER."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.index.backfill import backfill, check_backfill
from redisvl_adapters.core.index.background_scan import RUNNING
from redisvl_adapters.core.index.compatibility import check_matches
from redisvl_adapters.core.index.index_commands import alter_command
from redisvl_adapters.core.index.moves import is_same_place
from redisvl_adapters.core.index.readiness import whole_snapshot
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.registry import (
    claim_commands,
    registered_fields,
    registry_header,
    untyped_keys,
)
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.projection import infer_type, is_long, other_kinds, types_held
from redisvl_adapters.core.schema.fields import LONG, FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok
from redisvl_adapters.errors import IndexNotFoundError


@dataclass(frozen=True, slots=True)
class SchemaChange:
    """What some records have that an index does not know yet.

    Attributes:
        fields: The fields that their new keys ask for, and those that were declared.
        untyped_keys: Those of their new keys whose values tell no type.
        other_kinds: Kinds of values that keys have beside those that their field holds, with the keys.
    """

    fields: Sequence[MetadataField] = ()
    untyped_keys: Sequence[str] = ()
    other_kinds: Sequence[tuple[str, Kind]] = ()

    def __bool__(self) -> bool:
        """Tell whether anything is new."""
        return bool(self.fields or self.untyped_keys or self.other_kinds)


def plan_schema_change(spec: IndexSpec, schema: Schema, found: Sequence[CheckedMetadata]) -> SchemaChange:
    """Return what an index is to learn from some records, as far as it may."""
    if schema.foreign is not None:
        # It is not this library's to change.
        return SchemaChange()
    additions = spec.additions(schema)
    schema = schema.with_fields(additions)
    types: dict[str, FieldType] = {}
    untyped_keys: dict[str, None] = {}
    known = {key for key, field in schema.fields.items() if field.stays_unindexed or not schema.lacks(key)}
    long: set[str] = set()
    for metadata in found if spec.learn_limit else ():
        for key, value in metadata.values.items():
            if key in known:
                continue
            if key not in schema.fields and key not in long and _stays_unindexed(spec, key, value):
                long.add(key)
                types[key] = FieldType.UNINDEXED
            elif key not in types:
                type = infer_type(value)
                if type is FieldType.UNINDEXED and key in schema.fields:
                    continue
                if type is not None:
                    types[key] = type
                elif key not in schema.untyped_keys:
                    untyped_keys[key] = None
    room = max(0, spec.learn_limit - schema.learnt)
    fields = [
        replace(schema.learnt_field(key, type), attrs={LONG: True} if key in long else {})
        for key, type in islice(types.items(), room)
    ]
    room = max(0, spec.learn_limit - len(schema.untyped_keys))
    untyped = list(islice((key for key in untyped_keys if key not in types), room))
    return SchemaChange([*additions, *fields], untyped, _other_kinds(schema.with_fields(fields), found))


def _stays_unindexed(spec: IndexSpec, key: str, value: object) -> bool:
    """Tell whether a new key is not to be indexed."""
    return key in spec.unindexed or (not spec.learn_long and is_long(value))


def _other_kinds(schema: Schema, found: Sequence[CheckedMetadata]) -> list[tuple[str, Kind]]:
    """Return the kinds of values that records have beside those of learnt fields, as far as they are new."""
    learnt = {key: field for key, field in schema.indexed_fields.items() if field.learnt}
    held = {(key, type) for key, field in learnt.items() for type in types_held(field)}
    kinds: dict[tuple[str, Kind], None] = {}
    for metadata in found:
        for key, value in metadata.values.items():
            if (key, type(value)) not in held and value is not None and (field := learnt.get(key)) is not None:
                kinds |= dict.fromkeys((key, kind) for kind in other_kinds(field, value) - field.other_kinds)
    return list(kinds)


def learn(state: IndexState, snapshot: Snapshot | None, found: Sequence[CheckedMetadata]) -> Steps[Snapshot | None]:
    """Let an index know all that some records have. See ``apply_schema_change``."""
    while snapshot is not None:
        change = plan_schema_change(state.spec, snapshot.schema, found)
        if not (change or snapshot.claimed):
            break
        # Where others were first, a key can have another type than was planned, and values of other kinds for that.
        snapshot = yield from apply_schema_change(state, snapshot, change)
    return snapshot


def apply_schema_change(state: IndexState, snapshot: Snapshot, change: SchemaChange) -> Steps[Snapshot | None]:
    """Make new keys filterable, and declared ones.

    Args:
        state: The index.
        snapshot: What was known of it when the change was prepared.
        change: What is new.

    Returns:
        What is known of it then; None if somebody dropped it or made it anew meanwhile.

    Raises:
        SchemaError: If a declared field has attributes that do not exist.
        SchemaMismatchError: If somebody else made something else of a declared key meanwhile.
    """
    if not (change or snapshot.claimed):
        return snapshot
    if change.fields:
        # What records have of new keys is counted, which is of no use before all of them are there.
        try:
            whole = yield from whole_snapshot(state, anew=not snapshot.is_whole)
        except IndexNotFoundError:
            return None
        if whole is None or (whole.registry, whole.schema) != (snapshot.registry, snapshot.schema):
            return None
    schema = snapshot.schema
    for new in change.fields:
        if new.attrs and new.redis_type:
            # Refused before it is claimed.
            schema.redisvl_field(new)
    counted = yield from _having(schema, change.fields, "~")
    if counted is None:
        return None
    # Values from before anybody could learn the key are not in the records' projections: they are put there.
    (unseen,) = counted
    kinds = (yield from check_backfill(schema, unseen)) if unseen else []
    claims = claim_commands(schema.name, change.fields, change.untyped_keys, [*change.other_kinds, *kinds])
    *_, registry = map(ok, (yield claims))
    entries = as_mapping(registry)
    if registry_header(entries) != registry_header(snapshot.registry):
        return None
    if not is_same_place(entries, snapshot.registry):
        return None
    # Of two writers that learn one key at once, the first one's type holds, and both add the field before they write.
    held = registered_fields(entries, schema.reserved)
    known = {
        key: replace(field, other_kinds=held[key].other_kinds) for key, field in schema.fields.items() if key in held
    }
    learnt = [new for key, new in held.items() if key not in known or known[key].type != new.type]
    schema = replace(schema.with_fields([*known.values(), *learnt]), untyped_keys=untyped_keys(entries))
    check_matches(state.spec, schema)
    # Whoever finishes a write from here on sees the claims; whoever did before them may not have known the keys.
    added = [new for new in learnt if new.redis_type]
    counted = yield from _having(schema, added, "~", "+-")
    if counted is None:
        return None
    unseen, present = counted
    if unseen:
        yield from backfill(schema, unseen)
    # Records that have the key already are scanned for it.
    replies = yield [alter_command(schema, new, scan=bool(present)) for new in added]
    if any(map(is_missing_index, replies)):
        return None
    for reply in replies:
        if not is_duplicate(reply):
            ok(reply)
    progress = RUNNING if present and replies else snapshot.scan
    state.snapshot = replace(
        snapshot,
        schema=schema,
        registry=entries,
        claimed=False,
        scan=progress,
        compiled={},
        plans={},
        oversized=set(),
    )
    return state.snapshot


def _having(schema: Schema, fields: Sequence[MetadataField], *signs: str) -> Steps[list[list[MetadataField]] | None]:
    """Return the fields whose keys some record has with one of some signs in ``_keys``; None if the index is gone.

    Args:
        schema: The index.
        fields: The fields; those that are not indexed are left out.
        signs: The signs, several times.
    """
    fields = [field for field in fields if field.redis_type]
    counts = yield [count_command(schema, presence_query(field.key, each)) for each in signs for field in fields]
    if any(map(is_missing_index, counts)):
        return None
    totals = iter([read_total(ok(reply)) for reply in counts])
    return [[field for field in fields if next(totals)] for _ in signs]
