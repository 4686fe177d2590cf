"""``as_tool``: a store as a tool of an agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack, cast

from llama_index.core.base.embeddings.base import BaseEmbedding

from redisvl_adapters.agents.options import ToolOptions
from redisvl_adapters.agents.search_tool import SearchTool, ToolSettings, build_search_tool, check_tool_settings
from redisvl_adapters.core.store import StoreBase
from redisvl_adapters.errors import ArgumentError, known_keywords
from redisvl_adapters.llama_index.filters import FilterLike, read_filter
from redisvl_adapters.llama_index.options import QueryOptions
from redisvl_adapters.llama_index.query_modes import check_tool_options
from redisvl_adapters.signatures import list_keywords

if TYPE_CHECKING:
    from redisvl_adapters.llama_index.tool import Context, RedisSearchTool  # imported by need, with LlamaIndex's tools


class SearchToolOptions(ToolOptions, total=False):
    """What ``as_tool`` takes beside a name and a description: the keys of ``ToolOptions``, and the following.

    Attributes:
        embed_model: The model that turns queries into vectors; only search_type="text" does without.
        filters: What all nodes match that it finds. The model neither sees this nor can widen it: the fields in it have
            no arguments unless ``fields`` names them, and nodes are shown to it without them.
        context: The context of its runs, or what returns it when the tool is called; by default that of the block of
            ``redisvl_adapters.agents.tool_context`` in which the run started.
        search_kwargs: What else the search takes, such as ``{"ef_runtime": 400}``. See ``QueryOptions``.
    """

    embed_model: BaseEmbedding | None
    filters: FilterLike | None
    context: Context
    search_kwargs: QueryOptions | None


class ToolMethods(StoreBase):
    """A store as a tool of an agent, sync and async."""

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
            options: The keywords of ``SearchToolOptions``: ``embed_model``, ``fields``, ``filters``, ...

        Returns:
            A ``FunctionTool`` whose output has the nodes with their scores as ``raw_output``.

        Raises:
            UnknownArgumentError: If there is another keyword, or a search keyword that the search type does not have.
            ArgumentError: If an argument is out of its range, or a field does not exist.
            FilterError: If the filter cannot be honoured.
        """
        settings = self._tool_settings(name, description, options)
        return self._tool(self._index.run(build_search_tool(self._index.state, settings)), options)

    @known_keywords
    @list_keywords(SearchToolOptions)
    async def aas_tool(
        self, name: str | None = None, description: str | None = None, **options: Unpack[SearchToolOptions]
    ) -> RedisSearchTool:
        """Return a tool for agents that searches this store. See ``as_tool``."""
        settings = self._tool_settings(name, description, options)
        return self._tool(await self._index.arun(build_search_tool(self._index.state, settings)), options)

    def _tool_settings(self, name: str | None, description: str | None, options: SearchToolOptions) -> ToolSettings:
        state, filter = self._index.state, read_filter(options.get("filters"))
        settings = check_tool_settings(state.spec.name, name, description, filter, options)
        needs_vector = check_tool_options(state, settings.search_type, options.get("search_kwargs"))
        model, context = options.get("embed_model"), options.get("context")
        if not (isinstance(model, BaseEmbedding) or (model is None and not needs_vector)):
            raise ArgumentError(
                f"embed_model is a LlamaIndex embedding, which search_type={settings.search_type!r} needs; "
                f"not {type(model).__name__}"
            )
        if context is not None and not settings.context_filter:
            raise ArgumentError("context is for context_filter, which says what is taken from it")
        return settings

    def _tool(self, tool: SearchTool, options: SearchToolOptions) -> RedisSearchTool:
        from redisvl_adapters.llama_index.tool import RedisSearchTool, StoreSearch  # noqa: PLC0415  # as above

        search_kwargs: QueryOptions = options.get("search_kwargs") or {}
        needs_vector = check_tool_options(self._index.state, tool.settings.search_type, search_kwargs)
        model = options.get("embed_model") if needs_vector else None
        return RedisSearchTool(StoreSearch(cast("Any", self), model, tool, search_kwargs, options.get("context")))
