"""Schema changes: new metadata keys and declared fields, claimed in the registry and added by FT.ALTER."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from redisvl_adapters.core.filters.tag_queries import presence_query
from redisvl_adapters.core.index.definition import alter_command
from redisvl_adapters.core.index.record_keys import count_command, read_total
from redisvl_adapters.core.index.registry import (
    claim_commands,
    mark_unindexed_commands,
    registered_fields,
    registry_header,
    untyped_keys,
)
from redisvl_adapters.core.index.snapshot import IndexState, Snapshot, check_matches
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.projection import holds, infer_type, other_kinds
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.replies import as_mapping, is_duplicate, is_missing_index, ok


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
    additions = spec.additions(schema)
    schema = schema.with_fields(additions)
    types: dict[str, FieldType] = {}
    untyped_keys: dict[str, None] = {}
    for metadata in found if spec.learn_limit else ():
        for key, value in metadata.values.items():
            if key not in schema.fields and key not in types:
                if (type := infer_type(value)) is not None:
                    types[key] = type
                elif key not in schema.untyped_keys:
                    untyped_keys[key] = None
    room = max(0, spec.learn_limit - schema.learnt)
    fields = [schema.learnt_field(key, type) for key, type in islice(types.items(), room)]
    room = max(0, spec.learn_limit - len(schema.untyped_keys))
    untyped = list(islice((key for key in untyped_keys if key not in types), room))
    return SchemaChange([*additions, *fields], untyped, _other_kinds(schema.with_fields(fields), found))


def _other_kinds(schema: Schema, found: Sequence[CheckedMetadata]) -> list[tuple[str, Kind]]:
    """Return the kinds of values that records have beside those of learnt fields, as far as they are new."""
    learnt = {key: field for key, field in schema.indexed_fields.items() if field.learnt}
    kinds: dict[tuple[str, Kind], None] = {}
    for metadata in found:
        for key, value in metadata.values.items():
            field = learnt.get(key)
            if field is not None and value is not None and not holds(field, value):
                kinds |= dict.fromkeys((key, kind) for kind in other_kinds(field, value) - field.other_kinds)
    return list(kinds)


def learn(state: IndexState, snapshot: Snapshot | None, found: Sequence[CheckedMetadata]) -> Steps[Snapshot | None]:
    """Let an index know all that some records have, and return what is known of it then. See ``apply_schema_change``."""
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
    schema = snapshot.schema
    for new in change.fields:
        if new.attrs and new.redis_type:
            # Refused before it is claimed.
            schema.redisvl_field(new)
    counts = yield [
        count_command(schema, presence_query(new.key, signs)) for signs in ("~", "+-") for new in change.fields
    ]
    if any(map(is_missing_index, counts)):
        return None
    totals = [read_total(ok(reply)) for reply in counts]
    # Values from before anybody could learn the key are not in the records' projections: no filter would see them.
    claims = [
        replace(new, type=FieldType.UNINDEXED) if unseen else new
        for new, unseen in zip(change.fields, totals, strict=False)
    ]
    *first, registry = yield claim_commands(schema.name, claims, change.untyped_keys, change.other_kinds)
    # Whoever finishes a write from here on sees the claim; whoever did before it may not have known the key.
    claimed = [new for new, was_first in zip(claims, first, strict=False) if ok(was_first) and new.redis_type]
    counts = yield [count_command(schema, presence_query(new.key, "~")) for new in claimed]
    if any(map(is_missing_index, counts)):
        return None
    header = registry_header(snapshot.registry)
    if late := [new for new, reply in zip(claimed, counts, strict=True) if read_total(ok(reply))]:
        *_, registry = yield mark_unindexed_commands(schema.name, header, late)
    entries = as_mapping(ok(registry))
    if registry_header(entries) != header:
        return None
    # Of two writers that learn one key at once, the first one's type holds, and both add the field before they write.
    held = registered_fields(entries, schema.reserved)
    learnt = [new for key, new in held.items() if key not in schema.fields]
    known = [replace(field, other_kinds=held[key].other_kinds) for key, field in schema.fields.items() if key in held]
    # Records that have the key already, from before the index was made anew, are scanned for it.
    scan = any(totals)
    replies = yield [alter_command(schema, new, scan=scan) for new in learnt if new.redis_type]
    if any(map(is_missing_index, replies)):
        return None
    for reply in replies:
        if not is_duplicate(reply):
            ok(reply)
    schema = replace(schema.with_fields([*known, *learnt]), untyped_keys=untyped_keys(entries))
    check_matches(schema, state.spec.differences(schema))
    state.snapshot = Snapshot(schema, entries, snapshot.records)
    return state.snapshot
