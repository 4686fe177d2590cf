"""``python -m redisvl_adapters``: the command line."""

import sys

from redisvl_adapters.cli.process import run

if __name__ == "__main__":
    sys.exit(run())
