"""The rebuild methods of the LlamaIndex vector store: its index is made anew while it is read and written."""

from __future__ import annotations

from typing import Unpack

from llama_index.core.base.embeddings.base import BaseEmbedding

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
from redisvl_adapters.signatures import list_keywords


class RebuildMethods(CoreMethods):
    """The rebuild methods of a store."""

    _options: IndexOptions

    @known_keywords
    @list_keywords(RebuildKeywords)
    def rebuild(self, *, embed_model: BaseEmbedding | None = None, **options: Unpack[RebuildKeywords]) -> RebuildPlan:
        """Make the index anew beside the one that is there, and let it take its place, while all go on with it.

        Where only the algorithm, its parameters or the distance metric change, the server indexes the records again
        where they lie; a field that is new is added to the index that is there. For everything else the records are
        copied. Reads are answered by the old index meanwhile, writes of all processes reach both, and long-lived stores
        in other processes go on with the new one then. The old one stays until ``drop_old=True``. With another model,
        stores that other processes have open are refused from the switch on.

        A rebuild whose process has ended is gone on with by the same call, or undone by ``cancel_rebuild``.

        Args:
            embed_model: Another embedding model, by which all nodes are embedded anew.
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
        wanted, settings = _read(embed_model, options)
        plan = self._rebuild(wanted, settings, embed_model)
        self._use(embed_model, settings)
        return plan

    @known_keywords
    @list_keywords(RebuildKeywords)
    async def arebuild(
        self, *, embed_model: BaseEmbedding | None = None, **options: Unpack[RebuildKeywords]
    ) -> RebuildPlan:
        """Make the index anew beside the one that is there, and let it take its place. See ``rebuild``."""
        wanted, settings = _read(embed_model, options)
        plan = await self._arebuild(wanted, settings, embed_model)
        self._use(embed_model, settings)
        return plan

    def _use(self, embed_model: BaseEmbedding | None, settings: RebuildSettings) -> None:
        if embed_model is None or settings.dry_run:
            return
        self._options = {**self._options, "embedding_id": settings.embedding_id, "dims": None}


def _read(embed_model: BaseEmbedding | None, options: RebuildKeywords) -> tuple[RebuildOptions, RebuildSettings]:
    wanted, settings = read_rebuild_options(options)
    if embed_model is not None and not isinstance(embed_model, BaseEmbedding):
        raise ArgumentError(f"embed_model is a LlamaIndex BaseEmbedding; not {type(embed_model).__name__}")
    return wanted, with_model(settings, embed_model, "embed_model")
