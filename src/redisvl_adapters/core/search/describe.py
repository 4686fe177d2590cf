"""Describing an index to a language model: its filterable fields, and the values of those that have few."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from redisvl_adapters.core.arguments import check_count
from redisvl_adapters.core.filters.descriptions import Spelling, Value, describe_field, kind_of
from redisvl_adapters.core.filters.tag_queries import tag_query
from redisvl_adapters.core.index.record_keys import count_command, read_total, tag_values_command
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.schema.field_names import escape_field_name
from redisvl_adapters.core.schema.fields import FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import TYPED
from redisvl_adapters.core.schema.tag_encoding import decode_tag, read_number_tag, typed_text
from redisvl_adapters.core.search.fetch import filterable_fields
from redisvl_adapters.core.search.scope_values import tags_in_scope
from redisvl_adapters.core.server.commands import BATCH_SIZE, Steps, batched
from redisvl_adapters.core.server.replies import is_missing_index, ok

MAX_TOLD = 20
"""Of how many values a field may have so that a model is told all of them."""

MAX_LENGTH = 50
"""How many characters each of them may have."""

_READ: Mapping[Kind, Callable[[str], Value]] = {
    Kind.TEXT: lambda text: text,
    Kind.NUMBER: read_number_tag,
    Kind.BOOL: lambda text: text == "true",
}
# Those that lie in a field of tags, which the server lists.
_LISTED = {FieldType.TAG: Kind.TEXT, FieldType.NUMBERS: Kind.NUMBER, FieldType.BOOL: Kind.BOOL}


def describe_fields(state: IndexState, spelling: Spelling, max_values: int = MAX_TOLD) -> Steps[list[dict[str, str]]]:
    """Return name, type and description of the fields that a filter can name, as the server has them now.

    Args:
        state: The index.
        spelling: What the parser takes that reads what the model writes.
        max_values: Of how many values a field may have so that they are told too; 0 tells none.

    Raises:
        ArgumentError: If max_values is not an integer from 0 on.
    """
    check_count(max_values, "max_values")
    fields = yield from described_fields(state)
    told: Mapping[str, Sequence[Value]] = {}
    if max_values:
        told = yield from few_values(state, fields, max_values)
    described = (describe_field(field, spelling, told.get(field.key, ())) for field in fields)
    return [each for each in described if each is not None]


def described_fields(state: IndexState) -> Steps[list[MetadataField]]:
    """Return the fields that a filter can name by their keys' order; what this store says of one goes first."""
    fields = sorted((yield from filterable_fields(state)), key=lambda field: field.key)
    own = {key: field.description for key, field in state.spec.fields.items() if field.description}
    return [replace(field, description=own[field.key]) if field.key in own else field for field in fields]


def few_values(state: IndexState, fields: Sequence[MetadataField], most: int) -> Steps[Mapping[str, Sequence[Value]]]:
    """Return the distinct values of the fields that have few, by key, in their order.

    Args:
        state: The index.
        fields: The fields; those whose values the server does not list are left out.
        most: How many values are few.
    """
    return {} if state.schema is None else (yield from _few_values(state, state.schema, fields, most))


def _few_values(
    state: IndexState, schema: Schema, fields: Sequence[MetadataField], most: int
) -> Steps[dict[str, Sequence[Value]]]:
    """Return the values of the fields that have few, by key."""
    asked = [field for field in fields if field.type in _LISTED and field.kinds != {Kind.BOOL}]
    names = [field.alias for field in asked]
    if any(field.other_kinds for field in asked):
        names.append(TYPED)
    if not names:
        return {}
    tags = yield from (_all_tags(schema, names) if state.scope is None else tags_in_scope(state, names))
    found: dict[str, dict[tuple[str, str], Value]] = {}
    for field in asked:
        values = _values(field, tags, most)
        if values is not None and len(values) <= most:
            found[field.key] = values
    there = {tag for values in found.values() for tag in values}
    if state.scope is None:
        there = yield from _tags_of_records(schema, list(there))
    return {key: sorted((values[tag] for tag in values if tag in there), key=_order) for key, values in found.items()}


def _all_tags(schema: Schema, names: Sequence[str]) -> Steps[Mapping[str, list[str] | None]]:
    replies = yield [tag_values_command(schema, name) for name in names]
    return {
        name: [] if is_missing_index(reply) else [tag.decode() for tag in ok(reply)]
        for name, reply in zip(names, replies, strict=True)
    }


def _values(
    field: MetadataField, tags: Mapping[str, Sequence[str] | None], most: int
) -> dict[tuple[str, str], Value] | None:
    """Return the values of a field by the name and the tag under which each lies; None if one of them is long."""
    values: dict[tuple[str, str], Value] = {}
    starts = {typed_text(field.alias, kind, ""): kind for kind in field.other_kinds}
    own, typed = tags[field.alias], tags[TYPED] if starts else ()
    if own is None or typed is None or len(own) > most:
        return None
    for tag in own:
        text = decode_tag(tag)
        if text is None or not _is_plain(text):
            return None
        values[field.alias, tag] = _READ[_LISTED[field.type]](text)
    for tag in typed:
        text = decode_tag(tag)
        for start, kind in starts.items():
            # One that is known by its digest alone may be of any field.
            if text is None or (text.startswith(start) and not _is_plain(text.removeprefix(start))):
                return None
            if text.startswith(start):
                values[TYPED, tag] = _READ[kind](text.removeprefix(start))
    return values


def _is_plain(text: str) -> bool:
    return len(text) <= MAX_LENGTH and text.isprintable()


def _tags_of_records(schema: Schema, tags: Sequence[tuple[str, str]]) -> Steps[set[tuple[str, str]]]:
    """Return those tags that records have: the server lists some that only deleted ones had."""
    there: set[tuple[str, str]] = set()
    for batch in batched(tags, BATCH_SIZE):
        replies = yield [count_command(schema, str(tag_query(escape_field_name(name), [tag]))) for name, tag in batch]
        there.update(
            tag
            for tag, reply in zip(batch, replies, strict=True)
            if not is_missing_index(reply) and read_total(ok(reply))
        )
    return there


def _order(value: Value) -> tuple[str, Value]:
    return kind_of(value), value
