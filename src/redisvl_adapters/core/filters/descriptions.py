"""Descriptions of filterable fields for language models."""

from __future__ import annotations

from collections.abc import Mapping

from redisvl_adapters.core.filters.operators import operators_of
from redisvl_adapters.core.schema.fields import FieldType, MetadataField

_PYTHON_TYPES: Mapping[FieldType, tuple[str, str]] = {
    FieldType.TAG: ("string", "text, matched exactly"),
    FieldType.NUMERIC: ("float", "a number"),
    FieldType.NUMBERS: ("list[float]", "a list of numbers"),
    FieldType.BOOL: ("boolean", "true or false"),
    FieldType.TIMESTAMP: ("datetime", "a point in time, written in ISO 8601"),
    FieldType.TEXT: ("string", "text, matched by its words"),
    FieldType.GEO: ("string", "a point on the globe"),
}


def describe_field(field: MetadataField) -> dict[str, str]:
    """Return what a language model must know of a field to filter by it: its name, type and description."""
    type_name, what = _PYTHON_TYPES[field.type]
    operators = ", ".join(operators_of(field.type, field.other_kinds))
    return {"name": field.key, "type": type_name, "description": f"{what}; it can be asked: {operators}"}
