"""The methods of the stores of both frameworks that rebuild their index."""

from __future__ import annotations

from functools import partial

from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.core.moving.job import cancel
from redisvl_adapters.core.moving.plan import RebuildOptions, RebuildPlan, RebuildSettings
from redisvl_adapters.core.moving.rebuild import rebuild
from redisvl_adapters.core.moving.task import AsyncEmbed, Embed, arun_task, run_task
from redisvl_adapters.errors import known_keywords


class RebuildMethods:
    """What a store on an index does to have another one in its place."""

    _index: RedisIndex

    def _rebuild(self, options: RebuildOptions, settings: RebuildSettings, embed: Embed | None) -> RebuildPlan:
        start = partial(rebuild, options=options, settings=settings, embeds=embed is not None)
        return run_task(self._index, start, embed, bar=settings.show_progress)

    async def _arebuild(
        self, options: RebuildOptions, settings: RebuildSettings, embed: AsyncEmbed | None
    ) -> RebuildPlan:
        start = partial(rebuild, options=options, settings=settings, embeds=embed is not None)
        return await arun_task(self._index, start, embed, bar=settings.show_progress)

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
