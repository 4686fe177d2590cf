"""The methods of the LlamaIndex vector store that change the metadata of nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redisvl_adapters.core import operations
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.changed_texts import avectors_of_changes, vectors_of_changes
from redisvl_adapters.core.records.vectors import Vector
from redisvl_adapters.core.server.commands import Steps
from redisvl_adapters.errors import known_keywords
from redisvl_adapters.llama_index.filters import FilterLike, read_filter


class UpdateMethods:
    """Changing metadata, each method with its async twin."""

    _index: RedisIndex

    @known_keywords
    def update_metadata(
        self,
        node_ids: list[str] | None = None,
        changes: Mapping[str, Any] | None = None,
        filters: FilterLike | None = None,
    ) -> int:
        """Merge changes into the metadata of nodes; texts and embeddings stay as they are.

        Nothing is embedded but a text that a named vector is made of (``vectors`` of the store). Each node changes in
        one step. A key of the changes is set to its value, as a whole, or removed if that is None; others stay, also
        those that somebody else changes meanwhile. New keys become filterable as in ``add``.

        Args:
            node_ids: The ids. Those that do not exist do no harm.
            changes: The changes by key.
            filters: Only nodes that match this; a filter that matches everything is refused.

        Returns:
            How many nodes there were.

        Raises:
            ArgumentError: If there are no changes, or neither node_ids nor filters that could fail to match.
            RecordError: If the changes could not be stored, indexed and read back exactly.
            FilterError: If the filter cannot be honoured.
            PartialWriteError: If something failed after some nodes were changed, or may have been.
        """
        vectors = vectors_of_changes(self._index, changes or {})
        return self._index.run(self._update_metadata(node_ids, changes, filters, vectors))

    @known_keywords
    async def aupdate_metadata(
        self,
        node_ids: list[str] | None = None,
        changes: Mapping[str, Any] | None = None,
        filters: FilterLike | None = None,
    ) -> int:
        """Merge changes into the metadata of nodes. See ``update_metadata``."""
        vectors = await avectors_of_changes(self._index, changes or {})
        return await self._index.arun(self._update_metadata(node_ids, changes, filters, vectors))

    def _update_metadata(
        self,
        node_ids: list[str] | None,
        changes: Mapping[str, Any] | None,
        filters: FilterLike | None,
        vectors: Mapping[str, Vector],
    ) -> Steps[int]:
        return operations.update_metadata(self._index.state, changes or {}, node_ids, read_filter(filters), vectors)
