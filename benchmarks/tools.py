"""Tools: their time over the same search by the store, and how long their arguments take to build.

``python -m benchmarks.tools`` prints both. A search and its tool take turns, so that both meet the same machine. Beside
it: what LangChain itself takes for any tool, and a tool that it makes of a function with the same search.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "examples"))

from langchain_core.tools import StructuredTool
from llama_index.core.vector_stores.types import VectorStoreQuery

from redisvl_adapters import langchain, llama_index
from redisvl_adapters.core import And, Compare, Operator
from redisvl_adapters.embedded import EmbeddedRedis
from wordllama_langchain import WordLlamaEmbeddings
from wordllama_llama_index import WordLlamaEmbedding

RECORDS = 1_000
FIELDS = 64
TURNS, CALLS = 15, 40
LOCK, TOPIC = Compare("tenant", Operator.EQ, "t1"), Compare("topic", Operator.EQ, "sets")


def main() -> None:
    """Measure on an embedded server."""
    with EmbeddedRedis() as server:
        with langchain.RedisVectorStore(WordLlamaEmbeddings(), index_name="tools", redis_url=server.url) as store:
            topics = ("sets", "lists", "loops", "maps")
            store.add_texts(
                [f"Note {number} on {topics[number % 4]}, as it was written down." for number in range(RECORDS)],
                [{"tenant": f"t{n % 3}", "topic": topics[n % 4], "year": 1990 + n % 30} for n in range(RECORDS)],
            )
            search, tool = langchain_calls(store)
            print(f"LangChain: {ratio(search, tool):.2f} times the search ({RECORDS:,} records)")
            print(f"  of it LangChain's own, as with a tool that does nothing: {ratio(search, tool_of(list)):.2f}")
            print(f"  a tool that LangChain makes of the same search: {ratio(search, tool_of(search)):.2f}")
        with llama_index.RedisVectorStore(index_name="tools", redis_url=server.url) as other:
            print(f"LlamaIndex: {ratio(*llama_index_calls(other)):.2f} times the search ({RECORDS:,} records)")
        with langchain.RedisVectorStore(WordLlamaEmbeddings(), index_name="wide", redis_url=server.url) as wide:
            wide.add_texts(
                [f"Note {number}." for number in range(RECORDS)],
                [{f"field{f}": f"v{(n + f) % 7}" if f % 2 else n for f in range(FIELDS)} for n in range(RECORDS)],
            )
            taken = [timed(wide.as_tool, 1) for _ in range(TURNS)]
            print(f"as_tool over {FIELDS} fields: {statistics.median(taken) * 1e3:.0f} ms")


def langchain_calls(store: langchain.RedisVectorStore) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return a search and the tool that makes it."""
    tool = store.as_tool(filter=LOCK)
    both, arguments = And((LOCK, TOPIC)), {"query": "what was written down", "topic": "sets"}
    return lambda: store.similarity_search_with_score("what was written down", 4, both), lambda: tool.invoke(arguments)


def tool_of(call: Callable[[], Any]) -> Callable[[], Any]:
    """Return a call of the tool that LangChain makes of a function."""

    def answer(query: str, topic: str) -> tuple[str, Any]:  # noqa: ARG001  # the arguments of the model
        return "", call()

    tool = StructuredTool.from_function(answer, description="Search.", response_format="content_and_artifact")
    return lambda: tool.invoke({"query": "what was written down", "topic": "sets"})


def llama_index_calls(store: llama_index.RedisVectorStore) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Return a search and the tool that makes it."""
    model = WordLlamaEmbedding()
    tool = store.as_tool(filters=LOCK, embed_model=model)
    both: Any = And((LOCK, TOPIC))

    def search() -> Any:
        vector = model.get_query_embedding("what was written down")
        return store.query(VectorStoreQuery(vector, 4, query_str="what was written down", filters=both))

    return search, lambda: tool.call(query="what was written down", topic="sets")


def ratio(search: Callable[[], Any], tool: Callable[[], Any]) -> float:
    """Return how many times the time of a search a tool takes: the median of the turns."""
    search(), tool()
    return statistics.median(timed(tool, CALLS) / timed(search, CALLS) for _ in range(TURNS))


def timed(call: Callable[[], Any], times: int) -> float:
    """Return how many seconds some calls take."""
    start = time.perf_counter()
    for _ in range(times):
        call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
