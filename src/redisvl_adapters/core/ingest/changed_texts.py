"""The named vectors that are made of what is changed of the metadata of records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.core.index.readiness import known_snapshot
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.index.snapshot import IndexState
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.records.vector_models import vector_keys
from redisvl_adapters.core.server.commands import Steps


def vectors_of_changes(index: RedisIndex, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the named vectors of the texts among some changes, by the models that the index was given."""
    if not index.models or not isinstance(changes, Mapping):
        return {}
    record = Record("changes", "", dict(changes))
    index.models.fill([record], index.run(_keys(index.state)))
    return record.vectors or {}


async def avectors_of_changes(index: RedisIndex, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the named vectors of the texts among some changes. See ``vectors_of_changes``."""
    if not index.models or not isinstance(changes, Mapping):
        return {}
    record = Record("changes", "", dict(changes))
    await index.models.afill([record], await index.arun(_keys(index.state)))
    return record.vectors or {}


def _keys(state: IndexState) -> Steps[dict[str, str]]:
    snapshot = yield from known_snapshot(state)
    return vector_keys(snapshot.schema if snapshot else None, state.spec)
