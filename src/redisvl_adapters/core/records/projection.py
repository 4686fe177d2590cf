"""The projection of a record: the indexed values of its metadata, and the tags that tell which keys it has.

Values of a learnt key that are of another kind than its field holds (a number where the first value was a text, a list
of numbers in a numeric field) are kept beside it as typed tags: tags of one field for all keys, each with its key and
kind, so that equality never crosses kinds. Numbers from 2^53 on, of which a numeric field holds the nearest double,
have such a tag too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from redisvl_adapters.core.records.field_values import (
    Projected,
    as_bool,
    as_list,
    as_number,
    as_point,
    as_tags,
)
from redisvl_adapters.core.schema.fields import (
    MAX_EXACT_INT,
    MAX_LEARNT_TEXT,
    FieldSpec,
    FieldType,
    Kind,
    MetadataField,
)
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.languages import NO_LANGUAGE, read_language
from redisvl_adapters.core.schema.stored_fields import TYPED
from redisvl_adapters.core.schema.tag_encoding import encode_tag, number_tag, typed_tag, typed_text
from redisvl_adapters.core.schema.timestamps import epoch_seconds
from redisvl_adapters.core.text.analysis import analyser
from redisvl_adapters.errors import ArgumentError, RecordError


def kind_of(value: Any) -> Kind | None:
    """Return the kind of a single value; None for what no operand is equal to: None, lists and mappings."""
    match value:
        case bool():
            return Kind.BOOL
        case int() | float():
            return Kind.NUMBER
        case str() | date():
            return Kind.TEXT
        case _:
            return None


def infer_type(value: Any) -> FieldType | None:
    """Return the type of field that the first value of a new key asks for, or None if it does not tell.

    Lists of mappings or of lists make a key that is stored but not indexed.
    """
    if value is None or isinstance(value, Mapping):
        return None
    if isinstance(value, date):
        return FieldType.TIMESTAMP
    kinds = {kind_of(item) for item in as_list(value) if item is not None}
    if None in kinds:
        return FieldType.UNINDEXED
    if Kind.TEXT in kinds:
        return FieldType.TAG
    if Kind.BOOL in kinds:
        return FieldType.BOOL
    if not kinds:
        return None
    return FieldType.NUMBERS if isinstance(value, list) else FieldType.NUMERIC


def is_long(value: Any) -> bool:
    """Tell whether a value has a text that is too long for its key to be indexed because it was met."""
    return any(isinstance(item, str) and len(item) > MAX_LEARNT_TEXT for item in as_list(value))


def is_empty(value: Any) -> bool:
    """Tell whether a key that is present counts as empty: None, the empty string or the empty list."""
    return value is None or value in ("", [])


# The same few keys come with every record.
_presence_tag = lru_cache(maxsize=4096)(encode_tag)


def presence_tags(schema: Schema, values: Mapping[str, Any], language: str) -> list[str]:
    """Return the tags that tell of the keys of a record, and in which language its texts were analysed.

    A key has ``+key``, or ``-key`` if it is empty, and with a value that is not indexed ``~key`` too. A language has
    ``=language``.
    """
    tags = [language_tag(language)]
    indexed = schema.indexed_fields
    for key, value in values.items():
        tags.append(_presence_tag(("-" if is_empty(value) else "+") + key))
        if key not in indexed and not (value is None or value == [] or isinstance(value, Mapping)):
            tags.append(_presence_tag("~" + key))
    return tags


def language_tag(language: str) -> str:
    """Return the tag of the records whose texts were analysed in a language."""
    return f"={language}"


def record_language(schema: Schema, values: Mapping[str, Any], where: object) -> str:
    """Return the language of a record: what its metadata says, where the index has a key for that, or the index's own.

    Raises:
        RecordError: If there is no such language.
    """
    said = None if schema.language_key is None else values.get(schema.language_key)
    if said is None:
        return schema.language
    try:
        return read_language(said, f"metadata {schema.language_key!r:.80}, the language_key of index {schema.name!r},")
    except ArgumentError as error:
        raise RecordError(f"{where}: {error}") from None


def stored_text(value: Any, attrs: FieldSpec, language: str) -> str:
    """Return what a text field with some attributes holds of a text in a language.

    Raises:
        TypeError: If it is no text.
    """
    if not isinstance(value, str):
        raise TypeError("a text field holds text")
    return analyser(field_language(attrs, language)).stored_text(value)


def field_language(attrs: FieldSpec, language: str) -> str:
    """Return in which language a text field with some attributes is analysed, if its record is in a language."""
    return NO_LANGUAGE if attrs.get("no_stem") else language


def project(schema: Schema, values: Mapping[str, Any], where: object) -> dict[str, Projected]:
    """Return the indexed values of a record by their name in the index.

    Args:
        schema: Says which keys are indexed, and as what.
        values: The value of every key, as ``check_metadata`` found them.
        where: Names the record in errors.

    Raises:
        RecordError: If a value is not of the type of its declared field, or there is no language of that name.
    """
    projection: dict[str, Projected] = {}
    typed: list[str] = []
    indexed = schema.indexed_fields
    for key, value in values.items():
        target = indexed.get(key)
        if target is None or value is None or value == []:
            continue
        quick = _QUICK.get((type(value), target.kind))
        if quick is not None and (projected := quick(value)) is not None:
            projection[target.alias] = projected
            continue
        own, beside = _split(target, value)
        try:
            if own:
                single = not isinstance(value, list) or (target.learnt and target.kind in _SINGLE)
                held = own[0] if single else own
                if target.type is FieldType.TEXT:
                    projection[target.alias] = stored_text(held, target.attrs, record_language(schema, values, where))
                else:
                    projection[target.alias] = _PROJECT[target.kind](held)
        except (TypeError, ValueError) as error:
            raise RecordError(f"{where}: {_refusal(target, value, error, schema)}") from None
        typed += _typed_texts(target, own, beside)
    if typed:
        projection[TYPED] = list(map(encode_tag, typed))
    return projection


def typed_texts(schema: Schema, values: Mapping[str, Any]) -> list[str]:
    """Return the typed tags of a record before they are encoded."""
    fields = schema.indexed_fields
    return [
        text
        for key, value in values.items()
        if value is not None and (target := fields.get(key)) is not None
        for text in _typed_texts(target, *_split(target, value))
    ]


def types_held(field: MetadataField) -> list[type]:
    """Return the types of which a field itself holds every value; of others a closer look must tell."""
    return [type for type, kind in _QUICK if kind == field.kind]


def doubts(schema: Schema) -> Callable[[Mapping[str, Any]], bool]:
    """Return what tells quickly of the values of a record whether ``project`` might refuse them."""
    if schema.language_key is not None:
        return lambda _: True
    declared = {key: field for key, field in schema.indexed_fields.items() if not field.learnt}
    held = {(key, type) for key, field in declared.items() for type in types_held(field)}
    return lambda values: any(key in declared and (key, type(value)) not in held for key, value in values.items())


def other_kinds(field: MetadataField, value: Any) -> set[Kind]:
    """Return the kinds of the values that are kept beside a learnt field, but for single large numbers."""
    return {kind for item in _split(field, value)[1] if (kind := kind_of(item)) is not None}


def _split(field: MetadataField, value: Any) -> tuple[list[Any], list[Any]]:
    """Return the values that a field itself holds, and those that are kept beside it."""
    items = as_list(value)
    if not field.learnt or field.kind not in _HOLDS:
        # What a declared field cannot hold is refused.
        return items, []
    fits = _HOLDS[field.kind]
    own = [item for item in items if fits(item)]
    if len(own) > 1 and field.kind in _SINGLE:
        return [], items
    return own, [item for item in items if not fits(item)]


def _typed_texts(field: MetadataField, own: Sequence[Any], beside: Sequence[Any]) -> Iterator[str]:
    if field.type is FieldType.NUMERIC:
        beside = [*beside, *(item for item in own if _is_number(item) and abs(item) >= MAX_EXACT_INT)]
    for item in beside:
        if field.type is FieldType.TIMESTAMP and _is_moment(item):
            yield typed_text(field.alias, Kind.NUMBER, number_tag(epoch_seconds(item)))
        elif (kind := kind_of(item)) is not None:
            yield typed_text(field.alias, kind, _SPELL[kind](item))


def typed_tag_of(field: MetadataField, value: Any) -> str | None:
    """Return the tag of a single value if it is kept beside its field; None for what has none."""
    kind = kind_of(value)
    return None if kind is None else typed_tag(field.alias, kind, _SPELL[kind](value))


def _is_number(value: Any) -> bool:
    return kind_of(value) is Kind.NUMBER


def _is_moment(value: Any) -> bool:
    try:
        return not isinstance(value, bool) and epoch_seconds(value) is not None
    except (ValueError, OverflowError):
        return False


# What most fields get, by its type and the type of the field; None where there is more to it.
_QUICK: Mapping[tuple[type, str], Callable[[Any], Projected | None]] = {
    (str, FieldType.TAG.value): lambda value: [encode_tag(value)],
    (int, FieldType.NUMERIC.value): lambda value: value if -MAX_EXACT_INT < value < MAX_EXACT_INT else None,
    (float, FieldType.NUMERIC.value): lambda value: value if -MAX_EXACT_INT < value < MAX_EXACT_INT else None,
    (bool, FieldType.BOOL.value): lambda value: ["true" if value else "false"],
}

# Fields that hold one value alone.
_SINGLE = frozenset({FieldType.NUMERIC.value, FieldType.TIMESTAMP.value})

_HOLDS: Mapping[str, Callable[[Any], bool]] = {
    FieldType.TAG.value: lambda item: kind_of(item) is Kind.TEXT,
    FieldType.NUMERIC.value: _is_number,
    FieldType.NUMBERS.value: _is_number,
    FieldType.BOOL.value: lambda item: isinstance(item, bool),
    FieldType.TIMESTAMP.value: _is_moment,
}
_SPELL: Mapping[Kind, Callable[[Any], str]] = {
    Kind.TEXT: lambda value: value.isoformat() if isinstance(value, date) else value,
    Kind.NUMBER: number_tag,
    Kind.BOOL: lambda value: "true" if value else "false",
}

# By the plain name of the type: the members of an enumeration take longer to look up.
_PROJECT: Mapping[str, Callable[[Any], Projected]] = {
    FieldType.TAG.value: as_tags,
    FieldType.NUMERIC.value: lambda value: float(as_number(value)),
    FieldType.NUMBERS.value: lambda value: [number_tag(as_number(item)) for item in as_list(value)],
    FieldType.BOOL.value: lambda value: [as_bool(item) for item in as_list(value)],
    FieldType.TIMESTAMP.value: epoch_seconds,
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
