"""The methods of stores that copy all records into another store."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, TypeAlias

from redisvl_adapters.core.arguments import check_flag
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.bad_records import check_bad_choice
from redisvl_adapters.core.ingest.copy_report import CopyPlan, CopyReport
from redisvl_adapters.core.ingest.copying import copy_records, plan_copy
from redisvl_adapters.core.ingest.tasks import Embedders, arun_task, embedders_of, run_task
from redisvl_adapters.core.records.record import Record
from redisvl_adapters.core.search.iterate import check_batch_size
from redisvl_adapters.core.server.commands import BATCH_SIZE
from redisvl_adapters.errors import ArgumentError, known_keywords

BadRecord: TypeAlias = Literal["raise", "warn", "skip"]


class CopyMethods:
    """Copying a store, with its async twin."""

    _index: RedisIndex

    @known_keywords
    def copy_to(
        self,
        other: CopyMethods,
        *,
        embedding: object = None,
        batch_size: int = BATCH_SIZE,
        show_progress: bool = False,
        on_bad_record: BadRecord | None = None,
    ) -> CopyReport:
        """Copy all records into another store: ids, texts, vectors, metadata, node frames and times to live.

        Records are streamed, in constant memory. Those that are there already with the same content are left alone, so
        that a copy which was interrupted goes on when it is called again; others under the same ids are replaced, and
        more records than that may be there. The other index gets the fields of this one. In the end the numbers of
        records and 100 records are compared; if others changed this index meanwhile, it is gone through again.

        From a scoped store, the records within are copied; into one, they are written within, or refused.

        Vectors are copied as they are, unless the other store has another model (``embedding_id``) or another number of
        dimensions: then texts are embedded anew. That goes for each named vector by itself, which is made by
        the model that the other store has for it; a new index gets those of this one.

        Args:
            other: The store to copy into, of either framework, on any server.
            embedding: The model of LangChain or LlamaIndex that embeds the texts anew, in any case; by default that of
                the other store, if it has one, and only where vectors cannot be copied.
            batch_size: How many records are read and written at once.
            show_progress: Whether to draw a bar with tqdm.
            on_bad_record: What to do with a record that has no vector of the dimensions of its index, or that its index
                could not take in: ``raise`` an error that names it (by default), leave it out with a warning that does
                (``warn``), or ``skip`` it. A store on an index of another application has its own.

        Returns:
            How many records were copied, and how many were there.

        Raises:
            ArgumentError: If a value is out of range, both are the same index, or a model is needed and there is none.
            IndexNotFoundError: If the index does not exist.
            CopyError: If something failed, a record cannot come over, or others changed the index all the time; it
                says how far the copy came.
        """
        choice = self._checked_bad(on_bad_record)
        embedders, batch_size = self._checked_copy(other, embedding, batch_size, show_progress)
        planning = plan_copy(self._index, other._index, embeds=embedding is not None, can_embed=embedders is not None)
        with self._index.traced("copy"):
            plan = replace(run_task(planning, embedders), on_bad_record=choice)
            _check_model(plan, embedders)
            title = f"Copying {plan.source} to {plan.target}" if show_progress else None
            return run_task(copy_records(self._index, other._index, plan, batch_size), embedders, title)

    @known_keywords
    async def acopy_to(
        self,
        other: CopyMethods,
        *,
        embedding: object = None,
        batch_size: int = BATCH_SIZE,
        show_progress: bool = False,
        on_bad_record: BadRecord | None = None,
    ) -> CopyReport:
        """Copy all records into another store. See ``copy_to``."""
        choice = self._checked_bad(on_bad_record)
        embedders, batch_size = self._checked_copy(other, embedding, batch_size, show_progress)
        planning = plan_copy(self._index, other._index, embeds=embedding is not None, can_embed=embedders is not None)
        with self._index.traced("copy"):
            plan = replace(await arun_task(planning, embedders), on_bad_record=choice)
            _check_model(plan, embedders)
            title = f"Copying {plan.source} to {plan.target}" if show_progress else None
            return await arun_task(copy_records(self._index, other._index, plan, batch_size), embedders, title)

    def _checked_bad(self, choice: BadRecord | None) -> str:
        if choice is not None and self._index.state.spec.is_foreign:
            raise ArgumentError(
                "on_bad_record of a copy is for indexes of this library; give it to from_existing_index, which opened "
                "this one"
            )
        return check_bad_choice("raise" if choice is None else choice)

    def _checked_copy(
        self, other: object, embedding: object, batch_size: int, show_progress: object
    ) -> tuple[Embedders | None, int]:
        check_flag(show_progress, "show_progress")
        if not isinstance(other, CopyMethods):
            raise ArgumentError(f"copy_to takes a store of this library; not {type(other).__name__} {other!r:.80}")
        model = other._model() if embedding is None else embedding  # noqa: SLF001  # of its own kind
        embedders = embedders_of(model, other._embedded_text)  # noqa: SLF001  # as above
        if embedders is None and embedding is not None:
            raise ArgumentError(
                f"embedding is an embedding model of LangChain or LlamaIndex; not {type(embedding).__name__}"
            )
        return embedders, check_batch_size(batch_size)

    def _model(self) -> object:
        """Return the embedding model of the store, if it has one."""
        return None

    def _embedded_text(self, record: Record) -> str:
        """Return what of a record is embedded."""
        return record.text


def _check_model(plan: CopyPlan, embedders: Embedders | None) -> None:
    if plan.embeds and embedders is None:
        raise ArgumentError(
            f"the vectors of index {plan.source!r} are of another model than those of {plan.target!r}, or have another "
            "number of dimensions: texts must be embedded anew; pass the model as embedding="
        )
