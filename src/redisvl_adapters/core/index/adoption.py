"""Making an index that is to hold the records of another one: with its fields and the name of its embedding model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

from redisvl_adapters.core.index.lifecycle import create
from redisvl_adapters.core.index.registry import name_model_commands
from redisvl_adapters.core.index.schema_changes import SchemaChange, apply_schema_change
from redisvl_adapters.core.index.snapshot import ATTEMPTS, IndexState, read_snapshot
from redisvl_adapters.core.schema.fields import MetadataField
from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.core.schema.named_vectors import spec_of
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.core.server.replies import ok
from redisvl_adapters.errors import ServerError


def adopt_index(
    state: IndexState, source: Schema, dims: int, model: str | None, named_dims: Mapping[str, int]
) -> Steps[None]:
    """Create an index if it does not exist, and give it the metadata fields of another one that it lacks.

    So a key that holds points in time there holds them here, and not texts. An index that learns nothing gets none. One
    that is created gets the named vectors of the other one, unless others were declared for it.

    Args:
        state: The index.
        source: The other one.
        dims: The number of dimensions of the vectors that are written.
        model: The name of the model that made them, if it is known.
        named_dims: The number of dimensions of named vectors, by name; by default that of the source.

    Raises:
        IndexNotFoundError: If it does not exist, and is never to be created.
        SchemaMismatchError: If it has other vectors.
    """
    if source.vectors and not state.spec.vectors and (yield from read_snapshot(state)) is None:
        state.spec = replace(state.spec, vectors={name: spec_of(each) for name, each in source.vectors.items()})
    named_dims = {name: each.field.dims for name, each in source.vectors.items()} | dict(named_dims)
    for _ in range(ATTEMPTS):
        snapshot = yield from create(state, dims, named_dims)
        if model is not None and snapshot.schema.embedding_id is None:
            for reply in (yield name_model_commands(replace(snapshot.schema, embedding_id=model))):
                ok(reply)
            yield from read_snapshot(state)
            continue
        change = _lacking(state.spec, snapshot.schema, source)
        if (yield from apply_schema_change(state, snapshot, change)) is not None:
            return
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to copy into it; try again")


def schema_difference(schema: Schema, fields: Mapping[str, MetadataField], untyped: Iterable[str]) -> SchemaChange:
    """Return what an index does not know of the metadata keys of another one.

    Args:
        schema: The index.
        fields: The fields of the other one by key, under the aliases that they get here.
        untyped: Those of its keys whose values have told no type.
    """
    new = [
        field
        for key, field in fields.items()
        if key not in schema.fields or (schema.lacks(key) and field.redis_type is not None)
    ]
    kinds = [
        (key, kind)
        for key, field in fields.items()
        if (known := schema.fields.get(key, replace(field, other_kinds=frozenset()))).learnt
        and known.type == field.type
        for kind in field.other_kinds - known.other_kinds
    ]
    keys = [key for key in untyped if key not in schema.untyped_keys and key not in schema.fields]
    return SchemaChange(new, keys, kinds)


def _lacking(spec: IndexSpec, schema: Schema, source: Schema) -> SchemaChange:
    if not spec.learn_limit:
        return SchemaChange()
    fields = {
        key: replace(field, alias=schema.learnt_field(key, field.type).alias)
        for key, field in source.fields.items()
        if not (field.stays_unindexed and spec.learn_long)
    }
    change = schema_difference(schema, fields, source.untyped_keys)
    room = max(0, spec.learn_limit - schema.learnt)
    learnt = {field.key for field in islice((field for field in change.fields if field.learnt), room)}
    kept = [field for field in change.fields if not field.learnt or field.key in learnt]
    there = schema.fields.keys() | {field.key for field in kept}
    untyped = list(change.untyped_keys)[: max(0, spec.learn_limit - len(schema.untyped_keys))]
    return SchemaChange(kept, untyped, [(key, kind) for key, kind in change.other_kinds if key in there])
