"""How long it takes to build a filter: from a Mongo-style dict to the text of the query, in microseconds.

python benchmarks/filters.py
"""

from __future__ import annotations

import statistics
import timeit
from functools import partial
from typing import Any

from redisvl_adapters.core.filters.conditions import query_text
from redisvl_adapters.core.filters.context import RenderContext
from redisvl_adapters.core.filters.render import render
from redisvl_adapters.core.schema.declarations import read_metadata_schema
from redisvl_adapters.core.schema.index_spec import IndexSpec
from redisvl_adapters.langchain.filters import read_filter

NUMBER = 2000
SCHEMA = IndexSpec(
    "bench", fields=read_metadata_schema({"tenant": "tag", "year": "numeric", "draft": "bool", "source": "tag"})
).schema(8)
FILTERS: dict[str, dict[str, Any]] = {
    "three comparisons": {"tenant": "acme", "year": {"$gte": 2020}, "draft": False},
    "one of ten values": {"source": {"$in": [f"source-{number}" for number in range(10)]}},
}


def main() -> None:
    """Print the table."""
    for name, given in FILTERS.items():
        runs = timeit.repeat(partial(build, given), number=NUMBER, repeat=15)
        print(f"{name:20} {statistics.median(runs) / NUMBER * 1e6:6.1f} us")


def build(given: dict[str, Any]) -> str:
    """Return the text of the query."""
    return str(query_text(render(read_filter(given), RenderContext(SCHEMA))))


if __name__ == "__main__":
    main()
