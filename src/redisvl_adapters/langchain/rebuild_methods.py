"""The rebuild methods of the LangChain vector store: its index is made anew while it is read and written."""

from __future__ import annotations

from typing import Unpack

from langchain_core.embeddings import Embeddings

from redisvl_adapters.core.moving.methods import RebuildMethods as CoreMethods
from redisvl_adapters.core.moving.methods import with_model
from redisvl_adapters.core.moving.plan import (
    RebuildKeywords,
    RebuildOptions,
    RebuildPlan,
    RebuildSettings,
    read_rebuild_options,
)
from redisvl_adapters.core.schema.options import IndexOptions
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.langchain.searcher import Searcher
from redisvl_adapters.signatures import list_keywords


class RebuildMethods(CoreMethods):
    """The rebuild methods of a store."""

    _embedding: Embeddings
    _options: IndexOptions
    _searcher: Searcher

    @known_keywords
    @list_keywords(RebuildKeywords)
    def rebuild(self, *, embedding: Embeddings | None = None, **options: Unpack[RebuildKeywords]) -> RebuildPlan:
        """Make the index anew beside the one that is there, and let it take its place, while all go on with it.

        Where only the algorithm, its parameters or the distance metric change, the server indexes the records again
        where they lie; a field that is new is added to the index that is there. For everything else the records are
        copied. Reads are answered by the old index meanwhile, writes of all processes reach both, and long-lived stores
        in other processes go on with the new one then. The old one stays until ``drop_old=True``. With another model,
        stores that other processes have open are refused from the switch on.

        A rebuild whose process has ended is gone on with by the same call, or undone by ``cancel_rebuild``.

        Args:
            embedding: Another embedding model, by which all texts are embedded anew; the store has it from then on.
            options: The keywords of ``RebuildKeywords``: ``algorithm``, ``m``, ``dtype``, ``storage``,
                ``metadata_schema``, ``language``, ..., ``aliases``, ``drop_old``, ``dry_run``, ``show_progress``.

        Returns:
            What was done, or would be.

        Raises:
            IndexNotFoundError: If there is no such index.
            ArgumentError: If an option is out of its range, or needs a new embedding model.
            SchemaError: If options contradict each other.
            RecordError: If a record cannot be what is asked for; then all is as it was.
            ServerError: If another process is rebuilding the index.
        """
        wanted, settings = _read(embedding, options)
        plan = self._rebuild(wanted, settings, embedding)
        self._use(embedding, settings)
        return plan

    @known_keywords
    @list_keywords(RebuildKeywords)
    async def arebuild(self, *, embedding: Embeddings | None = None, **options: Unpack[RebuildKeywords]) -> RebuildPlan:
        """Make the index anew beside the one that is there, and let it take its place. See ``rebuild``."""
        wanted, settings = _read(embedding, options)
        plan = await self._arebuild(wanted, settings, embedding)
        self._use(embedding, settings)
        return plan

    def _use(self, embedding: Embeddings | None, settings: RebuildSettings) -> None:
        if embedding is None or settings.dry_run:
            return
        self._options = {**self._options, "embedding_id": settings.embedding_id, "dims": None}
        self._embedding = embedding
        self._searcher = Searcher(self._index, embedding)


def _read(embedding: Embeddings | None, options: RebuildKeywords) -> tuple[RebuildOptions, RebuildSettings]:
    wanted, settings = read_rebuild_options(options)
    if embedding is not None and not isinstance(embedding, Embeddings):
        raise ArgumentError(f"embedding is a langchain_core Embeddings; not {type(embedding).__name__}")
    return wanted, with_model(settings, embedding, "embedding")
