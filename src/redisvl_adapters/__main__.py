"""``python -m redisvl_adapters``: the command line."""

import sys

from redisvl_adapters.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
