"""What the tools of both frameworks and the MCP server share: typed search arguments from a live index."""

from redisvl_adapters.agents.context import tool_context

__all__ = ["tool_context"]
