"""Making an index that is to hold the records of another one: with its fields and the name of its embedding model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

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
        change = SchemaChange(_lacking(state.spec, snapshot.schema, source))
        if (yield from apply_schema_change(state, snapshot, change)) is not None:
            return
    raise ServerError(f"index {state.spec.name!r} was changed by others in every attempt to copy into it; try again")


def _lacking(spec: IndexSpec, schema: Schema, source: Schema) -> list[MetadataField]:
    room = spec.learn_limit and max(0, spec.learn_limit - schema.learnt)
    fields = []
    for field in source.indexed_fields.values():
        if spec.learn_limit and schema.lacks(field.key) and (room or not field.learnt):
            fields.append(replace(schema.learnt_field(field.key, field.type), attrs=field.attrs, learnt=field.learnt))
            room -= field.learnt
    return fields
