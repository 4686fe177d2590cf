"""The MCP server over the tools of an index, by the official SDK."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from mcp import MCPError
from mcp.server.lowlevel import Server
from mcp.types import INVALID_REQUEST, CallToolResult, ListToolsResult, TextContent, Tool, ToolAnnotations

from redisvl_adapters import __version__
from redisvl_adapters.agents.mcp.tools import Answer, IndexTools, tool_name
from redisvl_adapters.errors import AdapterError, ArgumentError, did_you_mean

log = logging.getLogger(__name__)

_FOUND = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "text": {"type": "string"},
        "metadata": {"type": "object"},
        "distance": {"type": "number", "description": "smaller is nearer"},
        "score": {"type": "number", "description": "larger is better"},
    },
    "required": ["id", "text", "metadata"],
}
_OUTPUTS: Mapping[str, dict[str, Any]] = {
    "search": {"documents": {"type": "array", "items": _FOUND, "description": "best first"}},
    "add": {"id": {"type": "string"}},
    "delete": {"deleted": {"type": "integer"}},
}
_DESCRIPTIONS = {
    "add": "Adds a document that later searches find, or replaces the one with its id.",
    "delete": "Deletes documents by their ids, for good.",
}
_HINTS = {
    "search": ToolAnnotations(read_only_hint=True, open_world_hint=False),
    "add": ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False),
    "delete": ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False),
}


def make_server(name: str, tools_of_caller: Callable[[], IndexTools]) -> Server[Any]:
    """Return a server.

    Args:
        name: Its name.
        tools_of_caller: Returns the tools of whoever calls; raises an ``ArgumentError`` if nobody knows who that is.
    """

    async def list_tools(_context: Any, _params: Any) -> ListToolsResult:
        try:
            tools = tools_of_caller()
        except ArgumentError as error:
            log.warning("the tools were refused: %s", error)
            raise MCPError(INVALID_REQUEST, f"No tools: {error}.") from error
        search = await tools.search_tool()
        settings = search.settings
        made = [_tool("search", settings.name, settings.description, search.arguments.json_schema)]
        if tools.settings.writes:
            schemas = {"add": await tools.add_schema(), "delete": tools.delete_schema()}
            made += [_tool(kind, tool_name(kind, name), _DESCRIPTIONS[kind], schemas[kind]) for kind in schemas]
        return ListToolsResult(tools=made)

    async def call_tool(_context: Any, params: Any) -> CallToolResult:
        try:
            tools = tools_of_caller()
            calls: dict[str, Callable[[Mapping[str, Any]], Awaitable[Answer]]] = {
                tools.settings.search.name: tools.search
            }
            if tools.settings.writes:
                calls |= {tool_name("add", name): tools.add, tool_name("delete", name): tools.delete}
            if params.name not in calls:
                hint = did_you_mean(params.name, calls)
                return _result(
                    Answer(f"There is no tool {params.name!r:.80}{hint}; there is {', '.join(calls)}.", None)
                )
            return _result(await calls[params.name](params.arguments or {}))
        except ArgumentError as error:
            log.warning("%s was refused: %s", params.name, error)
            return _result(Answer(f"Nothing was done: {error}.", None))
        except AdapterError as error:
            log.warning("%s failed: %s", params.name, error)
            return _result(Answer("Nothing was done: the search is not available; try again later.", None))

    return Server(name, version=__version__, on_list_tools=list_tools, on_call_tool=call_tool)


def _tool(kind: str, name: str, description: str, schema: dict[str, Any]) -> Tool:
    output = {"type": "object", "properties": _OUTPUTS[kind], "required": [*_OUTPUTS[kind]]}
    return Tool(name=name, description=description, input_schema=schema, output_schema=output, annotations=_HINTS[kind])


def _result(answer: Answer) -> CallToolResult:
    return CallToolResult(
        content=[TextContent(type="text", text=answer.text)],
        structured_content=answer.data,
        is_error=answer.data is None,
    )
