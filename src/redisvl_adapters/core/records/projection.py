"""The projection of a record: the indexed values of its metadata, and the tags that tell which keys it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from redisvl_adapters.core.records.field_values import (
    Projected,
    as_bool,
    as_list,
    as_number,
    as_point,
    as_searchable_text,
    as_tags,
)
from redisvl_adapters.core.schema.fields import MAX_EXACT_INT, FieldType, MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.tag_encoding import encode_tag, number_tag
from redisvl_adapters.core.schema.timestamps import epoch_seconds
from redisvl_adapters.errors import RecordError


def infer_type(value: Any) -> FieldType | None:
    """Return the type of field that the first value of a new key asks for, or None if it does not tell.

    Values that no field can hold exactly make a key that is stored but not indexed.
    """
    match value:
        case None | []:
            return None
        case bool():
            return FieldType.BOOL
        case int():
            return FieldType.NUMERIC if abs(value) <= MAX_EXACT_INT else FieldType.UNINDEXED
        case float():
            return FieldType.NUMERIC
        case str():
            return FieldType.TAG
        case datetime() | date():
            return FieldType.TIMESTAMP
        case list() if all(type(item) is str for item in value):
            return FieldType.TAG
        case list() if all(type(item) is bool for item in value):
            return FieldType.BOOL
        case list() if all(infer_type(item) is FieldType.NUMERIC for item in value):
            return FieldType.NUMBERS
        case Mapping():
            return None
        case _:
            return FieldType.UNINDEXED


def is_empty(value: Any) -> bool:
    """Tell whether a key that is present counts as empty: None, the empty string or the empty list."""
    return value is None or value in ("", [])


# The same few keys come with every record.
_presence_tag = lru_cache(maxsize=4096)(encode_tag)


def presence_tags(schema: Schema, values: Mapping[str, Any]) -> list[str]:
    """Return the tags that tell of the keys of a record.

    A key has ``+key``, or ``-key`` if it is empty, and with a value that is not indexed ``~key`` too.
    """
    tags: list[str] = []
    indexed = schema.indexed_fields
    for key, value in values.items():
        tags.append(_presence_tag(("-" if is_empty(value) else "+") + key))
        if key not in indexed and not (value is None or value == [] or isinstance(value, Mapping)):
            tags.append(_presence_tag("~" + key))
    return tags


def project(schema: Schema, values: Mapping[str, Any], where: object) -> dict[str, Projected]:
    """Return the indexed values of a record by their name in the index.

    Args:
        schema: Says which keys are indexed, and as what.
        values: The value of every key, as ``survey`` found them.
        where: Names the record in errors.

    Raises:
        RecordError: If a value is not of the type of its field.
    """
    projection: dict[str, Projected] = {}
    indexed = schema.indexed_fields
    for key, value in values.items():
        target = indexed.get(key)
        if target is None or value is None or value == []:
            continue
        try:
            projection[target.alias] = _PROJECT[target.kind](value)
        except (TypeError, ValueError) as error:
            raise RecordError(f"{where}: {_refusal(target, value, error, schema)}") from None
    return projection


# By the plain name of the type: the members of an enumeration take longer to look up.
_PROJECT: Mapping[str, Callable[[Any], Projected]] = {
    FieldType.TAG.value: as_tags,
    FieldType.NUMERIC.value: as_number,
    FieldType.NUMBERS.value: lambda value: [number_tag(as_number(item)) for item in as_list(value)],
    FieldType.BOOL.value: lambda value: [as_bool(item) for item in as_list(value)],
    FieldType.TIMESTAMP.value: epoch_seconds,
    FieldType.TEXT.value: as_searchable_text,
    FieldType.GEO.value: as_point,
}


def _refusal(target: MetadataField, value: Any, error: Exception, schema: Schema) -> str:
    wanted = infer_type(value)
    remedy = (
        f"declare it when the index is created: metadata_schema={{{target.key!r}: {str(wanted)!r}}}"
        if wanted and wanted != target.type
        else f"declare it 'unindexed' when the index is created: metadata_schema={{{target.key!r}: 'unindexed'}}"
    )
    return (
        f"metadata {target.key!r} is {value!r:.80} ({type(value).__name__}), but in index {schema.name!r} that field "
        f"is {str(target.type)!r}: {error}. If other values are right, {remedy}"
    )
