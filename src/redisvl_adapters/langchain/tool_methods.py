"""``as_tool``: a store as a tool of an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from redisvl_adapters.agents.options import ToolOptions
from redisvl_adapters.agents.search_tool import ToolSettings, build_search_tool, check_tool_settings
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.errors import known_keywords
from redisvl_adapters.langchain.filters import FilterLike, read_filter
from redisvl_adapters.langchain.search_options import SearchKwargs
from redisvl_adapters.langchain.searcher import Searcher
from redisvl_adapters.langchain.tool_search import search_of_tool
from redisvl_adapters.signatures import list_keywords

if TYPE_CHECKING:
    from redisvl_adapters.langchain.tool import RedisSearchTool  # imported by need, with LangChain's tools


class SearchToolOptions(ToolOptions, total=False):
    """What ``as_tool`` takes beside a name and a description: the keys of ``ToolOptions``, and the following.

    Attributes:
        filter: What all documents match that it finds. The model neither sees this nor can widen it: the fields in it
            have no arguments unless ``fields`` names them, and documents are shown to it without them.
        search_kwargs: What else the search takes, such as ``{"ef_runtime": 400}``. See ``SearchKwargs``.
    """

    filter: FilterLike | None
    search_kwargs: SearchKwargs | None


class ToolMethods:
    """A store as a tool of an agent, sync and async."""

    _index: RedisIndex
    _searcher: Searcher

    @known_keywords
    @list_keywords(SearchToolOptions)
    def as_tool(
        self, name: str | None = None, description: str | None = None, **options: Unpack[SearchToolOptions]
    ) -> RedisSearchTool:
        """Return a tool for agents that searches this store, with typed arguments from the index as it is now.

        A model has ``query`` and ``k``, and one or two arguments for each field: a tag with at most 50 values is an
        enumeration, a list asks for any of its values, numbers and times have ``min_`` and ``max_``, both included, and
        booleans are booleans. What it gets wrong, it is told in one sentence; nothing is searched then. The arguments
        stay as they are until ``refresh()`` of the tool.

        Args:
            name: Its name for the model; by default ``search_<index_name>``.
            description: What the model is told that it is for.
            options: The keywords of ``SearchToolOptions``: ``fields``, ``filter``, ``context_filter``, ...

        Returns:
            A ``StructuredTool`` whose artifact is a list of documents with their distances or scores.

        Raises:
            UnknownArgumentError: If there is another keyword, or a search keyword that the search type does not have.
            ArgumentError: If an argument is out of its range, or a field does not exist.
            FilterError: If the filter cannot be honoured.
        """
        settings = self._tool_settings(name, description, options)
        from redisvl_adapters.langchain.tool import RedisSearchTool, StoreSearch  # noqa: PLC0415  # as above

        tool = self._index.run(build_search_tool(self._index.state, settings))
        return RedisSearchTool.over(StoreSearch(self._index, self._searcher, tool, options.get("search_kwargs") or {}))

    @known_keywords
    @list_keywords(SearchToolOptions)
    async def aas_tool(
        self, name: str | None = None, description: str | None = None, **options: Unpack[SearchToolOptions]
    ) -> RedisSearchTool:
        """Return a tool for agents that searches this store. See ``as_tool``."""
        settings = self._tool_settings(name, description, options)
        from redisvl_adapters.langchain.tool import RedisSearchTool, StoreSearch  # noqa: PLC0415  # as above

        tool = await self._index.arun(build_search_tool(self._index.state, settings))
        return RedisSearchTool.over(StoreSearch(self._index, self._searcher, tool, options.get("search_kwargs") or {}))

    def _tool_settings(self, name: str | None, description: str | None, options: SearchToolOptions) -> ToolSettings:
        filter = read_filter(options.get("filter"))
        settings = check_tool_settings(self._index.state.spec.name, name, description, filter, options)
        search_of_tool(settings.search_type, options.get("search_kwargs"))
        return settings
