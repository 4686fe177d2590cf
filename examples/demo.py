"""Python's standard library, asked in plain words, through LangChain and through LlamaIndex, over one Redis index.

Run ``make demo``, or ``make demo ASK="how do I parse command line arguments"``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from langchain_core.documents import Document
from llama_index.core import VectorStoreIndex
from llama_index.core.schema import MetadataMode
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters
from tqdm import tqdm

from redisvl_adapters import langchain, llama_index
from redisvl_adapters.embedded import EmbeddedRedis
from stdlib_corpus import Passage, read_stdlib
from wordllama_langchain import WordLlamaEmbeddings
from wordllama_llama_index import WordLlamaEmbedding

QUESTIONS = (
    "compress data with gzip",
    "read rows from a CSV file",
    "run a function at a later time in another thread",
)
BATCH = 500
TOP = 3


def main() -> None:
    """Fill an index with the standard library, then ask it."""
    asked = os.environ.get("ASK", "").strip()
    with EmbeddedRedis() as server:
        store = langchain.RedisVectorStore(WordLlamaEmbeddings(), index_name="stdlib", redis_url=server.url)
        with store:
            fill(store, read_stdlib())
            print(f"{store.count()} passages in one Redis index at {server.url.rpartition('@')[2]}")
            for question in (asked,) if asked else QUESTIONS:
                print(f"\n{question}")
                ask_langchain(store, question)
                ask_llama_index(server.url, question)


def fill(store: langchain.RedisVectorStore, passages: list[Passage]) -> None:
    """Write passages through LangChain."""
    with tqdm(total=len(passages), desc="Writing the standard library", unit=" passages") as bar:
        for start in range(0, len(passages), BATCH):
            batch = passages[start : start + BATCH]
            store.add_documents(
                [Document(id=passage.id, page_content=passage.text, metadata=passage.metadata) for passage in batch]
            )
            bar.update(len(batch))


def ask_langchain(store: langchain.RedisVectorStore, question: str) -> None:
    """Ask through LangChain, where filters are dicts."""
    functions = {"kind": {"$in": ["function", "method"]}, "lines": {"$lte": 40}, "deprecated": False}
    for title, filter in (("everything", None), ("short functions", functions)):
        found = store.similarity_search_with_relevance_scores(question, k=TOP, filter=filter)
        rows = ((score, document.id, document.page_content) for document, score in found)
        show(f"LangChain, {title} (relevance)", rows)


def ask_llama_index(url: str, question: str) -> None:
    """Ask through LlamaIndex, where filters are MetadataFilters."""
    functions = MetadataFilters(
        filters=[
            MetadataFilter(key="kind", operator=FilterOperator.IN, value=["function", "method"]),
            MetadataFilter(key="lines", operator=FilterOperator.LTE, value=40),
            MetadataFilter(key="deprecated", value="false"),
        ]
    )
    with llama_index.RedisVectorStore(index_name="stdlib", redis_url=url) as store:
        index = VectorStoreIndex.from_vector_store(store, embed_model=WordLlamaEmbedding())
        for title, filters in (("everything", None), ("short functions", functions)):
            found = index.as_retriever(similarity_top_k=TOP, filters=filters).retrieve(question)
            show(
                f"LlamaIndex, {title} (cosine similarity)",
                ((hit.get_score(), hit.node.node_id, hit.node.get_content(MetadataMode.NONE)) for hit in found),
            )


def show(title: str, rows: Iterable[tuple[float, str | None, str]]) -> None:
    """Print the score, the qualified name and the first line of each answer."""
    print(f"  {title}")
    for score, name, text in rows:
        print(f"    {score:.3f}  {name}: {text.strip().splitlines()[0][:80]}")


if __name__ == "__main__":
    main()
