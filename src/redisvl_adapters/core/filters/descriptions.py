"""Descriptions of filterable fields for language models, in what the parser of their framework takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from redisvl_adapters.core.filters.algebra import Operator
from redisvl_adapters.core.filters.operators import OF_ANY_KEY, operators_of, operators_of_field
from redisvl_adapters.core.schema.fields import KIND_OF_TYPE, FieldType, Kind, MetadataField
from redisvl_adapters.core.schema.foreign import ForeignField

Value: TypeAlias = str | float | bool
"""A value that records have in a field."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What the parser of a framework takes in the filters that models write.

    Attributes:
        operators: How each operator is written, of those that the parser has.
        notes: What else a model must know of an operator.
        types: What each type of field is called.
        forms: What the values of each type of field are, and how they are written.
        forms_of_kinds: The same for each kind of values in a field that has several; a kind that cannot be written
            there is not in it.
        write: Returns how a name or a value is written; None if the parser could not read it.
    """

    operators: Mapping[Operator, str]
    notes: Mapping[Operator, str]
    types: Mapping[FieldType, str]
    forms: Mapping[FieldType, str]
    forms_of_kinds: Mapping[Kind, str]
    write: Callable[[Value], str | None]


TIME_FORM = 'a point in time: "2024-01-31", which is its midnight UTC, or "2024-01-31T12:00:00Z"'
_WORDS = dict.fromkeys([Operator.TEXT_MATCH, Operator.TEXT_MATCH_INSENSITIVE], "all of these words")
_TYPE_OF_KIND = {Kind.TEXT: FieldType.TAG, Kind.NUMBER: FieldType.NUMERIC, Kind.BOOL: FieldType.BOOL}
_PLURALS = {Kind.TEXT: "text", Kind.NUMBER: "numbers", Kind.BOOL: "true and false"}


def describe_field(field: MetadataField, spelling: Spelling, values: Sequence[Value] = ()) -> dict[str, str] | None:
    """Return what a language model must know of a field to filter by it: its name, type and description.

    Args:
        field: The field.
        spelling: What the parser takes that reads what the model writes.
        values: The distinct values of the field, all or none.

    Returns:
        None if the parser could not read the name of the field, or has none of its operators.
    """
    ways, unasked = _ways(field, spelling)
    told = [
        (form, _operators(field, type, spelling, first=not place)) for place, (type, form) in enumerate(ways.items())
    ]
    if not any(operators for _, operators in told) or spelling.write(field.key) is None:
        return None
    parts = [field.description] if field.description else []
    parts += ["; or ".join(f"{form}; operators: {operators}" for form, operators in told)]
    parts += [f"its {_PLURALS[kind]} cannot be asked for" for kind in unasked]
    if isinstance(field, ForeignField):
        parts += ["case does not count"] if field.folds_case else []
        parts += [f"{field.separator!r} parts the values of a list"] if field.separator else []
    written = [spelling.write(value) for value in values if kind_of(value) not in unasked]
    if written and None not in written:
        parts.append(f"values: {', '.join(map(str, written))}")
    types = dict.fromkeys(spelling.types[type] for type in ways)
    return {"name": field.key, "type": " or ".join(types), "description": "; ".join(parts)}


def kind_of(value: Value) -> Kind:
    """Return the kind of a value."""
    return Kind.TEXT if isinstance(value, str) else Kind.BOOL if isinstance(value, bool) else Kind.NUMBER


def _ways(field: MetadataField, spelling: Spelling) -> tuple[dict[FieldType, str], list[Kind]]:
    """Return how values are written that a field can be compared with, and the kinds of others that it has."""
    own = KIND_OF_TYPE.get(field.type)
    others = sorted(field.other_kinds - {own})
    if own is None or not others:
        return {field.type: spelling.forms[field.type]}, []
    ways: dict[FieldType, str] = {}
    unasked: list[Kind] = []
    for kind in (own, *others):
        if kind is own and field.type is FieldType.TIMESTAMP:
            ways[field.type] = spelling.forms[field.type]
        elif kind in spelling.forms_of_kinds:
            ways[field.type if kind is own else _TYPE_OF_KIND[kind]] = spelling.forms_of_kinds[kind]
        else:
            unasked.append(kind)
    return ways, unasked


def _operators(field: MetadataField, type: FieldType, spelling: Spelling, *, first: bool) -> str:
    """List the operators of a type, with those that every key has if it is the first of a field."""
    notes = {**spelling.notes, **_WORDS} if type is FieldType.TEXT else spelling.notes
    return ", ".join(
        name + (f" ({notes[operator]})" if operator in notes else "")
        for operator in (operators_of(type) if field.other_kinds else operators_of_field(field))
        if (name := spelling.operators.get(operator)) and (first or operator not in OF_ANY_KEY)
    )
