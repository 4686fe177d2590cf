"""The search tool of an index as an MCP server, over stdio or HTTP: ``python -m redisvl_adapters.agents.mcp --help``.

No framework is needed, and the official SDK (``pip install "redisvl-adapters[mcp]"``) by ``server`` and ``http`` alone.
"""
