"""What keeps a scope in an index of another application: a tag or a number, whose values are compared once more here.

The index itself may take others for equal: its tags may not tell case. Whatever it finds is read before it is told, and
scripts that change a record look at what lies there, not at the index.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from redisvl_adapters.core.filters.foreign_operators import BLANKS, stored_tag
from redisvl_adapters.core.records.foreign_layouts import json_path
from redisvl_adapters.core.records.foreign_records import DOC_ID, INDEX_NAME, METADATA_JSON
from redisvl_adapters.core.records.own_records import Held
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.foreign import Application, ForeignField, ForeignIndex, list_steps
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import AdapterError, ArgumentError

_INNER = ("id", DOC_ID, INDEX_NAME, METADATA_JSON)


def field_that_keeps(schema: Schema, foreign: ForeignIndex, key: str, value: Any) -> ForeignField:
    """Return the field by which an index keeps a scope.

    Args:
        schema: The index.
        foreign: What is known of it beside that.
        key: The key of the scope.
        value: Its value, as JSON holds it.

    Raises:
        ArgumentError: If it cannot, with the reason.
    """
    refusal = f"index {schema.name!r} was made by another application, and cannot keep a scope of {key}={value!r:.80}"
    try:
        field = schema.indexed(key)
    except AdapterError as error:
        raise ArgumentError(f"{refusal}: {error}") from None
    reason = _reason(field, foreign, value)
    if not isinstance(field, ForeignField) or reason:
        raise ArgumentError(f"{refusal}: {reason}; copy_to copies its records into an index of this library")
    return field


def _reason(field: Any, foreign: ForeignIndex, value: Any) -> str:
    """Return why a field does not keep a scope; an empty text if it does."""
    if field.type not in (FieldType.TAG, FieldType.NUMERIC):
        return f"its field is {field.type}, which has no exact equality"
    if field.storage == "json" and list_steps(field.path) is None:
        return f"its field can lead to several values of a document, at {field.path!r}"
    is_known = foreign.application is not Application.OTHER
    if field.path in (foreign.text, *foreign.vectors) or (is_known and field.path in _INNER):
        return "that field is no metadata of its records"
    if foreign.application is Application.LLAMA_INDEX and field.path != field.key:
        return f"its nodes have no metadata at {field.path!r}"
    if foreign.metadata is not None and foreign.metadata.get(field.key) != field.path:
        return f"metadata_fields= of this store does not name that field; add {field.key!r} to it"
    if field.type is FieldType.NUMERIC:
        return "" if _is_number(value) else "its field is numeric, and the value is no number"
    if not isinstance(value, str):
        return "its field is tag, and the value is no text"
    if not value:
        return "its field is tag, and an empty value is like none in it"
    try:
        stored_tag(field, value)
    except ValueError as error:
        return str(error)
    return ""


def has_value(field: ForeignField, found: Any, wanted: Any, *, alone: bool) -> bool:
    """Tell whether a record has a value.

    Args:
        field: The field of the index.
        found: What the record has there; None for nothing.
        wanted: The value.
        alone: Whether it must be the only one there.
    """
    values = _values(found)
    if alone:
        return len(values) == 1 and _is_same(values[0], wanted)
    return any(_is_same(part, wanted) for part in _parts(field, values))


def is_taken_for(field: ForeignField, found: Any, wanted: Any) -> bool:
    """Tell whether an index finds a record by a value that it does not have. See ``has_value``."""
    values = _values(found)
    return str(wanted).casefold() in {str(part).casefold() for part in _parts(field, values)}


def may_take_others(field: ForeignField, wanted: Any) -> bool:
    """Tell whether an index may find records by a value that they do not have."""
    # In documents, a boolean is the tag of its name.
    return field.folds_case or (field.storage == "json" and wanted in ("true", "false"))


def held_value(field: ForeignField, value: Any, *, alone: bool) -> Held:
    """Return what tells a script whether a record has a value. See ``has_value``."""
    path = field.path
    if field.storage == "json":
        path = json_path(list_steps(path) or ())
    return Held(path, [value] if isinstance(value, str) else value, alone, field.separator)


def _values(found: Any) -> list[Any]:
    return [value for value in found if isinstance(value, str | int | float)] if isinstance(found, list) else [found]


def _parts(field: ForeignField, values: Iterable[Any]) -> Iterable[Any]:
    for value in values:
        if isinstance(value, str) and field.separator:
            yield from (part.strip(BLANKS) for part in value.split(field.separator))
        else:
            yield value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_same(value: Any, wanted: Any) -> bool:
    is_kind = isinstance(value, str) if isinstance(wanted, str) else _is_number(value)
    return is_kind and bool(value == wanted)
