"""The search tool of a store, for LlamaIndex agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import BaseModel, ConfigDict
from llama_index.core.schema import MetadataMode, NodeWithScore
from llama_index.core.tools import FunctionTool, ToolMetadata, ToolOutput
from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryResult

from redisvl_adapters.agents.answers import Found, answer_text, refusal_text
from redisvl_adapters.agents.context import current_context
from redisvl_adapters.agents.search_tool import ModelError, SearchTool, build_search_tool
from redisvl_adapters.errors import ArgumentError, FilterError
from redisvl_adapters.llama_index.options import QueryOptions
from redisvl_adapters.llama_index.query_modes import TOOL_MODES, operation_of

if TYPE_CHECKING:
    from redisvl_adapters.llama_index.vector_store import RedisVectorStore  # which makes these tools

Context: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any]] | None
"""The context of the runs of a tool, or what returns it; None for that of ``tool_context``."""


@dataclass(frozen=True, slots=True)
class StoreSearch:
    """What a tool does with a call.

    Attributes:
        store: The store.
        embed_model: What turns queries into vectors; None where none are needed.
        tool: What it takes.
        options: The query keywords that the developer fixed.
        context: The context of its runs.
    """

    store: RedisVectorStore
    embed_model: BaseEmbedding | None
    tool: SearchTool
    options: QueryOptions
    context: Context

    def read(self, given: Mapping[str, Any]) -> VectorStoreQuery:
        """Return the query of a call, without its vector.

        Raises:
            ArgumentError: If the run has not what the tool needs; the message is for the developer.
            ModelError: If the model got something wrong.
        """
        settings = self.tool.settings
        query, k, filter = self.tool.read(given, self.tool.locks(self._context() if settings.context_filter else {}))
        mode = TOOL_MODES[settings.search_type]
        return VectorStoreQuery(query_str=query, similarity_top_k=k, mode=mode, filters=cast("Any", filter))

    def _context(self) -> Mapping[str, Any]:
        context = current_context() if self.context is None else self.context
        context = context() if callable(context) else context
        if not isinstance(context, Mapping):
            raise ArgumentError(
                f"the context of a run is a mapping; not {type(context).__name__}; nothing was searched"
            )
        return context

    def output(self, result: VectorStoreQueryResult, given: Mapping[str, Any]) -> ToolOutput:
        """Return what is told of nodes that were found."""
        pairs = zip(result.nodes or [], result.similarities or [], strict=True)
        nodes = [NodeWithScore(node=node, score=score) for node, score in pairs]
        told = [
            Found(node.node.node_id, node.node.get_content(metadata_mode=MetadataMode.NONE), node.node.metadata)
            for node in nodes
        ]
        return self._output(answer_text(told, self.tool.hidden), given, nodes)

    def refusal(self, error: Exception, given: Mapping[str, Any]) -> ToolOutput:
        """Return what a model is told of its own error."""
        return self._output(refusal_text(error), given, [], is_error=True)

    def _output(
        self, content: str, given: Mapping[str, Any], nodes: list[NodeWithScore], *, is_error: bool = False
    ) -> ToolOutput:
        return ToolOutput(
            tool_name=self.tool.settings.name,
            content=content,
            raw_input={"args": (), "kwargs": dict(given)},
            raw_output=nodes,
            is_error=is_error,
        )


class RedisSearchTool(FunctionTool):
    """A tool that searches a store, with an argument for each field that the index has. ``as_tool`` makes one.

    The content of its output is the text for the model, its ``raw_output`` a list of nodes with their scores. What the
    model gets wrong is told in the content; ``is_error`` is True then, and there are no nodes.
    """

    def __init__(self, search: StoreSearch) -> None:
        self._search = search
        super().__init__(fn=self.call, async_fn=self.acall, metadata=_metadata(search.tool))

    def refresh(self) -> None:
        """Make the arguments anew from the index as it is now: its fields, and the values of those that have few."""
        index, settings = self._search.store.index, self._search.tool.settings
        self._renew(index.run(build_search_tool(index.state, settings)))

    async def arefresh(self) -> None:
        """Make the arguments anew from the index as it is now. See ``refresh``."""
        index, settings = self._search.store.index, self._search.tool.settings
        self._renew(await index.arun(build_search_tool(index.state, settings)))

    def _renew(self, tool: SearchTool) -> None:
        self._search, self._metadata = replace(self._search, tool=tool), _metadata(tool)

    def call(self, /, *args: Any, **kwargs: Any) -> ToolOutput:
        """Search as a model asks for."""
        search, given = self._search, _given(args, kwargs)
        try:
            query, index = search.read(given), search.store.index
            with index.traced(operation_of(query)):
                if search.embed_model is not None:
                    with index.embedding():
                        query.query_embedding = search.embed_model.get_query_embedding(query.query_str or "")
                found = search.store.query(query, **search.options)
            return search.output(found, given)
        except (ModelError, FilterError) as error:
            return search.refusal(error, given)

    async def acall(self, /, *args: Any, **kwargs: Any) -> ToolOutput:
        """Search as a model asks for, on the event loop."""
        search, given = self._search, _given(args, kwargs)
        try:
            query, index = search.read(given), search.store.index
            with index.traced(operation_of(query)):
                if search.embed_model is not None:
                    with index.embedding():
                        query.query_embedding = await search.embed_model.aget_query_embedding(query.query_str or "")
                found = await search.store.aquery(query, **search.options)
            return search.output(found, given)
        except (ModelError, FilterError) as error:
            return search.refusal(error, given)

    def __call__(self, /, *args: Any, **kwargs: Any) -> ToolOutput:
        """Search as a model asks for. See ``call``."""
        return self.call(*args, **kwargs)


def _given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return arguments by name; the first one without a name is the query."""
    if len(args) > 1:
        raise ArgumentError(f"a tool takes its arguments by name; not {len(args)} without")
    return {"query": args[0], **kwargs} if args else dict(kwargs)


def _metadata(tool: SearchTool) -> ToolMetadata:
    schema = tool.arguments.json_schema

    class SearchArguments(BaseModel):
        """The arguments of a search, which are read by the tool itself."""

        model_config = ConfigDict(extra="allow", json_schema_extra=lambda made: (made.clear(), made.update(schema))[1])

    return ToolMetadata(tool.settings.description, tool.settings.name, SearchArguments)
