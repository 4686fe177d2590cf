"""``python -m redisvl_adapters.agents.mcp``: the same as ``redisvl-adapters mcp``."""

import sys

from redisvl_adapters.cli.main import main

sys.exit(main(["mcp", *sys.argv[1:]]))
