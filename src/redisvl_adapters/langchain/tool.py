"""The search tool of a store, for LangChain agents."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import StructuredTool
from pydantic import PrivateAttr

from redisvl_adapters.agents.answers import Found, answer_text, refusal_text
from redisvl_adapters.agents.search_tool import ModelError, SearchTool, build_search_tool
from redisvl_adapters.core.index.redis_index import RedisIndex
from redisvl_adapters.errors import ArgumentError, FilterError
from redisvl_adapters.langchain.search_types import Scored, Search
from redisvl_adapters.langchain.searcher import Searcher
from redisvl_adapters.langchain.tool_search import search_of_tool

Answer: TypeAlias = tuple[str, list[tuple[Document, float]]]
"""The text that the model reads, and the documents with their distances or scores."""

_RUNTIME = "__pregel_runtime"
"""Where LangGraph puts the runtime of a run, which has its context."""


@dataclass(frozen=True, slots=True)
class StoreSearch:
    """What a tool does with a call.

    Attributes:
        index: The index.
        searcher: What runs its searches.
        tool: What it takes.
        options: The search keywords that the developer fixed.
    """

    index: RedisIndex
    searcher: Searcher
    tool: SearchTool
    options: Mapping[str, Any]

    def read(self, given: Mapping[str, Any], config: RunnableConfig) -> tuple[str, Search]:
        """Return the query of a call, and its search.

        Raises:
            ArgumentError: If the run has not what the tool needs; the message is for the developer.
            ModelError: If the model got something wrong.
        """
        names = self.tool.settings.context_filter.values()
        locks = self.tool.locks(run_context(config, names) if names else {})
        query, k, filter = self.tool.read(given, locks)
        return query, search_of_tool(self.tool.settings.search_type, self.options, k, filter)

    def answer(self, found: Scored) -> Answer:
        """Return what is told of documents that were found."""
        told = [Found(document.id or "", document.page_content, document.metadata) for document, _ in found]
        return answer_text(told, self.tool.hidden), found


class RedisSearchTool(StructuredTool):
    """A tool that searches a store, with an argument for each field that the index has. ``as_tool`` makes one.

    Its content is the text for the model, its artifact a list of the documents with their distances or scores. What the
    model gets wrong is told in the content, with an empty artifact.
    """

    _search: StoreSearch = PrivateAttr()

    @classmethod
    def over(cls, search: StoreSearch) -> Self:
        """Return the tool that makes searches of a store."""
        settings = search.tool.settings
        made = cls(
            name=settings.name,
            description=settings.description,
            args_schema=search.tool.arguments.json_schema,
            response_format="content_and_artifact",
        )
        made._search = search
        return made

    def refresh(self) -> None:
        """Make the arguments anew from the index as it is now: its fields, and the values of those that have few."""
        index, settings = self._search.index, self._search.tool.settings
        self._renew(index.run(build_search_tool(index.state, settings)))

    async def arefresh(self) -> None:
        """Make the arguments anew from the index as it is now. See ``refresh``."""
        index, settings = self._search.index, self._search.tool.settings
        self._renew(await index.arun(build_search_tool(index.state, settings)))

    def _renew(self, tool: SearchTool) -> None:
        self._search, self.args_schema = replace(self._search, tool=tool), tool.arguments.json_schema

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:
        """Run the tool on the event loop. See ``invoke``."""
        # That of StructuredTool looks for a coroutine, and takes a thread.
        return await super(StructuredTool, self).ainvoke(input, config, **kwargs)

    def _parse_input(
        self,
        tool_input: str | dict[str, Any],
        tool_call_id: str | None,  # noqa: ARG002  # LangChain hands it over
    ) -> dict[str, Any]:
        # Under one name: an argument called ``config`` would be replaced by LangChain's, and nobody would say so.
        return {"given": {"query": tool_input} if isinstance(tool_input, str) else tool_input}

    def _run(self, *, given: Any, config: RunnableConfig) -> Any:  # type: ignore[override]  # LangChain's takes more
        search = self._search
        try:
            query, wanted = search.read(given, config)
            return search.answer(search.searcher.run(query, wanted))
        except (ModelError, FilterError) as error:
            return refusal_text(error), []

    async def _arun(  # type: ignore[override]  # LangChain's takes more
        self, *, given: Any, config: RunnableConfig
    ) -> Any:
        search = self._search
        try:
            query, wanted = search.read(given, config)
            return search.answer(await search.searcher.arun(query, wanted))
        except (ModelError, FilterError) as error:
            return refusal_text(error), []


for _method in (RedisSearchTool._run, RedisSearchTool._arun):  # noqa: SLF001  # its own
    # LangChain asks for both at every call: to work them out takes longer than all else that the tool does.
    vars(_method)["__signature__"] = inspect.signature(_method)
    _method.__annotations__ = {"config": RunnableConfig}


def run_context(config: RunnableConfig, names: Iterable[str]) -> dict[str, Any]:
    """Return what the context of a run says under some names: LangGraph's runtime context, or ``configurable``.

    Raises:
        ArgumentError: If the two say different things.
    """
    configurable = config.get("configurable") or {}
    context = getattr(configurable.get(_RUNTIME), "context", None)
    found: dict[str, Any] = {}
    for name in names:
        values = [
            context.get(name) if isinstance(context, Mapping) else getattr(context, name, None),
            configurable.get(name),
        ]
        said = [value for value in values if value is not None]
        if len(said) == 2 and (type(said[0]), said[0]) != (type(said[1]), said[1]):
            raise ArgumentError(
                f"the context of the run says one thing of {name!r}, and its configurable another; give one of them"
            )
        if said:
            found[name] = said[0]
    return found
