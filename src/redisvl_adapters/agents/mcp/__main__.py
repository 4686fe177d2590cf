"""``python -m redisvl_adapters.agents.mcp``: the same as ``redisvl-adapters mcp``."""

import sys

from redisvl_adapters.cli.process import run

sys.exit(run(["mcp", *sys.argv[1:]]))
