"""Compatibility: whether an index that exists is what was asked for, and has vectors of the same embedding model."""

from __future__ import annotations

from collections.abc import Sequence

from redisvl_adapters.core.schema.index_schema import Schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.errors import SchemaMismatchError


def check_matches(spec: IndexSpec, schema: Schema, differences: Sequence[str] | None = None) -> None:
    """Refuse an index that is not what was asked for.

    Args:
        spec: What was asked for.
        schema: What the index is.
        differences: What differs; by default all that does.

    Raises:
        SchemaMismatchError: If there are differences; the message lists them.
    """
    check_model(spec, schema.embedding_id)
    differences = spec.differences(schema) if differences is None else differences
    if differences:
        overwrite = "" if spec.create == "never" else ", or pass create='overwrite' to drop it with its records"
        raise SchemaMismatchError(
            f"index {schema.name!r} exists, but is not what was asked for: {'; '.join(differences)}. Ask for what "
            f"it is, or choose another index_name{overwrite}"
        )


def check_model(spec: IndexSpec, embedding_id: str | None) -> None:
    """Refuse an index whose vectors another embedding model has made.

    Args:
        spec: What was asked for.
        embedding_id: The model of the index, if that is known.

    Raises:
        SchemaMismatchError: If so; the message says the way out.
    """
    asked = spec.embedding_id
    if asked is not None and embedding_id not in (None, asked):
        raise SchemaMismatchError(
            f"index {spec.name!r} has vectors of the embedding model {embedding_id!r:.80}, and this store embeds with "
            f"{asked!r:.80}, to which they mean nothing. Open it with the model that it was made with, and "
            f"store.rebuild(embedding=...) to move it to another one; if both make the same vectors, pass "
            f"embedding_id={embedding_id!r:.80}"
        )
