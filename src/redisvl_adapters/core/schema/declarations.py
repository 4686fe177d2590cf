"""Reading what callers declare: ``metadata_schema``, and whole RedisVL schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

import yaml
from pydantic import ValidationError
from redisvl.schema import IndexSchema
from redisvl.schema.fields import BaseField

from redisvl_adapters.core.arguments import is_utf8
from redisvl_adapters.core.schema.field_names import field_alias
from redisvl_adapters.core.schema.fields import FieldType, MetadataField, MetadataSchema
from redisvl_adapters.core.schema.index_schema import attribute_class
from redisvl_adapters.core.schema.stored_fields import DEFAULT_VECTOR_NAME, DISTANCE, METADATA, TEXT
from redisvl_adapters.errors import SchemaError, did_you_mean

MAX_DESCRIPTION = 1000
"""How many characters the description of a field may have."""


def read_metadata_schema(declared: MetadataSchema, vector_name: str = DEFAULT_VECTOR_NAME) -> dict[str, MetadataField]:
    """Return the declared metadata fields by key.

    Args:
        declared: ``{"year": "numeric"}``, ``{"year": {"type": "numeric", "attrs": {...}, "description": "..."}}``, or
            RedisVL field dicts.
        vector_name: The field of the vector, whose name no metadata field can have in the index.

    Raises:
        SchemaError: If it is none of these, or names a type that does not exist.
    """
    if isinstance(declared, Mapping):
        listed: list[Any] = [
            {"name": key, **(value if isinstance(value, Mapping) else {"type": value})}
            for key, value in declared.items()
        ]
    else:
        listed = list(declared) if isinstance(declared, Iterable) and not isinstance(declared, str | bytes) else [None]
    if not all(isinstance(spec, Mapping) for spec in listed):
        raise SchemaError(
            "metadata_schema is a mapping such as {'year': 'numeric'}, or a list of field dicts such as "
            f"[{{'name': 'year', 'type': 'numeric'}}]; not {declared!r:.80}"
        )
    specs = [dict(spec) for spec in listed]
    reserved = frozenset({TEXT, METADATA, DISTANCE, vector_name})
    fields: dict[str, MetadataField] = {}
    for spec in specs:
        key, type_name, attrs = spec.pop("name", None), spec.pop("type", None), spec.pop("attrs", None) or {}
        if not isinstance(key, str) or not is_utf8(key):
            raise SchemaError(f"metadata_schema: the name of a field is text that UTF-8 can hold; not {key!r:.80}")
        description = spec.pop("description", None) or ""
        if spec:
            raise SchemaError(f"metadata field {key!r:.80} has unknown parts: {', '.join(map(repr, spec))}")
        lowered = type_name.lower() if isinstance(type_name, str) else ""
        if lowered not in [*FieldType]:
            raise SchemaError(
                f"metadata field {key!r:.80} has type {type_name!r:.80}{did_you_mean(lowered, [*FieldType])}; "
                f"types are: {', '.join(FieldType)}"
            )
        if not isinstance(attrs, Mapping):
            raise SchemaError(f"metadata field {key!r:.80} has attrs {attrs!r:.80}; attrs is a mapping")
        for attr in ("separator", "case_sensitive"):
            if attr in attrs:
                raise SchemaError(
                    f"metadata field {key!r:.80}: {attr} cannot be set, since tags are always matched exactly; "
                    "leave it out, and index several tags as a list"
                )
        if not isinstance(description, str) or not is_utf8(description) or len(description) > MAX_DESCRIPTION:
            raise SchemaError(
                f"metadata field {key!r:.80}: its description is a text of at most {MAX_DESCRIPTION} characters; "
                f"not {description!r:.80}"
            )
        if key in fields:
            raise SchemaError(f"metadata field {key!r:.80} is declared twice")
        alias = field_alias(key, reserved)
        fields[key] = MetadataField(key, FieldType(lowered), alias, attrs, description=description)
    return fields


def read_redisvl_schema(schema: IndexSchema | Mapping[str, Any] | str | Path) -> dict[str, Any]:
    """Return the options that a RedisVL schema stands for."""
    given: Mapping[str, Any] = {}
    try:
        match schema:
            case IndexSchema():
                pass
            case str() | Path():
                path, schema = Path(schema), IndexSchema.from_yaml(str(schema))
                given = yaml.safe_load(path.read_text(encoding="utf-8"))
            case Mapping():
                given, schema = schema, IndexSchema.from_dict(dict(schema))
            case _:
                raise SchemaError(
                    f"schema is an IndexSchema, its dict or the path of its YAML file; not {schema!r:.80}"
                )
    except (ValidationError, ValueError, TypeError, OSError) as error:
        raise SchemaError(f"RedisVL cannot read the schema: {error}") from error
    _refuse_ignored(given, schema)
    if isinstance(schema.index.prefix, list):
        raise SchemaError("an index of this library has one prefix; the schema has a list of them")
    vectors = [field for field in schema.fields.values() if field.type == "vector"]
    if len(vectors) != 1:
        raise SchemaError(
            f"the schema of an index has one vector field, and this one has {len(vectors)}; others are declared by "
            "vectors="
        )
    prefix, separator = schema.index.prefix, schema.index.key_separator or ":"
    attrs = vectors[0].attrs
    explicit = {
        name: _plain(getattr(attrs, name)) for name in attribute_class(attrs).model_fields if _was_set(attrs, name)
    }
    others = {name: field for name, field in schema.fields.items() if field is not vectors[0]}
    text = others.pop(TEXT, None)
    return {
        "index_name": schema.index.name,
        "prefix": prefix if prefix.endswith(separator) else prefix + separator,
        "storage": schema.index.storage_type.value,
        "vector_name": vectors[0].name,
        "dims": explicit.pop("dims"),
        "algorithm": str(explicit.pop("algorithm")).lower(),
        "dtype": str(explicit.pop("datatype", "float32")).lower(),
        "distance_metric": str(explicit.pop("distance_metric", "cosine")).lower(),
        **explicit,
        **({"text_attrs": _set_attrs(text)} if text else {}),
        **({"stopwords": tuple(stopwords)} if (stopwords := getattr(schema.index, "stopwords", None)) else {}),
        **(
            {"metadata_schema": [_read_field(field, schema.index.storage_type.value) for field in others.values()]}
            if others
            else {}
        ),
    }


def _refuse_ignored(given: Mapping[str, Any], read: IndexSchema) -> None:
    """Refuse keys that RedisVL leaves out without a word; those of a field beside its attributes it refuses itself.

    Raises:
        SchemaError: If there is one.
    """
    levels: list[tuple[str, Any, object]] = [("the schema", given, read), ("index", given.get("index"), read.index)]
    fields = given.get("fields") or ()
    for field in fields.values() if isinstance(fields, Mapping) else fields:
        if isinstance(field, Mapping):
            name = field["name"]
            levels.append((f"attrs of field {name!r:.80}", field.get("attrs"), read.fields[name].attrs))
    for where, level, model in levels:
        known = attribute_class(model).model_fields
        for key in level if isinstance(level, Mapping) else ():
            if key not in known:
                raise SchemaError(
                    f"schema: {where} has no {key!r:.80}{did_you_mean(str(key), known)}; it has {', '.join(known)}"
                )


def _read_field(field: BaseField, storage: str) -> dict[str, Any]:
    if storage == "json" and field.path not in (None, f"$.{field.name}"):
        raise SchemaError(
            f"field {field.name!r} has path {field.path!r}, but this library lays out its own records; leave it out"
        )
    return {"name": field.name, "type": field.type, "attrs": _set_attrs(field)}


def _set_attrs(field: BaseField) -> dict[str, Any]:
    return {
        name: _plain(getattr(field.attrs, name))
        for name in attribute_class(field.attrs).model_fields
        if _was_set(field.attrs, name)
    }


def _was_set(attrs: object, name: str) -> bool:
    return name in cast("Any", attrs).model_fields_set and getattr(attrs, name) is not None


def _plain(value: Any) -> Any:
    return getattr(value, "value", value)
