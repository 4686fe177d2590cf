"""Writing records of other applications: what goes into which field of a hash, or where into a JSON document.

A value that would not come back as it is, or that the index could not take, is refused: then the record is written not
at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from redisvl_adapters.core.records.field_values import as_list, as_point
from redisvl_adapters.core.records.foreign_records import (
    ABSENT,
    DOC_ID,
    INDEX_NAME,
    METADATA_JSON,
    NO_SOURCE,
    NODE_CONTENT,
    NODE_TYPE,
    foreign_fields,
    foreign_of,
    value_at,
)
from redisvl_adapters.core.records.json_numbers import spelled
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.schema.fields import FieldType
from redisvl_adapters.core.schema.foreign import Application, ForeignField, ForeignIndex, list_steps, path_steps
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.errors import RecordError

LANGCHAIN_SEPARATOR = "|"
"""What langchain-redis joins the texts of a list by, in a field that has no separator of its own."""


def hash_parts(
    schema: Schema, record: Record, metadata: Mapping[str, Any], where: object
) -> tuple[dict[str, str | bytes], list[str]]:
    """Return the fields of a hash but for its vector, and those that it loses.

    Args:
        schema: The index.
        record: The record; its own metadata is not looked at.
        metadata: Its metadata as JSON holds it.
        where: Names the record in errors.

    Raises:
        RecordError: If something has no place there.
    """
    foreign = foreign_of(schema)
    check_place(schema, record, where)
    if foreign.application is Application.LLAMA_INDEX and foreign.metadata is None:
        fields = _node_fields(foreign, record, metadata)
    else:
        fields = {foreign.text: record.text, **_fields_of(schema, foreign, metadata, where)}
    known = {field.path for field in foreign_fields(schema)} | {*(foreign.metadata or {}).values()}
    return fields, sorted(known - fields.keys() - {foreign.text, *foreign.vectors, INDEX_NAME})


def check_place(schema: Schema, record: Record, where: object) -> None:
    """Refuse a record that the index would not take in, or that could not be restored.

    Raises:
        RecordError: If so.
    """
    foreign = foreign_of(schema)
    if foreign.has_filter:
        raise RecordError(
            f"{where} is not written: index {schema.name!r} takes in only records that meet a FILTER of its own, and "
            "others would never be found"
        )
    if record.frame is not None and foreign.application is not Application.LLAMA_INDEX:
        frame = orjson.loads(record.frame)
        if set(frame) - {"class_name", "metadata_template", "metadata_separator"} or frame["class_name"] != "TextNode":
            raise RecordError(
                f"{where} is a node with more than text and metadata ({', '.join(sorted(frame))}), for which the "
                f"records of index {schema.name!r} have no place; write it to an index of this library"
            )


def _fields_of(
    schema: Schema, foreign: ForeignIndex, metadata: Mapping[str, Any], where: object
) -> dict[str, str | bytes]:
    fields: dict[str, str | bytes] = {}
    is_langchain = foreign.application is Application.LANGCHAIN and foreign.metadata is None
    if is_langchain:
        fields |= {INDEX_NAME: schema.name, METADATA_JSON: orjson.dumps(metadata)}
    for key, value in metadata.items():
        path, known = place_of(schema, foreign, key, where)
        if value is None:
            continue
        if is_langchain and not known and not isinstance(value, str | int | float):
            # It is in the metadata as a whole, which is what is read.
            continue
        text = _hash_text(key, value, known, where, is_langchain=is_langchain)
        if fields.setdefault(path, text) != text:
            raise RecordError(
                f"{where}: metadata {key!r:.80} has another value than what lies in the same field {path!r}"
            )
    return fields


def place_of(schema: Schema, foreign: ForeignIndex, key: str, where: object) -> tuple[str, list[ForeignField]]:
    """Return the hash field or JSON path of a metadata key, and the fields of the index that it has.

    Raises:
        RecordError: If it has none.
    """
    field = schema.fields.get(key)
    if foreign.metadata is not None:
        if key not in foreign.metadata:
            named = ", ".join(foreign.metadata)
            raise RecordError(f"{where}: metadata {key!r:.80} is none of the metadata_fields of this store: {named}")
        path = foreign.metadata[key]
    else:
        path = field.path if isinstance(field, ForeignField) else key
    if path in (foreign.text, *foreign.vectors, NODE_CONTENT, METADATA_JSON):
        raise RecordError(f"{where}: metadata {key!r:.80} would overwrite the field {path!r} of its record")
    return path, [each for each in foreign_fields(schema) if each.path == path]


def _hash_text(key: str, value: Any, fields: Sequence[ForeignField], where: object, *, is_langchain: bool) -> str:
    types = {field.type for field in fields}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if FieldType.NUMERIC in types or (is_langchain and is_number and not types):
        if is_number:
            return repr(value)
    elif is_langchain and isinstance(value, list) and isinstance(joined := _joined(value, fields), str):
        return joined
    elif isinstance(value, str) and not (FieldType.GEO in types and not _is_point(value)):
        return value
    expected = "a number" if FieldType.NUMERIC in types else "a text"
    expected = "a point 'lon,lat'" if FieldType.GEO in types else expected
    raise RecordError(
        f"{where}: metadata {key!r:.80} is {value!r:.80}, and the hashes of this application hold {expected} there"
    )


def _joined(value: list[Any], fields: Sequence[ForeignField]) -> Any:
    """Return a list of texts as langchain-redis writes it, and any other list as it is."""
    if not all(isinstance(item, str) for item in value):
        return value
    return next((field.separator for field in fields if field.separator), LANGCHAIN_SEPARATOR).join(value)


def _is_point(value: Any) -> bool:
    try:
        as_point(value)
    except (TypeError, ValueError):
        return False
    return True


def _node_fields(foreign: ForeignIndex, record: Record, metadata: Mapping[str, Any]) -> dict[str, str | bytes]:
    """Return the fields of a node as LlamaIndex lays it out."""
    node = orjson.loads(record.frame or b'{"class_name":"TextNode"}')
    node |= {"id_": record.id, "embedding": None, "metadata": metadata}
    source = record.source or NO_SOURCE
    own: dict[str, str | bytes] = {
        "id": record.id,
        DOC_ID: source,
        foreign.text: record.text,
        NODE_CONTENT: orjson.dumps(node),
        NODE_TYPE: node["class_name"],
        "document_id": source,
        "ref_doc_id": source,
    }
    plain = {key: value for key, value in metadata.items() if type(value) in (str, int, float)}
    return {key: value if isinstance(value, str) else repr(value) for key, value in plain.items()} | own


def document_parts(
    schema: Schema, record: Record, metadata: Mapping[str, Any], numbers: Any, where: object
) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
    """Return what is merged into a JSON document, and the paths that it loses. See ``hash_parts``.

    Args:
        schema: The index.
        record: The record; its own metadata is not looked at.
        metadata: Its metadata as JSON holds it.
        numbers: Its vector as it is written to JSON.
        where: Names the record in errors.
    """
    foreign = foreign_of(schema)
    check_place(schema, record, where)
    document: dict[str, Any] = {}
    if foreign.application is Application.LANGCHAIN and foreign.metadata is None:
        document |= {INDEX_NAME: schema.name, METADATA_JSON: orjson.dumps(metadata).decode()}
    for key, given in metadata.items():
        path, known = place_of(schema, foreign, key, where)
        is_langchain = foreign.application is Application.LANGCHAIN and foreign.metadata is None
        value = _joined(given, known) if is_langchain and isinstance(given, list) else given
        is_named = known or foreign.metadata is not None
        steps = list_steps(path) if is_named else (key,)
        if steps is None:
            raise RecordError(f"{where}: metadata {key!r:.80} has no single place at {path!r:.80}")
        if value is not None:
            _check_json(key, value, known, path, where)
            written, is_exact = spelled(_without_none(value))
            if not is_exact:
                raise RecordError(
                    f"{where}: metadata {key!r:.80} has a number that RedisJSON would round: {value!r:.80}"
                )
            put(document, steps, written)
    for path, value in {foreign.text: record.text, foreign.vector: numbers}.items():
        put_vector(document, path, value, where)
    known_paths = [field.path for field in foreign_fields(schema)] + [*(foreign.metadata or {}).values()]
    places = {steps for path in known_paths if (steps := list_steps(path)) is not None}
    return document, sorted(steps for steps in places - {(INDEX_NAME,)} if not is_there(document, steps))


def put_vector(document: dict[str, Any], path: str, value: Any, where: object) -> None:
    """Put a vector, or the text, at its place in a document.

    Raises:
        RecordError: If there is something else, or the path may lead to several values.
    """
    steps = path_steps(path)
    if steps is None:
        raise RecordError(f"{where} is not written: {path!r} can lead to several values of a document")
    if is_there(document, steps):
        raise RecordError(f"{where}: metadata has something at {path!r}, where the record has its text or vector")
    put(document, steps, value)


def _check_json(key: str, value: Any, fields: Sequence[ForeignField], path: str, where: object) -> None:
    """Refuse a value that would keep its document out of the index.

    Raises:
        RecordError: If it is such.
    """
    for field in fields:
        fits, expected = {
            FieldType.NUMERIC: (_is_number, "numbers"),
            FieldType.TAG: (lambda item: isinstance(item, str | bool), "texts"),
            FieldType.TEXT: (lambda item: isinstance(item, str), "texts"),
            FieldType.GEO: (_is_point, "points 'lon,lat'"),
        }.get(field.type, (lambda _: True, "anything"))
        if path.endswith("[*]") and not isinstance(value, list):
            raise RecordError(f"{where}: metadata {key!r:.80} is a list in this index, at {path!r}; not {value!r:.80}")
        if not all(map(fits, as_list(value))):
            raise RecordError(f"{where}: metadata {key!r:.80} is {value!r:.80}, and the index takes {expected} there")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _without_none(value: Any) -> Any:
    """Return an object without keys that have no value, which a merge would take for keys to remove."""
    if isinstance(value, dict):
        return {key: _without_none(item) for key, item in value.items() if item is not None}
    return value


def is_there(document: Mapping[str, Any], steps: Sequence[str]) -> bool:
    """Tell whether a document has a value at a path."""
    return value_at(document, steps) is not ABSENT


def put(document: dict[str, Any], steps: Sequence[str], value: Any) -> None:
    """Put a value at a path of a document, into the object that is there if both are objects.

    Raises:
        RecordError: If there is something else than an object on the way.
    """
    *outer, last = steps
    for step in outer:
        document = document.setdefault(step, {})
        if not isinstance(document, dict):
            raise RecordError(f"{'.'.join(steps)!r:.80} lies within {step!r:.80}, which is to hold something else")
    there = document.get(last)
    if isinstance(there, dict) and isinstance(value, dict):
        for key, inner in value.items():
            put(there, [key], inner)
    else:
        document[last] = value
