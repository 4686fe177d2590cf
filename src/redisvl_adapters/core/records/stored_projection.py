"""The indexed values that a record has, beside those that its metadata would get now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from redisvl_adapters.core.records.field_values import Projected, hash_value
from redisvl_adapters.core.records.metadata import CheckedMetadata
from redisvl_adapters.core.records.metadata_updates import Changes, MetadataUpdate, merged_metadata, update_command
from redisvl_adapters.core.records.projection import language_tag, presence_tags, project, record_language
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.stored_fields import KEYS, TYPED
from redisvl_adapters.core.schema.tag_encoding import TAG_SEPARATOR
from redisvl_adapters.core.server.commands import Command, Reply
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import RecordError

NO_CHANGES = Changes({}, {}, b"{}")


class Doubt(NamedTuple):
    """In which way the indexed values of a record are not those of its metadata.

    Attributes:
        why: The same in words.
        can_be_mended: Whether they can be written anew from the metadata.
    """

    why: str
    can_be_mended: bool = True


def read_projection(schema: Schema, record_id: str) -> Command:
    """Return the command that reads all indexed values of a record, but the terms of its text."""
    key = schema.key_of(record_id)
    if schema.storage == "json":
        return Command(("JSON.GET", key, "$.index"), key)
    return Command(("HMGET", key, *_names(schema)), key)


def doubt_of(schema: Schema, update: MetadataUpdate, reply: Reply) -> Doubt | None:
    """Return in which way the indexed values of a record are not those of its metadata; None if they are.

    Args:
        schema: The index.
        update: The metadata of the record, from ``merged_metadata``.
        reply: The reply to ``read_projection``.
    """
    values = update.after.values
    unknown = [key for key in values if key not in schema.fields and key not in schema.untyped_keys]
    if unknown:
        return Doubt(f"the registry does not know its metadata key {unknown[0]!r:.80}")
    try:
        language = record_language(schema, values, "the record")
        expected: dict[str, Projected] = project(schema, values, "the record")
    except RecordError as error:
        return Doubt(f"its metadata cannot be indexed: {type(error).__name__}", can_be_mended=False)
    expected[KEYS] = presence_tags(schema, values, language)
    stored = _stored(schema, reply)
    if language_tag(language) not in _tags(stored.get(KEYS)):
        return Doubt(f"its words were analysed in another language than {language}", can_be_mended=False)
    for name in _names(schema):
        if not _is_same(expected.get(name), stored.get(name)):
            return Doubt(f"its indexed value of {_key_of(schema, name)!r:.80} is not that of its metadata")
    return None


def mending_command(schema: Schema, update: MetadataUpdate) -> Command | None:
    """Return the command that writes the indexed values of a record anew, if nobody changes it meanwhile.

    The reply is 1 if it did, else 0.

    Args:
        schema: The index.
        update: The metadata of the record, from ``merged_metadata``.

    Returns:
        None if its metadata cannot be indexed.
    """
    # What a key left behind that the record has no more goes, too.
    before = replace_values(update.before, {**dict.fromkeys(schema.indexed_fields), **update.before.values})
    try:
        return update_command(schema, replace(update, before=before), NO_CHANGES)
    except RecordError:
        return None


def replace_values(found: CheckedMetadata, values: Mapping[str, Any]) -> CheckedMetadata:
    """Return the same metadata with other values by key."""
    return CheckedMetadata(found.plain, dict(values), found.json)


def read_update(schema: Schema, record_id: str, reply: Reply) -> MetadataUpdate | None:
    """Return the metadata of a record from the reply to ``read_for_update``, as a change of nothing.

    Returns:
        None if there is no record of this library, or something else.
    """
    try:
        return merged_metadata(schema, record_id, reply, {})
    except (ValueError, TypeError, AttributeError, RecordError):
        # What lies there may be anything.
        return None


def _names(schema: Schema) -> list[str]:
    return [KEYS, TYPED, *schema.aliases]


def _key_of(schema: Schema, name: str) -> str:
    field = schema.aliases.get(name)
    return name if field is None else field.key


def _stored(schema: Schema, reply: Reply) -> dict[str, Any]:
    if schema.storage == "json":
        found = orjson.loads(ok(reply) or b"[]")
        return found[0] if found and isinstance(found[0], dict) else {}
    values = (None if value is None else value.decode("utf-8", "replace") for value in ok(reply))
    return dict(zip(_names(schema), values, strict=True))


def _tags(value: Any) -> set[str]:
    return set(value.split(TAG_SEPARATOR) if isinstance(value, str) else value or ())


def _is_same(expected: Projected | None, stored: Any) -> bool:
    if expected is None or stored is None:
        return expected is stored
    if isinstance(expected, list):
        return set(expected) == _tags(stored)
    if isinstance(stored, str) and not isinstance(expected, str):
        return hash_value(expected) == stored or _is_number(stored, expected)
    return bool(expected == stored)


def _is_number(text: str, number: float) -> bool:
    try:
        return float(text) == number
    except ValueError:
        return False
