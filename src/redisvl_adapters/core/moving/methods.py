"""The methods of the stores of both frameworks that rebuild their index."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.ingest.copy_methods import CopyMethods
from redisvl_adapters.core.ingest.tasks import Embedders, Task, arun_task, embedders_of, run_task
from redisvl_adapters.core.moving.job import cancel
from redisvl_adapters.core.moving.plan import RebuildOptions, RebuildPlan, RebuildSettings
from redisvl_adapters.core.moving.rebuild import rebuild
from redisvl_adapters.core.moving.task import unopened_task
from redisvl_adapters.core.records.embedding_models import model_name
from redisvl_adapters.errors import ArgumentError, known_keywords


class RebuildMethods(CopyMethods):
    """What a store on an index does to have another one in its place."""

    _index: RedisIndex

    def _rebuild(self, options: RebuildOptions, settings: RebuildSettings, model: object) -> RebuildPlan:
        with self._index.traced("rebuild"):
            return run_task(*self._rebuilding(options, settings, model))

    async def _arebuild(self, options: RebuildOptions, settings: RebuildSettings, model: object) -> RebuildPlan:
        with self._index.traced("rebuild"):
            return await arun_task(*self._rebuilding(options, settings, model))

    def _rebuilding(
        self, options: RebuildOptions, settings: RebuildSettings, model: object
    ) -> tuple[Task[RebuildPlan], Embedders | None, str | None]:
        embedders = None if model is None else embedders_of(model, self._embedded_text)
        start = partial(rebuild, options=options, settings=settings, embeds=model is not None)
        title = f"Rebuilding {self._index.state.spec.name}" if settings.show_progress else None
        return unopened_task(self._index, start), embedders, title

    @known_keywords
    def cancel_rebuild(self) -> bool:
        """Undo a rebuild that has not come to its end, whether its process has ended or not.

        What it has made is dropped; the index stays as it is.

        Returns:
            Whether there was one.

        Raises:
            IndexNotFoundError: If there is no such index.
        """
        unopened = self._index.unopened()
        return unopened.run(cancel(unopened.state))

    @known_keywords
    async def acancel_rebuild(self) -> bool:
        """Undo a rebuild that has not come to its end. See ``cancel_rebuild``."""
        unopened = self._index.unopened()
        return await unopened.arun(cancel(unopened.state))


def with_model(settings: RebuildSettings, model: object, keyword: str) -> RebuildSettings:
    """Return how an index is rebuilt by a new embedding model, which has its own name if it was given no other one.

    Args:
        settings: How it is rebuilt.
        model: The model; None without one.
        keyword: What the argument with the model is called.

    Raises:
        ArgumentError: If a name was given, and no model.
    """
    if model is not None:
        return replace(settings, embedding_id=settings.embedding_id or model_name(model))
    if settings.embedding_id is not None:
        raise ArgumentError(f"embedding_id is the name of a new embedding model: give that, too, as {keyword}=")
    return settings
